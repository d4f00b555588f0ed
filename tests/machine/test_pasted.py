"""Pasted reports of every format are read right, whole or damaged; nothing is invented."""

import re
import textwrap
import tomllib
from pathlib import Path
from typing import Any

import pytest

from assistant.machine import as_json, findings, read_report

REPORTS = tomllib.loads((Path(__file__).parent / "pasted.toml").read_text(encoding="utf-8"))["reports"]
BY_NAME = {each["name"]: each for each in REPORTS}
LISTS = {"gpu": "name", "vram": "vram_gib", "free": "free_gib"}


def got(data: dict[str, Any], key: str) -> Any:
    gpus = data["gpus"]
    if key in LISTS:
        return [gpu.get(LISTS[key]) for gpu in gpus]
    if key == "gpu_count":
        return len(gpus)
    if key == "processes":
        return sum(len(gpu.get("processes", ())) for gpu in gpus)
    if key in ("compute_capability", "mig"):
        return gpus[0].get(key) if gpus else None
    if key == "token":
        return data["environment"].get("hub", {}).get("token")
    for place in (data["packages"], data, data["environment"]):
        if key in place:
            return place[key]
    return None


def same(want: Any, have: Any) -> bool:
    if isinstance(want, list) and want and isinstance(want[0], float):
        return len(have) >= len(want) and all(
            value is not None and abs(value - expected) < 0.06
            for value, expected in zip(have, want * (len(have) // len(want)), strict=False)
        )
    if isinstance(want, list):
        return bool(have) and all(str(want[0]).lower() in str(name).lower() for name in have)
    if isinstance(want, float):
        return have is not None and abs(have - want) < 0.02
    if isinstance(want, str):
        return isinstance(have, str) and have.lower().startswith(want.lower())
    return bool(want == have)


def missed(text: str, facts: dict[str, Any]) -> dict[str, Any]:
    data = as_json(read_report(text))
    return {key: got(data, key) for key, want in facts.items() if not same(want, got(data, key))}


@pytest.mark.parametrize("report", REPORTS, ids=[each["name"] for each in REPORTS])
def test_reads_what_is_stated(report: dict[str, Any]):
    assert missed(report["text"], report["facts"]) == {}


@pytest.mark.parametrize("report", REPORTS, ids=[each["name"] for each in REPORTS])
def test_claims_nothing_else(report: dict[str, Any]):
    data = as_json(read_report(report["text"]))
    for key in report.get("absent", ()):
        found = got(data, key)
        assert found in (None, []) or found == [None] * len(found), key
    flat = re.sub(r"[^a-z0-9.]", "", report["text"].replace("%2B", "+").lower())
    for value in [
        data.get("driver", ""),
        *data["packages"].values(),
        *(gpu.get("name", "") for gpu in data["gpus"]),
    ]:
        assert re.sub(r"[^a-z0-9.]", "", value.lower()) in flat


@pytest.mark.parametrize("report", REPORTS, ids=[each["name"] for each in REPORTS])
def test_finds_what_is_wrong(report: dict[str, Any]):
    ids = {finding.id for finding in findings(read_report(report["text"]))}
    assert set(report.get("findings", ())) <= ids
    assert not set(report.get("no_findings", ())) & ids
    if "findings" not in report:
        assert "error" not in {finding.severity for finding in findings(read_report(report["text"]))}


DAMAGES = {
    "quoted": lambda text: textwrap.indent(text, "> ", lambda _: True),
    "quoted twice": lambda text: textwrap.indent(text, ">> ", lambda _: True),
    "windows lines": lambda text: text.replace("\n", "\r\n"),
    "coloured": lambda text: "\n".join(f"\x1b[32m{line}\x1b[0m" for line in text.split("\n")),
    "in HTML": lambda text: (
        "<details><summary>env</summary>\n<pre>"
        + text.replace("<", "&lt;").replace(">", "&gt;")
        + "</pre></details>"
    ),
    "in a log": lambda text: "\n".join(
        f"2025-03-01 10:00:00,123 - {line}" if line.strip() else line for line in text.split("\n")
    ),
    "escaped": lambda text: (
        '{"body": "' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"}'
    ),
    "between talk": lambda text: (
        f"Hello, this is my machine:\n\n{text}\n\nWhat can I do? It worked last week."
    ),
    "spaces collapsed": lambda text: re.sub(r"(?<=\S) {3,}", "  ", text),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize(
    "name",
    [
        "nvidia-smi of 2019, two cards, cut names",
        "nvidia-smi of 2025 on Windows",
        "transformers env of version 5, quoted in a reply",
        "accelerate env inside a message",
        "collect_env with driver, four cards, conda and pip",
        "ds_report",
        "bitsandbytes that works",
        "gpustat with processes",
    ],
)
def test_reads_damaged_reports(name: str, damage: str):
    report = BY_NAME[name]
    assert missed(DAMAGES[damage](report["text"]), report["facts"]) == {}


def test_a_cut_report_gives_what_stands_before_the_cut():
    text = BY_NAME["nvidia-smi of 2019, two cards, cut names"]["text"]
    for end in range(0, len(text), 97):
        data = as_json(read_report(text[:end]))
        assert len(data["gpus"]) <= 2
        if "Driver Version: 418.56 " in text[:end]:
            assert data["driver"] == "418.56"


def test_the_boxs_cuda_version_is_not_torchs():
    report = read_report(
        "| NVIDIA-SMI 550.54.15  Driver Version: 550.54.15  CUDA Version: 12.4 |\ntorch 2.3.0+cu121"
    )
    assert (report.cuda_driver, report.cuda_torch) == ("12.4", "12.1")
