"""Every rule: a file that has the fault, one that does not, and the change that mends it."""

import ast
import dataclasses
import json
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from assistant.config import Facts, check_text, words
from assistant.config.check import read_rows

CASES = [
    (file.stem, number, case)
    for file in sorted((Path(__file__).parent / "cases").glob("*.toml"))
    for number, case in enumerate(tomllib.loads(file.read_text(encoding="utf-8"))["case"])
]
IDS = [f"{stem}-{number}-{case['row']}" for stem, number, case in CASES]


def facts(case: Mapping[str, Any]) -> Facts:
    given = dict(case.get("facts", {}))
    if "missing" in given:
        given["missing"] = frozenset(given["missing"])
    return Facts(**given)


def rows(case: Mapping[str, Any], text: str) -> set[str]:
    return read_rows(text.lstrip("\n"), case.get("file", "train.py"), facts(case))


@pytest.mark.parametrize("case", [case for *_, case in CASES], ids=IDS)
def test_bad_form_is_found(case: Mapping[str, Any]) -> None:
    assert case["row"] in rows(case, case["bad"])


@pytest.mark.parametrize("case", [case for *_, case in CASES], ids=IDS)
def test_good_form_is_not(case: Mapping[str, Any]) -> None:
    text, name = case["good"].lstrip("\n"), case.get("file", "train.py")
    assert case["row"] not in rows(case, text)
    report = check_text(text, name, facts(case))
    assert [f for f in report.findings if f.severity == "error"] == []


@pytest.mark.parametrize("case", [case for *_, case in CASES], ids=IDS)
def test_diff_mends_it(case: Mapping[str, Any], tmp_path: Path) -> None:
    text, name = case["bad"].lstrip("\n"), case.get("file", "train.py")
    rule = words.rule_id(case["row"])
    for finding in check_text(text, name, facts(case)).findings:
        if finding.rule != rule or not finding.diff:
            continue
        changed = patched(tmp_path, text, name, finding.diff)
        parseable(changed, name)
        again = check_text(changed, name, facts(case)).findings
        assert (finding.rule, finding.message) not in {(f.rule, f.message) for f in again}


@pytest.mark.parametrize("case", [case for *_, case in CASES], ids=IDS)
def test_texts(case: Mapping[str, Any]) -> None:
    text, name = case["bad"].lstrip("\n"), case.get("file", "train.py")
    for lang in ("en", "zh"):
        for finding in check_text(text, name, facts(case), lang).findings:
            assert finding.message
            assert finding.fix
            assert finding.source.startswith("https://")
            assert 1 <= finding.line <= text.count("\n") + 1


def patched(folder: Path, text: str, name: str, diff: str) -> str:
    """What `patch` makes of the file."""
    file = folder / Path(name).name
    file.write_bytes(text.encode())
    run = subprocess.run(
        ["patch", "--silent", "--binary", str(file)], input=diff.encode(), capture_output=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return file.read_bytes().decode()


def parseable(text: str, name: str) -> None:
    if name.endswith(".py"):
        ast.parse(text)
    elif name.endswith(".json"):
        json.loads(text)
    else:
        yaml.safe_load(text)


def test_every_row_has_a_case() -> None:
    assert set(words.catalogue()) == {case["row"] for *_, case in CASES}


def test_enough_checks() -> None:
    assert len({words.rule_id(name) for name in words.catalogue()}) >= 75


def test_facts_are_known() -> None:
    names = {field.name for field in dataclasses.fields(Facts)}
    assert {key for *_, case in CASES for key in case.get("facts", {})} <= names
