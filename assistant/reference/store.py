"""The reference of the installed versions: made once, in the cache folder, and looked into at once.

An SQLite file, so that a cold process reads only the few rows that it asks for. Without it (it is being
made) every look-up finds nothing.
"""

import hashlib
import json
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from functools import cache, lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from assistant.reference.model import Parameter, Record
from assistant.reference.parts import parts

_FORMAT = 1
_SECONDS = 300.0
_CODE = ("parameters.py", "build.py", "docstrings.py", "exports.py", "scan.py", "parts.py", "libraries.toml")
_PACKAGES = (
    "transformers",
    "peft",
    "trl",
    "accelerate",
    "bitsandbytes",
    "datasets",
    "huggingface_hub",
    "torch",
)


@cache
def installed() -> Mapping[str, str]:
    """Versions of the installed libraries that are described."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


@cache
def file_in(folder: Path) -> Path:
    """Where the reference of the installed versions is kept in a cache folder."""
    stamp = hashlib.sha256(json.dumps([_FORMAT, sorted(installed().items())]).encode())
    for name in _CODE:
        stamp.update((Path(__file__).parent / name).read_bytes())
    return folder / "reference" / f"{stamp.hexdigest()[:16]}.sqlite"


def prepare(folder: Path, seconds: float = _SECONDS) -> bool:
    """Makes the reference in a cache folder if it is not there, in a process of its own. Whether there is
    one now. Takes some 10 s of one core; never to be called while somebody waits."""
    from filelock import FileLock, Timeout

    file = file_in(folder)
    if file.exists():
        return True
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(file.with_suffix(".lock"), timeout=seconds):
            if not file.exists():
                command = [sys.executable, "-m", "assistant.reference.build", str(file)]
                root = Path(__file__).parents[2]
                subprocess.run(
                    command,
                    cwd=root,
                    timeout=seconds,
                    check=False,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                )
                for old in file.parent.glob("*.sqlite"):
                    if old != file and file.exists():
                        old.unlink(missing_ok=True)
    except (OSError, Timeout, subprocess.TimeoutExpired):
        pass
    return file.exists()


class Reference:
    """Look-ups in one file; each opens it anew, which costs less than a millisecond and is safe in
    threads."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def ready(self) -> bool:
        """Whether it has been made."""
        return self._file.exists()

    def record(self, path: str) -> Record | None:
        """The record of an import path."""
        rows = self._rows("SELECT body FROM records WHERE path = ?", path)
        return _record(rows[0][0]) if rows else None

    def named(self, name: str) -> list[Record]:
        """Classes, functions and methods of this name (`Trainer.train`, `LoraConfig`), likeliest first."""
        rows = self._rows(
            "SELECT r.body FROM names n JOIN records r ON r.path = n.path WHERE n.name = ? AND n.parameter = '' ORDER BY n.rank LIMIT 12",
            name,
        )
        return [_record(row[0]) for row in rows]

    def taking(self, parameter: str, most: int = 8) -> list[str]:
        """Paths of what takes an argument of this name, likeliest first."""
        rows = self._rows(
            "SELECT path FROM names WHERE name = ? AND parameter = ? ORDER BY rank LIMIT ?",
            parameter,
            parameter,
            most,
        )
        return [row[0] for row in rows]

    def parameter(self, record: Record, name: str) -> Parameter | None:
        """An argument of a record, described where it is declared."""
        found = record.parameter(name)
        if found is None or found.doc or found.owner in ("", record.path):
            return found
        owner = self.record(found.owner)
        declared = owner.parameter(name) if owner else None
        return replace(found, doc=declared.doc) if declared else found

    def members(self, record: Record) -> list[tuple[str, str]]:
        """Public methods with the class that declares each, own ones first."""
        found: dict[str, str] = {}
        at: Record | None = record
        while at is not None and at.path not in found.values():
            for name, owner in at.members:
                found.setdefault(name, owner)
            at = self.record(at.base) if at.base else None
        return list(found.items())

    def search(self, text: str, most: int = 8) -> list[str]:
        """Names that share most parts with a text, those with the fewest other parts first."""
        wanted = parts(text)[:12]
        marks = ", ".join("?" * len(wanted))
        rows = self._rows(
            f"SELECT name, count(*) AS n FROM parts WHERE part IN ({marks}) GROUP BY name ORDER BY n DESC, length(name) LIMIT 200",
            *wanted,
        )
        scored = sorted(
            rows, key=lambda row: (-row[1] / (len(wanted) + len(parts(row[0])) - row[1]), len(row[0]), row[0])
        )
        return [row[0] for row in scored[:most]]

    def _rows(self, query: str, *values: object) -> list[Any]:
        try:
            with closing(
                sqlite3.connect(f"file:{self._file.as_posix()}?mode=ro&immutable=1", uri=True)
            ) as base:
                return base.execute(query, values).fetchall()
        except sqlite3.Error:
            return []


@lru_cache(maxsize=512)
def _record(body: str) -> Record:
    row = json.loads(body)
    row["parameters"] = tuple(Parameter(*each) for each in row["parameters"])
    for name in ("members", "models"):
        row[name] = tuple((first, second) for first, second in row[name])
    return Record(**row)


def reference(folder: Path) -> Reference:
    """The reference in a cache folder."""
    return Reference(file_in(folder))
