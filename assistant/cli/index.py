"""`tracedoc index build|info|add`: the index in the user's cache folder."""

import argparse
import json
from pathlib import Path

from assistant.cli.engine import index_folder, notes_folder, ready_index
from assistant.errors import UserError
from assistant.settings import cache_folder, embedder
from corpus import load


def add(command: argparse.ArgumentParser) -> None:
    command.add_argument("action", choices=("build", "info", "add"), help="what to do")
    command.add_argument(
        "path", nargs="?", help="for `add`: a .md or .txt file of your own notes, or a folder of them"
    )
    command.add_argument("--json", action="store_true", help="for `info`: print as JSON")


def run(arguments: argparse.Namespace) -> int:
    from index import IndexFault, state
    from index import add as add_notes

    corpus = load(cache=cache_folder())
    if arguments.action == "info":
        now = state(index_folder(), corpus, embedder(), notes=notes_folder())
        facts = {
            "folder": str(index_folder()),
            "status": now.status,
            "reason": now.reason,
            "embedder": embedder(),
        }
        lines = "\n".join(f"{name}: {value}" for name, value in facts.items())
        print(json.dumps(facts, ensure_ascii=False) if arguments.json else lines)
        return 0
    if arguments.action == "add":
        if not arguments.path:
            raise UserError("`index add` needs the path of a note (.md or .txt) or a folder of notes.")
        try:
            added = add_notes(notes_folder(), Path(arguments.path))
        except IndexFault as error:
            raise UserError(str(error)) from None
        print(f"{len(added)} notes added to {notes_folder()}.")
    index = ready_index(corpus, rebuild=arguments.action == "build")
    print(f"{len(index.passages)} passages in {index_folder()}.")
    return 0
