"""Makes the reference of the installed versions: `python -m assistant.reference.build FILE`.

Run in a process of its own, so that reading some hundred source files takes neither memory nor time from
the server.
"""

import gc
import json
import os
import sqlite3
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from typing import Any

from assistant.config.signatures.installed import package_folder
from assistant.reference.homes import names
from assistant.reference.model import Record
from assistant.reference.parts import parts
from assistant.reference.scan import Found, records, scan

_SCHEMA = """
CREATE TABLE records (path TEXT PRIMARY KEY, rank INTEGER, body TEXT) WITHOUT ROWID;
CREATE TABLE names (name TEXT, rank INTEGER, path TEXT, parameter TEXT);
CREATE TABLE parts (part TEXT, name TEXT, PRIMARY KEY (part, name)) WITHOUT ROWID;
"""
_INDEX = "CREATE INDEX names_by_name ON names (name, rank)"


def libraries() -> Mapping[str, Any]:
    """The table of what is read, libraries.toml."""
    return tomllib.loads((files("assistant.reference") / "libraries.toml").read_text(encoding="utf-8"))


def read_libraries() -> Iterator[Record]:
    """Records of all libraries that are installed."""
    found: list[Found] = []
    for package, row in libraries().items():
        folder = package_folder(package)
        if folder is not None:
            found += scan(package, metadata.version(package), folder, row["files"])
    return records(found)


def write(file: Path, made: Sequence[Record]) -> None:
    """Writes the records beside the file and renames it into place."""
    beside = file.with_suffix(f".{os.getpid()}")
    beside.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(beside)) as base, base:
            base.executescript(_SCHEMA)
            for record in made:
                rank = _rank(record)
                base.execute(
                    "INSERT OR IGNORE INTO records VALUES (?, ?, ?)",
                    (record.path, rank, json.dumps(_row(record), ensure_ascii=False)),
                )
                base.executemany("INSERT INTO names VALUES (?, ?, ?, ?)", _names(record, rank))
            base.executescript(_INDEX)
            words = {
                (part, name)
                for (name,) in base.execute("SELECT DISTINCT name FROM names")
                for part in parts(name)
            }
            base.executemany("INSERT OR IGNORE INTO parts VALUES (?, ?)", sorted(words))
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def _row(record: Record) -> dict[str, Any]:
    row = asdict(record)
    # what is inherited is described where it is declared
    row["parameters"] = [
        [
            each.name,
            each.kind,
            each.default,
            each.doc if each.owner == record.path or not each.owner else "",
            each.owner,
            each.line,
            each.settled,
        ]
        for each in record.parameters
    ]
    if record.kind == "class":  # inherited methods are found through the base
        row["members"] = [each for each in record.members if _is_own(each[1], record)]
    return row


def _is_own(owner: str, record: Record) -> bool:
    """Whether a method is the class's own, or of a base that has no record."""
    return owner == record.path or owner.rpartition(".")[2].startswith("_")


def _names(record: Record, rank: int) -> Iterator[tuple[str, int, str, str]]:
    """What a record is found by: its last name, with its class where it is a method, its arguments."""
    last = record.path.split(".")
    yield record.name, rank, record.path, ""
    if record.kind == "method":
        yield ".".join(last[-2:]), rank, record.path, ""
    for each in record.parameters:
        yield each.name, rank, record.path, each.name


def _rank(record: Record) -> int:
    """Likeliest first: the homes of what people name alone, then what is imported from the outside in."""
    homes: list[str] = names()["homes"]
    if record.path in homes:
        return homes.index(record.path)
    owner = record.path.rpartition(".")[0]
    order = list(libraries()).index(record.package)
    model = "models/" in record.file and "/auto/" not in record.file
    inside = (
        record.path.count(".") * 10 + {"class": 0, "enum": 0, "function": 2, "method": 5}[record.kind] + order
    )
    inside -= min(len(record.parameters), 20)  # of methods with one name, the one that does more
    return 100 + inside + (500 if model else 0) - (40 if owner in homes else 0)


def main(arguments: Sequence[str]) -> int:
    gc.disable()  # syntax trees are many small objects that all stay
    write(Path(arguments[0]), list(read_libraries()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
