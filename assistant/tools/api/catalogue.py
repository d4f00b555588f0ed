"""The catalogue: what is known of the names that people ask for, made once for the installed versions."""

import difflib
import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from assistant.reference.homes import names
from assistant.tools.api.process import WORKER, ask, versions
from assistant.tools.api.record import Answer, Record, is_name, looks_like_code

_SECONDS = 240.0
_MENTIONED = 3_000
_IDENTIFIER = re.compile(r"(?<![\w./-])[A-Za-z]\w*(?:\.[A-Za-z]\w*)*(?![\w/])")


def from_catalogue(name: str, folder: Path) -> Answer | None:
    """What the catalogue says of a name, at once; None where it does not know (or there is none)."""
    catalogue = _catalogue(folder)
    if not catalogue:
        return None
    first, _, rest = name.partition(".")
    aliases: Mapping[str, str] = names()["aliases"]
    if first in aliases:
        name = f"{aliases[first]}.{rest}" if rest else aliases[first]
    path = catalogue["bare"].get(name, name)
    record = catalogue["found"].get(path)
    if record:
        return Answer(Record(**record))
    # of these classes all members are known
    parent, _, last = name.rpartition(".")
    parent = catalogue["bare"].get(parent, parent)
    if parent in names()["homes"] and catalogue["found"].get(parent, {}).get("kind") == "class":
        members = [
            each.removeprefix(f"{parent}.") for each in catalogue["found"] if each.startswith(f"{parent}.")
        ]
        near = difflib.get_close_matches(last, members, 3, 0.7)
        return Answer(None, parent, tuple(f"{parent}.{each}" for each in near))
    return None


def prepare(folder: Path, texts: Iterable[str] = ()) -> bool:
    """Makes the catalogue in a cache folder if it is not there, with the names that `texts` mention
    (those of the corpus). Whether there is one now. Takes some 15 s, in a process of its own."""
    from filelock import FileLock, Timeout

    path = _path(folder)
    if path.exists():
        return True
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path.with_suffix(".lock"), timeout=_SECONDS):
            return path.exists() or _make(path, _mentioned(texts))
    except Timeout:
        return path.exists()


def _make(path: Path, mentioned: Sequence[str]) -> bool:
    found = ask({"names": mentioned, "members": True}, _SECONDS, None)
    if found is None:
        return False
    records: dict[str, dict[str, str]] = {}
    bare: dict[str, str] = {}
    for name, record in found["found"].items():
        records[record["path"]] = record
        bare.setdefault(name, record["path"])
    for home in names()["homes"]:  # the likeliest home of a bare name first
        short = home.rpartition(".")[2]
        bare.setdefault(short, home)
        for each in records:
            if each.startswith(f"{home}."):
                last = each.removeprefix(f"{home}.")
                bare.setdefault(last, each)
                bare.setdefault(f"{short}.{last}", each)
    beside = path.with_suffix(f".{os.getpid()}")
    try:
        beside.write_text(json.dumps({"found": records, "bare": bare}, ensure_ascii=False), encoding="utf-8")
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        return False
    return True


def _mentioned(texts: Iterable[str]) -> list[str]:
    """Names in texts that look like an API's: dotted, with an underscore, or CamelCase."""
    found: dict[str, None] = {}
    packages = set(names()["packages"])
    for text in texts:
        for name in _IDENTIFIER.findall(text):
            dotted = name.partition(".")[0] in packages or name[0].isupper()
            if is_name(name) and (dotted if "." in name else looks_like_code(name)):
                found[name] = None
    return list(found)[:_MENTIONED]


def _path(folder: Path) -> Path:
    stamp = hashlib.sha256(json.dumps([versions(), names()], sort_keys=True).encode())
    stamp.update(WORKER.read_bytes())
    return folder / "api" / f"{stamp.hexdigest()[:16]}.json"


def _catalogue(folder: Path) -> Mapping[str, Any] | None:
    path = _stamped(folder)
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError:
        return None


@lru_cache(maxsize=8)
def _stamped(folder: Path) -> Path:
    return _path(folder)


@lru_cache(maxsize=2)
def _read(path: Path, changed: int) -> Mapping[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and {"found", "bare"} <= found.keys() else None
