"""The README's first command, from nothing: a clone, `make run`, an answer."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.conftest import free_port

ROOT = Path(__file__).parent.parent.parent
MINUTES = 20

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("fresh")]


@pytest.mark.skipif(not shutil.which("make") or not shutil.which("git"), reason="needs make and git")
def test_a_clone_answers_after_make_run(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TRACEDOC_")},
        "TRACEDOC_DATA": str(tmp_path / "data"),
        "GRADIO_SERVER_PORT": str(port),
    }
    python = f"PYTHON={getattr(sys, '_base_executable', sys.executable)}"
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            ["make", "run", python],
            cwd=clone,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        answer = asked(
            port, "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB", process
        )
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=60)
    assert answer is not None, (tmp_path / "log").read_text(errors="replace")[-2_000:]
    assert answer["topic"] == "A.1"
    assert answer["citations"]


def asked(port: int, text: str, process: "subprocess.Popen[bytes]") -> "dict[str, object] | None":
    """The answer over HTTP, as soon as the server gives one; None if it ended or took too long."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/ask", json.dumps({"input": text}).encode(), method="POST"
    )
    end = time.monotonic() + MINUTES * 60
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                found: dict[str, object] = json.load(reply)
                return found
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(1)
    return None
