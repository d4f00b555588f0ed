"""Parses the command line and turns errors into one sentence and an exit code."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from assistant import __version__
from assistant.errors import UserError

COMMANDS = {
    "ask": "answer one question or paste",
    "serve": "open the chat in the browser",
    "plan": "plan the memory that a run needs",
    "check": "find mistakes in a configuration or training script",
    "search": "show the passages that fit a query",
    "ground": "check texts against evidence, sentence by sentence",
    "doctor": "report this machine, or a pasted report, and what is wrong with it",
    "index": "build, show or extend the index",
    "eval": "score answers on labelled cases",
    "deploy": "make the bundle of a Hugging Face Space, check it and upload it",
}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message} (`{self.prog} --help` lists what there is).")


def parser(only: str = "") -> argparse.ArgumentParser:
    """The command line, whole, or with the flags of one command alone: the others are not imported."""
    top = _Parser(
        prog="tracedoc", description="Diagnoses errors of Transformers, PEFT, bitsandbytes and PyTorch."
    )
    top.add_argument("--version", action="version", version=f"tracedoc {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    for name, what in COMMANDS.items():
        command = commands.add_parser(name, help=what, description=what.capitalize() + ".")
        if only in ("", name):
            import_module(f"assistant.cli.{name}").add(command)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command. Returns 0 when done, 2 for input that cannot be used, 3 for what could not
    be done."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # whatever the locale; a text may hold what UTF-8 cannot write
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        given = sys.argv[1:] if arguments is None else list(arguments)
        parsed = parser(only=given[0] if given and given[0] in COMMANDS else "").parse_args(given)
        code: int = import_module(f"assistant.cli.{parsed.command}").run(parsed)
        sys.stdout.flush()
        return code
    except UserError as error:
        print(f"tracedoc: {error}", file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        print("tracedoc: stopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # whoever read our output has gone; keep Python from complaining about it at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        print(f"tracedoc: {error.strerror or error}{where}.", file=sys.stderr)
        return 3
