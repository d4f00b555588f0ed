"""What an argument's default was in other versions, where it changed: defaults.json, made from the
released packages by `python -m assistant.reference.defaults_build`."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from assistant.config.signatures.history import number
from assistant.reference.versions import Version

FILE = Path(__file__).parent / "defaults.json"


@cache
def _table() -> Mapping[str, Mapping[str, Sequence[Sequence[str]]]]:
    if not FILE.is_file():
        return {}
    table: Mapping[str, Mapping[str, Sequence[Sequence[str]]]] = json.loads(FILE.read_text(encoding="utf-8"))
    return table


def default_at(call: str, name: str, version: Version) -> str | None:
    """The default in a version; None where that is not known. A row is [since, default, since, default …];
    a default that is "-" means that the argument was not there."""
    known = _table().get("versions", {}).get(version.library)
    if not known or version.number < number(str(known[0])) or version.number > number(str(known[-1])):
        return None
    rows = _table().get(call, {}).get(name)
    if rows is None:
        return None
    then = [value for since, value in rows if number(since) <= version.number]
    return then[-1] if then and then[-1] != "-" else None
