"""What cannot be checked costs one sentence; what can still be known is said."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from assistant.config import check_file, check_text
from assistant.errors import UserError

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
)


@pytest.mark.parametrize(
    ("text", "name", "says"),
    [
        ("", "a.py", "empty"),
        (" \n\t\n", "", "empty"),
        ("\x00\x01\x02" * 100, "a.py", "binary"),
        ("# only a comment\n", "a.py", "no code"),
        ("{", "a.ipynb", "not JSON"),
        ("[]", "a.ipynb", "cells"),
        ('{"nbformat": 4}', "a.ipynb", "cells"),
        ('{"cells": []}', "a.ipynb", "no code cells"),
        ('{"cells": [], "metadata": {"kernelspec": {"language": "R"}}}', "a.ipynb", "written in R"),
        ('{"a": ', "ds.json", "not JSON"),
        ("[1, 2]", "ds.json", "no settings"),
        ('{"name": "x"}', "package.json", "no settings"),
        ("a: 1\nb: 2\n", "values.yaml", "no settings"),
        (BOMB, "a.yaml", "alias"),
        ("a: &a [*a]\n", "a.yaml", "alias"),
        ("[" * 5000, "a.yaml", "nested|not YAML"),
        ("- " * 3000, "a.yaml", "nested"),
        ("[" * 5000, "a.json", "nested"),
        ("a\tb: [", "a.yaml", "not YAML"),
        ("Hello, why does my training fail?", "", "neither"),
    ],
)
def test_one_sentence(text: str, name: str, says: str) -> None:
    with pytest.raises(UserError, match=says) as error:
        check_text(text, name)
    assert error.value.code == 2
    assert "\n" not in str(error.value)


def test_too_large(tmp_path: Path) -> None:
    file = tmp_path / "big.py"
    with file.open("wb") as opened:
        opened.truncate(50 << 20)
    with pytest.raises(UserError, match="larger than 10 MB"):
        check_file(file)


def test_folder_and_missing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a folder"):
        check_file(tmp_path)
    with pytest.raises(UserError, match="does not exist"):
        check_file(tmp_path / "none.py")
    (tmp_path / "latin.py").write_bytes(b"x = '\xe9'\n")
    with pytest.raises(UserError, match="not text in UTF-8"):
        check_file(tmp_path / "latin.py")


def test_syntax_error_leaves_the_rest() -> None:
    text = 'a = TrainingArguments("o", fp16=True, bf16=True)\nx = [1, 2\ndef f(:\n    pass\nb = LoraConfig(r=0)\n'
    found = {finding.rule: finding.line for finding in check_text(text, "a.py").findings}
    assert found["Y01"] in (2, 3)
    assert (found["C28"], found["L15"]) == (1, 5)


def test_broken_line_in_a_function_leaves_the_rest_of_it() -> None:
    text = 'def f():\n    a = = 3\n    return TrainingArguments("o", fp16=True, bf16=True)\n'
    assert {finding.rule for finding in check_text(text, "a.py").findings} >= {"Y01", "C28"}


def test_broken_yaml_leaves_what_stands_before() -> None:
    text = "learning_rate: 2e-4\nnum_train_epochs: 3\nother: [1\n  x: y: z\n"
    assert {finding.rule for finding in check_text(text, "a.yaml").findings} >= {"Y05", "C13"}


@pytest.mark.parametrize(
    "text",
    [
        "(" * 400 + ")" * 400,
        "x = " + "-" * 3000 + "1",
        "a = b\nb = a\nTrainingArguments('o', learning_rate=a)",
        "a = a\nTrainingArguments('o', learning_rate=a)",
        "x = 'a' * 10**9\nTrainingArguments(x, max_steps=9**9**9)",
        "d = {**d}\nTrainingArguments(**d)",
        "class A(A): pass\nA(1)",
        "class A(B): pass\nclass B(A): pass\nB(learning_rate=1)",
        "\n".join(f"a{n} = a{n + 1}" for n in range(2000)) + "\nTrainingArguments('o', learning_rate=a0)",
        "TrainingArguments('o', " + ", ".join(f"a{n}=1" for n in range(3000)) + ")",
        "x = f'{' + \"'\" + '}'",
        "TrainingArguments('\ud800')",
    ],
)
def test_hostile_code_ends(text: str) -> None:
    with suppress(UserError):
        check_text(text, "a.py")


def run(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "assistant", "check", *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False, env=os.environ)


def test_exit_codes(tmp_path: Path) -> None:
    file = tmp_path / "train.py"
    file.write_text('args = TrainingArguments("o", fp16=True, bf16=True)\n', encoding="utf-8")
    failed = run(str(file), "--json")
    assert failed.returncode == 1
    assert json.loads(failed.stdout)["findings"][0]["rule"] == "C28"
    assert failed.stderr == ""
    file.write_text('args = TrainingArguments("o", eval_steps=10)\n', encoding="utf-8")
    assert run(str(file)).returncode == 0
    assert run(str(tmp_path)).returncode == 2
    refused = run(str(tmp_path / "no.py"))
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert refused.stdout == ""


def test_standard_input_and_patch(tmp_path: Path) -> None:
    text = "args = TrainingArguments('o', evaluation_strategy='no', warmup_steps=-1, no_cuda=True)\n"
    patch = run("-", "--patch", text=text)
    (tmp_path / "script.py").write_text(text, encoding="utf-8")
    subprocess.run(["patch", "-s", "-p1"], input=patch.stdout, text=True, cwd=tmp_path, check=True)
    assert (tmp_path / "script.py").read_text() == text.replace("evaluation_", "eval_").replace(
        "no_cuda", "use_cpu"
    )
