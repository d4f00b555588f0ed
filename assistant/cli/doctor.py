"""`tracedoc doctor`: this machine's report and what is wrong with it, or a pasted report's."""

import argparse
import json
import sys
from pathlib import Path

from assistant.errors import UserError
from assistant.limits import MAX_INPUT, checked_size
from assistant.settings import cache_folder, value


def add(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--from", dest="file", metavar="FILE|-", help="read a pasted report instead of this machine"
    )
    shape = command.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="print one JSON object")
    shape.add_argument("--markdown", action="store_true", help="print Markdown for a bug report")
    shape.add_argument(
        "--script", action="store_true", help="print a script to run on another machine (Python 3.8 or newer)"
    )
    shape.add_argument("--schema", action="store_true", help="print the JSON schema of `--json`")
    command.add_argument("--all", action="store_true", help="show all findings, not only the worst six")
    command.add_argument("--no-torch", action="store_true", help="do not ask torch (faster)")
    command.add_argument("--no-hub", action="store_true", help="do not ask whether the Hub can be reached")
    command.add_argument(
        "--lang",
        choices=("auto", "en", "zh"),
        default=value("TRACEDOC_LANG", "auto"),
        help="language of the findings",
    )


def run(arguments: argparse.Namespace) -> int:
    """Returns 1 where a finding is an error."""
    from assistant import machine

    if arguments.script or arguments.schema:
        sys.stdout.write(machine.script() if arguments.script else machine.schema_text())
        return 0
    if arguments.file:
        from assistant.machine.explained import explain_paste
        from assistant.pipeline import load_engine

        text = _text(arguments.file)
        report, found, lang = explain_paste(load_engine(cache_folder()), text, arguments.lang)
    else:
        report = machine.inspect_machine(torch_too=not arguments.no_torch, hub=not arguments.no_hub)
        lang = "en" if arguments.lang == "auto" else arguments.lang
        found = machine.findings(report, lang)
    if arguments.json:
        print(json.dumps(machine.as_json(report, found, every=arguments.all), ensure_ascii=False, indent=2))
    else:
        show = machine.as_markdown if arguments.markdown else machine.as_text
        print(show(report, found, lang, every=arguments.all))
    return 1 if any(finding.severity == "error" for finding in found) else 0


def _text(name: str) -> bytes:
    if name == "-":
        data = sys.stdin.buffer.read(MAX_INPUT + 1)
        name = "standard input"
    else:
        try:
            data = Path(name).read_bytes()
        except OSError as error:
            raise UserError(f"cannot read the report {name}: {error.strerror or error}.") from None
    if not data.strip():
        raise UserError(f"nothing to read: {name} is empty.")
    return checked_size(data, name)
