"""From which version to which a library takes an argument: the carried table, and questions to it.

Versions are counted by major and minor number. A name holds from `since` on and no longer at `until`
("" where that is beyond the versions that were read). Below the first version that was read nothing
is claimed; above the last one, the last holds.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "history.json"
Version = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Life:
    """When a name was taken: pairs of since and until, in order."""

    ranges: tuple[tuple[str, str], ...]

    def at(self, version: Version) -> bool:
        return any(
            (not since or number(since) <= version) and (not until or version < number(until))
            for since, until in self.ranges
        )

    @property
    def gone(self) -> str:
        """The version that no longer takes it; "" if the last one still does."""
        return self.ranges[-1][1]

    @property
    def came(self) -> str:
        """The version that first took it; "" if the first one already did."""
        return self.ranges[0][0]


def number(version: str) -> Version:
    """Major and minor of "5.23.0", also of "4.41.0.dev0" and "2.3"."""
    parts = [
        ("".join(c for c in part if c.isdigit()) or "0") for part in version.split("+")[0].split(".")[:2]
    ]
    return int(parts[0]), int(parts[1]) if len(parts) > 1 else 0


@cache
def _table() -> Mapping[str, Any]:
    if not FILE.is_file():
        return {"versions": {}, "calls": {}, "enums": {}}
    table: Mapping[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return table


def lives(call: str) -> Mapping[str, Life]:
    """Every name that a call of this full name ever took, without those of its base."""
    names = _table()["calls"].get(call, {}).get("names", {})
    return {name: Life(tuple((since, until) for since, until in ranges)) for name, ranges in names.items()}


def existence(call: str) -> Life | None:
    """When the class or function itself was there; None if it is not in the table."""
    entry = _table()["calls"].get(call)
    return Life(tuple((since, until) for since, until in entry["itself"])) if entry else None


def base(call: str, version: Version) -> str:
    """The class whose arguments it takes as well ("" if none)."""
    entry = _table()["calls"].get(call, {})
    return next(
        (b for since, b in reversed(entry.get("base", [])) if not since or number(since) <= version), ""
    )


def is_open(call: str, version: Version) -> bool:
    """Whether it takes other names too."""
    ranges = _table()["calls"].get(call, {}).get("open", [])
    return Life(tuple((since, until) for since, until in ranges)).at(version)


def enum(name: str) -> Mapping[str, Life]:
    """The values that an enumeration ever had."""
    values = _table()["enums"].get(name, {})
    return {value: Life(tuple((since, until) for since, until in ranges)) for value, ranges in values.items()}


def known_versions(package: str) -> tuple[str, str] | None:
    """First and last version that were read."""
    found = _table()["versions"].get(package)
    return (found[0], found[-1]) if found else None
