"""Every sentence that says why there is no reply can be said in Chinese."""

import ast
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from assistant.generation.fault_words import fault_in
from assistant.generation.remote.faults import Fault

FOLDER = Path(str(files("assistant.generation")))
RAISED = ("UserError", "Finished", "_finish")


def template(node: ast.expr) -> str | None:
    """A text as it is written, with `{}` for what is filled in; None where it is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = template(node.left), template(node.right)
        return None if left is None or right is None else left + right
    return None


def sentences() -> Iterator[tuple[str, str]]:
    for file in sorted(FOLDER.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if name not in RAISED:
                continue
            for value in [*node.args, *(each.value for each in node.keywords if each.arg == "error")]:
                text = template(value)
                if text and " " in text:
                    yield file.name, text


FOUND = sorted(set(sentences()))


def test_sentences_are_found() -> None:
    assert len(FOUND) > 45


@pytest.mark.parametrize(("file", "text"), FOUND, ids=lambda value: value[:40])
def test_each_has_its_chinese(file: str, text: str) -> None:
    count = text.count("{}")
    values = [f"value{n}" for n in range(count)]
    english = text.replace("{}", "\x00")
    for value in values:
        english = english.replace("\x00", value, 1)
    chinese = fault_in(english, "zh")
    assert re.search(r"[\u4e00-\u9fff]", chinese), english
    for value in values:
        if value not in ("value2",) or "{} {} GiB free" not in text:
            assert value in chinese, (english, chinese)
    assert fault_in(english, "en") == english


@pytest.mark.parametrize("kind", ["refused", "busy", "silent_first", "no_adapter", "tls", "reported"])
def test_faults_of_servers_are_said_in_chinese_too(kind: str) -> None:
    values = {"seconds": 5.0, "status": 503, "detail": "", "reason": "x", "adapter": "a"}
    fault = Fault(kind, **values)
    assert fault_in(fault.sentence("127.0.0.1:8000"), "zh") == fault.sentence("127.0.0.1:8000", "zh")


def test_what_is_filled_in_is_translated_where_it_is_ours() -> None:
    said = fault_in(
        "a/b is not on this machine and the hub cannot be reached: check the network, or give a folder.", "zh"
    )
    assert said == "这台机器上没有 a/b，而且无法访问 Hub：请检查网络，或给出文件夹。"


def test_other_texts_stay() -> None:
    assert fault_in("something else went wrong", "zh") == "something else went wrong"
    assert fault_in("x" * 100_000, "zh") == "x" * 100_000
