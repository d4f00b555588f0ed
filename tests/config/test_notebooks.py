"""Notebooks: code found among magics, findings by cell, diffs that apply to the file."""

import json
from pathlib import Path
from typing import Any

import pytest

from assistant.config import check_text
from tests.config.test_rules import patched

CELLS = [
    "# A title",
    "%%bash\nevaluation_strategy=steps python train.py",
    "!pip install -q transformers==4.57.1 trl\n%matplotlib inline\nfiles = !ls\n?print\nmodel?\n",
    "%%time\nfrom transformers import TrainingArguments\nargs = TrainingArguments(\n    'o',\n    evaluation_strategy='no',\n)",
    "%%capture\nimport os",
    "if True:\n    !nvidia-smi\n    x = 1\npip install foo\n",
    "this is not Python at all",
    "args = TrainingArguments('o', fp16=True, bf16=True)  # 精度",
]


def notebook(cells: list[str], as_list: bool = True, **dump: Any) -> str:
    def source(cell: str) -> Any:
        return cell.splitlines(keepends=True) if as_list else cell

    written = [
        {"cell_type": "markdown" if cell.startswith("#") else "code", "metadata": {}, "source": source(cell)}
        for cell in cells
    ]
    return json.dumps({"cells": written, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, **dump) + "\n"


FORMS = {
    "list, indented": {"indent": 1},
    "list, compact": {},
    "list, characters as they are": {"indent": 1, "ensure_ascii": False},
    "strings": {"as_list": False, "indent": 2},
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_findings_and_diffs(form: dict[str, Any], tmp_path: Path) -> None:
    text = notebook(CELLS, **form)
    report = check_text(text, "train.ipynb")
    found = {finding.rule: finding for finding in report.findings}
    assert set(found) == {"C01", "C28", "Y01"}
    assert (found["C01"].cell, found["C01"].cell_line) == (4, 5)
    assert (found["C28"].cell, found["C28"].cell_line) == (8, 1)
    assert found["Y01"].severity == "warning"
    assert "evaluation_strategy='no'" in text.splitlines()[found["C01"].line - 1]
    for rule, old, new in (("C01", "evaluation_strategy", "eval_strategy"), ("C28", "fp16=True, ", "")):
        changed = json.loads(patched(tmp_path, text, "train.ipynb", found[rule].diff))
        before, after = (
            ["".join(cell["source"]) for cell in one["cells"]] for one in (json.loads(text), changed)
        )
        cell = found[rule].cell
        assert cell is not None
        assert after[cell - 1] == before[cell - 1].replace(old, new)
        assert [a for n, a in enumerate(after) if n != cell - 1] == [
            b for n, b in enumerate(before) if n != cell - 1
        ]
    everything = json.loads(patched(tmp_path, text, "train.ipynb", report.patch))
    assert not {"C01", "C28"} & {f.rule for f in check_text(json.dumps(everything), "train.ipynb").findings}


def test_line_added_and_removed(tmp_path: Path) -> None:
    text = notebook(
        ["args = TrainingArguments(\n    'o',\n    eval_steps=10,\n    save_safetensors=True,\n)"], indent=1
    )
    report = check_text(text, "n.ipynb")
    changed = json.loads(patched(tmp_path, text, "n.ipynb", report.patch))
    assert changed["cells"][0]["source"] == [
        "args = TrainingArguments(\n",
        "    'o',\n",
        '    eval_strategy="steps",\n',
        "    eval_steps=10,\n",
        ")",
    ]


def test_pinned_version_counts() -> None:
    cells = ["!pip install 'transformers==4.38.2'", "args = TrainingArguments('o', evaluation_strategy='no')"]
    assert check_text(notebook(cells), "n.ipynb").findings == ()


def test_names_over_cells() -> None:
    cells = ["lr = 5", "lr = 1e-4", "args = TrainingArguments('o', learning_rate=lr)", "lr = 7"]
    assert check_text(notebook(cells), "n.ipynb").findings == ()


def test_without_a_name() -> None:
    assert check_text(notebook(CELLS)).kind == "notebook"


def test_another_language() -> None:
    text = json.dumps({"nbformat": 4, "cells": [], "metadata": {"kernelspec": {"language": "julia"}}})
    with pytest.raises(Exception, match="julia"):
        check_text(text, "n.ipynb")
