"""`tracedoc deploy`: the Space's bundle, checked and uploaded."""

import argparse
import sys
import tempfile
from pathlib import Path

from assistant.settings import cache_folder

ROOT = Path(__file__).parent.parent.parent


def add(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", metavar="OWNER/NAME", help="the Space on the hub")
    command.add_argument(
        "--dry-run", action="store_true", help="makes and checks the bundle without a network"
    )
    command.add_argument("--out", type=Path, metavar="DIR", help="keeps the bundle in this folder")
    command.add_argument(
        "--hardware",
        metavar="ID",
        help="the Space's hardware, such as cpu-basic, zero-a10g or t4-small (an existing Space keeps its own)",
    )
    command.add_argument(
        "--model",
        default="",
        metavar="auto|none|ID",
        help="the Space's TRACEDOC_MODEL; a hub model is fetched before it starts",
    )
    command.add_argument("--private", action="store_true", help="only you, or your organisation, can see it")
    command.add_argument("--login", action="store_true", help="visitors can sign in with their hub account")
    command.add_argument(
        "--replace", action="store_true", help="replaces the files of a Space that was made otherwise"
    )


def run(arguments: argparse.Namespace) -> int:
    from assistant.cli.engine import progress
    from assistant.deploy.bundle import check_bundle, make_bundle
    from assistant.deploy.hardware import flavor
    from assistant.deploy.hub import Hub, There, check_name
    from assistant.deploy.report import summary

    name = check_name(arguments.name)
    wanted = flavor(arguments.hardware) if arguments.hardware else None
    hub = None if arguments.dry_run else Hub(name.partition("/")[0])
    there = hub.find(name) if hub else There(exists=False)
    known = there.hardware if not wanted else ""
    chosen = wanted or flavor(known or "cpu-basic")
    model = arguments.model or there.model
    with tempfile.TemporaryDirectory(prefix="tracedoc-space-") as scratch:
        bundle = make_bundle(
            ROOT,
            arguments.out or Path(scratch) / "bundle",
            name,
            chosen,
            index=cache_folder() / "index",
            model=model,
            login=arguments.login,
            before=there.head,
            progress=progress(),
        )
        check_bundle(bundle.folder)
        print(summary(bundle, name, chosen, there, model=model))
        if hub is None:
            print(
                f"Nothing was uploaded. The bundle is in {bundle.folder}."
                if arguments.out
                else "Nothing was uploaded."
            )
            return 0
        sys.stdout.flush()
        address = hub.upload(
            bundle,
            name,
            there,
            hardware=wanted.id if wanted else "" if there.exists else chosen.id,
            model=arguments.model,
            private=True if arguments.private else None,
            replace=arguments.replace,
        )
    print(f"Uploaded: {address}")
    return 0
