"""`tracedoc search`: the passages that fit a query, without an answer."""

import argparse
import json

from assistant.cli.engine import command_engine
from assistant.contract import hits_as_json
from assistant.errors import UserError
from assistant.pipeline import search


def add(command: argparse.ArgumentParser) -> None:
    command.add_argument("query", nargs="+", help="what to look for")
    command.add_argument("-k", type=int, default=5, help="how many passages")
    command.add_argument("--json", action="store_true", help="print the passages as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    if arguments.k < 1:
        raise UserError("`-k` must be at least 1.")
    query = " ".join(arguments.query)
    if not query.strip():
        raise UserError("nothing to look for: the query is empty.")
    hits = search(command_engine(), query, arguments.k)
    if arguments.json:
        print(json.dumps(hits_as_json(query, hits), ensure_ascii=False))
        return 0
    for hit in hits:
        print(f"{hit.score:.2f}  {hit.passage.id}  {hit.passage.heading}\n      {hit.passage.source}")
    return 0
