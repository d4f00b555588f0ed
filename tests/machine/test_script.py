"""The script for other machines: one file of the standard library, whose output is read like any report."""

import ast
import json
import os
import re
import subprocess
import sys
import textwrap
from collections import Counter

import jsonschema
import pytest

from assistant.machine import Report, as_json, findings, inspect_machine, read_report, schema_text, script
from tests.machine.test_pasted import REPORTS

SCHEMA = jsonschema.Draft202012Validator(json.loads(schema_text()))


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("script")
    (folder / "report.py").write_text(script(), encoding="utf-8")
    environment = {
        **os.environ,
        "HF_TOKEN": "hf_abcdefghijklmnopqrst",
        "HOME": str(folder),
        "HF_HUB_OFFLINE": "1",
    }
    environment.pop("PYTHONPATH", None)
    return subprocess.run(
        [sys.executable, "report.py", "--no-torch"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


def test_it_is_python_3_8_and_needs_nothing_but_the_standard_library():
    tree = ast.parse(script(), feature_version=(3, 8))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
        )
    }
    assert imported <= sys.stdlib_module_names | {"__future__"}
    names = Counter(node.name for node in tree.body if isinstance(node, ast.FunctionDef))
    names.update(
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    )
    assert [name for name, times in names.items() if times > 1] == []


def test_its_annotations_are_never_evaluated():
    """`dict[str, int]` and `str | None` would fail in Python 3.8."""
    assert "from __future__ import annotations" in script()
    for node in ast.walk(ast.parse(script())):
        if isinstance(node, ast.Call | ast.Assign):
            assert not re.search(
                r"\b(?:dict|list|tuple|set)\[\w",
                ast.unparse(node.value if isinstance(node, ast.Assign) else node.func),
            )


def test_it_runs_and_conforms_to_the_schema(printed: str):
    data = json.loads(printed)
    assert {"gpus", "packages", "environment", "findings"} - data.keys() <= {"gpus", "findings"}
    full = {"gpus": [], "findings": [], **data}
    assert list(SCHEMA.iter_errors(full)) == []
    assert data["environment"]["variables"]["HF_TOKEN"] == "(set)"
    assert "hf_abc" not in printed


@pytest.mark.parametrize(
    "damage",
    [
        str,
        lambda text: textwrap.indent(text, "> "),
        lambda text: f"here it is:\n```json\n{text}\n```\nthanks",
        lambda text: "\n".join(textwrap.wrap(text, 72, replace_whitespace=False, drop_whitespace=False)),
        lambda text: text.replace("\n", "\r\n"),
    ],
)
def test_what_it_prints_is_read_back(printed: str, damage):
    report = read_report(damage(printed))
    data = json.loads(printed)
    assert (report.source, report.measured) == ("pasted", True)
    assert report.packages == data["packages"]
    assert report.environment["ram_gib"] == data["environment"]["ram_gib"]
    assert report.python == data["python"]


def test_what_stands_before_a_cut_is_read(printed: str):
    for end in range(len(printed) // 2, len(printed), 331):
        report = read_report(printed[:end])
        assert isinstance(report, Report)
        assert report.python


def test_reports_conform_to_the_published_schema():
    machine = inspect_machine(torch_too=False, hub=False)
    assert list(SCHEMA.iter_errors(as_json(machine, findings(machine)))) == []
    for each in REPORTS:
        report = read_report(each["text"])
        assert list(SCHEMA.iter_errors(as_json(report, findings(report), every=True))) == [], each["name"]


def test_our_own_json_survives_a_round():
    report = inspect_machine(torch_too=False, hub=False)
    again = read_report(json.dumps(as_json(report, findings(report))))
    assert (again.packages, again.environment, again.python, again.os) == (
        report.packages,
        report.environment,
        report.python,
        report.os,
    )
    assert [f.id for f in findings(again)] == [f.id for f in findings(report)]


def test_hostile_json_is_harmless():
    text = (
        '{"tracedoc_report": 1, "source": "x", "python": 3, "gpus": {"a": 1}, "packages": {"torch": ["2"], "a-b": "1"}, "environment": {"disks": 5, "hub": [], "variables": {"X": {}}, "ram_gib": 1e999}, "os": "'
        + "z" * 5_000
        + '"}'
    )
    report = read_report(text)
    assert report.gpus == ()
    assert report.packages == {}
    assert len(report.os or "") <= 400
    findings(report)
