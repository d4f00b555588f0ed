"""`tracedoc check`: findings in a configuration or training script."""

import argparse
import json
import sys
from pathlib import Path

from assistant.errors import UserError
from assistant.settings import value


def add(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", help="script, notebook, YAML or JSON; `-` reads standard input")
    form = command.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the findings as one JSON object")
    form.add_argument("--patch", action="store_true", help="print one patch for all errors and warnings")
    for package in ("transformers", "trl", "peft", "accelerate"):
        command.add_argument(
            f"--{package}",
            metavar="VERSION",
            help=f"the version of {package} that runs it (default: installed)",
        )
    command.add_argument("--gpu", metavar="NAME", help="the GPU that it runs on, such as T4 or RTX 3090")
    command.add_argument("--vram", metavar="GIB", type=float, help="memory of that GPU that is free, in GiB")
    command.add_argument("--gpus", metavar="N", type=int, help="how many GPUs")
    command.add_argument(
        "--lang",
        choices=("auto", "en", "zh"),
        default=value("TRACEDOC_LANG", "auto"),
        help="language of the findings",
    )


def run(arguments: argparse.Namespace) -> int:
    from assistant.config import as_json, check_file, check_text
    from assistant.config.gpus import facts_of

    lang = "zh" if arguments.lang == "zh" else "en"
    versions = {
        package: given
        for package in ("transformers", "trl", "peft", "accelerate")
        if (given := getattr(arguments, package))
    }
    facts = facts_of(versions, arguments.gpu, arguments.vram, arguments.gpus)
    if arguments.file == "-":
        try:
            report = check_text(sys.stdin.buffer.read().decode("utf-8"), "", facts, lang)
        except UnicodeDecodeError:
            raise UserError("standard input is not text in UTF-8, so it cannot be checked.") from None
    else:
        report = check_file(Path(arguments.file), facts, lang)
    if arguments.json:
        print(json.dumps(as_json(report), ensure_ascii=False))
    elif arguments.patch:
        sys.stdout.write(report.patch)
    else:
        from assistant.config.terminal import shown

        sys.stdout.write(shown(report, lang))
    return 1 if report.errors else 0
