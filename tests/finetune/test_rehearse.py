"""The whole chain, as a user runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_rehearsal(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "finetune.rehearse", "--out", str(tmp_path)]
    found = subprocess.run(command, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr[-2000:]
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["held_loss_fell"] >= 0.30
    assert report["served"]["adapter"] == "adapter"
    assert report["served"]["stopped"] in ("end", "length")
