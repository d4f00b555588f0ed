"""`tracedoc ground`: checks texts against evidence, sentence by sentence, from a file or a pipe."""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.cli.lines import json_lines
from assistant.errors import UserError
from assistant.grounding import Grounded, check, why_text
from assistant.limits import MAX_INPUT, checked_size
from assistant.reading.language import language_of


def add(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "file",
        metavar="FILE.jsonl|-",
        help="one object a line: `id`, `evidence` (a list of texts), `question`, `text`; `-` reads standard input",
    )
    command.add_argument("--json", action="store_true", help="print one JSON object a line, in order")


def run(arguments: argparse.Namespace) -> int:
    for number, item in _lines(arguments.file):
        name = item.get("id", number) if isinstance(item, dict) else number
        try:
            text, result = _checked(item)
        except UserError as error:
            print(
                json.dumps({"id": name, "error": str(error)}, ensure_ascii=False)
                if arguments.json
                else f"{name}: {error}"
            )
            continue
        lang = language_of(text, text)
        print(_json(name, result, lang) if arguments.json else _table(name, result, lang), flush=True)
    return 0


def _lines(file: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    if file != "-":
        yield from json_lines(Path(file))
        return
    data = checked_size(sys.stdin.buffer.read(MAX_INPUT + 1), "standard input")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "lines.jsonl"
        copy.write_bytes(data)
        yield from json_lines(copy)


def _checked(item: dict[str, Any] | str) -> tuple[str, Grounded]:
    if isinstance(item, str):
        raise UserError(f"the line is {item}.")
    text, evidence, question = item.get("text"), item.get("evidence"), item.get("question") or ""
    if not isinstance(text, str) or not isinstance(question, str):
        raise UserError(
            "the line must be a JSON object with `text` (a text) and `evidence` (a list of texts)."
        )
    if not isinstance(evidence, list) or not all(isinstance(passage, str) for passage in evidence):
        raise UserError("`evidence` must be a list of texts.")
    return text, check(text, evidence, question)


def _json(name: object, result: Grounded, lang: str) -> str:
    sentences = [
        {"text": one.text, "supported": one.supported, "why": why_text(one, lang)} for one in result.sentences
    ]
    return json.dumps({"id": name, "sentences": sentences, "grounded": result.share}, ensure_ascii=False)


def _table(name: object, result: Grounded, lang: str) -> str:
    lines = [f"{name}: {result.share:.0%}"]
    for one in result.sentences:
        mark = "yes" if one.supported else "NO "
        why = f"\n         {why_text(one, lang)}" if one.why else ""
        lines.append(f"  {mark}  {one.text}{why}")
    return "\n".join(lines)
