"""The command and the API: the contract, one result a line, one sentence for what is wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import UserError
from assistant.memory.api import plan_json, plan_line
from assistant.memory.catalog import carried

ROOT = Path(__file__).parents[2]


def _plan(*arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "assistant", "plan", *arguments],
        cwd=ROOT, input=stdin, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )  # fmt: skip


def test_one_plan_as_json_and_a_picture(tmp_path: Path) -> None:
    file = tmp_path / "plan.svg"
    done = _plan(
        "--model",
        "7B",
        "--method",
        "qlora",
        "--gpu",
        "T4",
        "--json",
        "--largest",
        "length",
        "--picture",
        str(file),
    )
    shown = json.loads(done.stdout)
    assert (done.returncode, shown["verdict"], shown["gpu_gib"]) == (0, "fits", 14.7)
    assert shown["largest"]["value"] > 1024
    assert file.read_text().startswith("<svg")


def test_many_plans_in_order_with_bad_lines_in_their_place() -> None:
    lines = ['{"id": "a", "model": "7B"}', "nonsense", '{"id": "c", "model": "7B", "seq": -1}', '{"id": "d", "model": "gpt2", "gpu": "toaster"}', '{"model": "gpt2"}']  # fmt: skip
    done = _plan("--json", "--from", "-", stdin="\n".join(lines))
    a, b, c, d, e = (json.loads(line) for line in done.stdout.splitlines())
    assert done.returncode == 0
    assert a["id"] == "a"
    assert a["allocated_gib"] > 12
    assert "JSON" in b["error"]
    assert c["id"] == "c"
    assert "--seq" in c["error"]
    assert c["model"]["params"] > 6e9
    assert "toaster" in d["error"]
    assert d["allocated_gib"] > 0
    assert d["verdict"] is None
    assert "id" not in e
    assert e["model"]["id"] == "openai-community/gpt2"


def test_what_is_known_is_still_said() -> None:
    done = _plan("--model", "7B", "--method", "qlora", "--precision", "fp32", "--gpu", "T4")
    assert done.returncode == 2
    assert "contradicts" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "6,738,415,616" in done.stdout
    assert "14.7" in done.stdout
    done = _plan("--model", "7B", "--gpu", "RTX 9999")
    assert done.returncode == 2
    assert "RTX 9999" in done.stderr
    assert "GiB" in done.stdout


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_words_for_people(lang: str) -> None:
    done = _plan("--model", "13B", "--method", "full", "--gpu", "4090", "--lang", lang)
    assert done.returncode == 0
    assert ("does not fit" in done.stdout) == (lang == "en")
    assert ("放不下" in done.stdout) == (lang == "zh")


def test_the_planner_imports_no_torch() -> None:
    code = "import sys, assistant.memory as m; m.plan(m.PlanRequest('7B', 'qlora', gpu='T4')); print('torch' in sys.modules, 'transformers' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.split() == ["False", "False"]


def test_the_api_reads_no_files(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(carried()["openai-community/gpt2"]))
    with pytest.raises(UserError):
        plan_json({"model": str(file)})
    with pytest.raises(UserError):
        plan_json({"model": str(tmp_path)})
    shown: dict[str, Any] = plan_json(
        {"id": 1, "config": carried()["openai-community/gpt2"], "lang": "zh", "gpu": "T4"}
    )
    assert shown["id"] == 1
    assert shown["model"]["params"] == 124_439_808
    assert shown["picture"].startswith("<svg")
    with pytest.raises(UserError):
        plan_json({"model": "7B", "lang": "fr"})
    with pytest.raises(UserError):
        plan_json({"config": [1]})


def test_a_line_of_a_file_may_name_a_file(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(carried()["openai-community/gpt2"]))
    assert plan_line({"model": str(file)})["model"]["params"] == 124_439_808
