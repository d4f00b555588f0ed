"""Which installed packages do not go together: by their own metadata where it was read on the machine, else by
the table of pairs that are known to clash."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from assistant.machine.builds import version, within


@dataclass(frozen=True, slots=True)
class Clash:
    """A package that does not fit another; `breaks` where every use fails."""

    who: str
    at: str
    needs: str
    found: str
    breaks: bool


@cache
def _pairs() -> Sequence[Mapping[str, Any]]:
    rows = tomllib.loads((files("assistant.machine") / "fits.toml").read_text(encoding="utf-8"))["pairs"]
    return tuple(rows)


def clashes(packages: Mapping[str, str]) -> tuple[Clash, ...]:
    """The pairs among these packages that do not fit. Development versions are not judged."""
    found: list[Clash] = []
    for pair in _pairs():
        if not all(
            _released(packages.get(name)) and within(packages[name], ranges)
            for name, ranges in pair["where"].items()
        ):
            continue
        (needed, ranges), *_ = pair["needs"].items()
        installed = packages.get(needed)
        if installed is None or not _released(installed):
            continue
        who = next(name for name in pair["where"] if name != needed)
        if ranges == "same":
            mine, other = version(packages[who]), version(installed)
            if mine and other and mine.release[:2] != other.release[:2]:
                found.append(
                    Clash(
                        who,
                        packages[who],
                        f"{needed} {mine.major}.{mine.minor}",
                        f"{needed} {installed}",
                        False,
                    )
                )
        elif not within(installed, ranges):
            found.append(
                Clash(
                    who,
                    packages[who],
                    f"{needed}{ranges}",
                    f"{needed} {installed}",
                    pair.get("breaks", False),
                )
            )
    return tuple(found)


def _released(text: str | None) -> bool:
    found = version(text) if text else None
    return found is not None and not found.is_devrelease
