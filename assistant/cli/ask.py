"""`tracedoc ask`: one answer from an argument, a pipe, or a batch of them from a file."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from assistant.cli.engine import command_engine
from assistant.cli.lines import json_lines
from assistant.cli.talker import Talker, command_talker
from assistant.contract import as_json
from assistant.errors import UserError
from assistant.limits import MAX_INPUT, checked_size
from assistant.pipeline import Options, answer_turns
from assistant.settings import adapter, cache_folder, model, value

PRESETS = ("auto", "factual", "balanced", "creative")


def add(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "text", nargs="*", help="the question or paste; `-`, or nothing, reads standard input"
    )
    command.add_argument("--json", action="store_true", help="print the answer as one JSON object")
    command.add_argument(
        "--batch", metavar="FILE", help="answer each line of a JSONL file (`id` and `input` or `turns`)"
    )
    command.add_argument(
        "--lang",
        choices=("auto", "en", "zh"),
        default=value("TRACEDOC_LANG", "auto"),
        help="language of the answer",
    )
    command.add_argument(
        "--machine",
        default="none",
        metavar="none|this|FILE",
        help="the machine in question: a pasted report, or this one",
    )
    command.add_argument(
        "--model",
        default=model("none"),
        metavar="none|auto|ID|FOLDER|URL",
        help="the language model that talks the answer through",
    )
    command.add_argument(
        "--adapter", default=adapter(), metavar="auto|none|PATH", help="the adapter on that model"
    )
    command.add_argument(
        "--preset", choices=PRESETS, default="auto", help="generation preset of the language model"
    )
    command.add_argument("--length", choices=("short", "full"), default="full", help="how much to say")


def run(arguments: argparse.Namespace) -> int:
    options = Options(
        arguments.lang,
        arguments.length,
        arguments.preset,
        machine_report(arguments.machine),
        arguments.adapter,
    )
    text = "" if arguments.batch else _input(arguments.text)
    with command_talker(arguments.model, arguments.adapter, command_engine(), cache_folder()) as talker:
        if arguments.batch:
            return _batch(Path(arguments.batch), options, talker)
        answer = answer_turns(talker.engine, [text], options)
        if arguments.json:
            print(
                json.dumps(as_json(answer, None, talker.reply([text], answer, options)), ensure_ascii=False)
            )
            return 0
        print(answer.markdown, flush=True)
        talker.speak([text], answer, options)
    return 0


def machine_report(choice: str) -> str:
    """The report of the machine in question, "" for none. Raises UserError for an unreadable file."""
    if choice == "none":
        return ""
    if choice == "this":
        from assistant.machine import this_machine

        return this_machine()
    try:
        return checked_size(Path(choice).read_bytes(), choice).decode("utf-8", errors="replace")
    except OSError as error:
        raise UserError(f"cannot read the machine report {choice}: {error.strerror or error}.") from None


def _input(words: list[str]) -> bytes | str:
    if words and words != ["-"]:
        text = " ".join(words)
        if not text.strip():
            raise UserError("nothing to answer: the text is empty.")
        return text
    if sys.stdin is None or sys.stdin.isatty():
        raise UserError(
            "nothing to answer: give a text, or pipe one in (`python train.py 2>&1 | tracedoc ask`)."
        )
    data = sys.stdin.buffer.read(MAX_INPUT + 1)
    if not data.strip():
        raise UserError("nothing to answer: standard input is empty.")
    return checked_size(data, "standard input")


def _batch(file: Path, options: Options, talker: Talker) -> int:
    lines = list(json_lines(file))
    for number, item in lines:
        name = item.get("id", number) if isinstance(item, dict) else number
        try:
            turns = _turns(item)
            answer = answer_turns(talker.engine, turns, options)
            result = as_json(answer, name, talker.reply(turns, answer, options))
        except UserError as error:
            if error.code != 2:  # not the line's fault
                raise
            result = {"id": name, "error": str(error)}
        print(json.dumps(result, ensure_ascii=False), flush=True)
    return 0


def _turns(item: dict[str, Any] | str) -> list[str]:
    if isinstance(item, str):
        raise UserError(f"the line is {item}.")
    turns = item.get("turns", [item["input"]] if "input" in item else None)
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, str) for turn in turns):
        raise UserError("the line must be a JSON object with `input` (a text) or `turns` (a list of texts).")
    checked_size("".join(turns).encode(errors="replace"), "the input")
    return turns
