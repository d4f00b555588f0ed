"""Settings that do not go together: all rows of combos.toml, by one function."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from assistant.config.edits import Edit
from assistant.config.rules.rule import Context, Hit, family, hit, on
from assistant.config.settings import UNKNOWN, Settings

_FAMILIES = ("axolotl", "llamafactory", "accelerate", "deepspeed.zero", "training", "fsdp")


def _offloads(settings: Settings, name: str, _: Any) -> bool:
    inner = settings.inner(name)
    return inner is not None and inner.text("device") in ("cpu", "nvme")


def _is(settings: Settings, name: str, other: Any) -> bool:
    return name in settings.items and settings.data(name) == other and settings.data(name) is not UNKNOWN


def _above(settings: Settings, name: str, other: Any) -> bool:
    number = settings.number(name)
    return number is not None and number > other


_TESTS: Mapping[str, Callable[[Settings, str, Any], bool]] = {
    "is": _is,
    "not": lambda settings, name, other: (
        not _is(settings, name, other) and settings.data(name) is not UNKNOWN
    ),
    "in": lambda settings, name, other: any(_is(settings, name, one) for one in other),
    "true": lambda settings, name, _: settings.flag(name) is True,
    "not true": lambda settings, name, _: settings.absent(name) or settings.flag(name) is False,
    "given": lambda settings, name, _: settings.given(name) and settings.data(name) is not UNKNOWN,
    "absent": lambda settings, name, _: settings.absent(name),
    "above": _above,
    "text other than": lambda settings, name, other: settings.text(name) not in (None, other),
    "section": lambda settings, name, _: bool(inner.items) if (inner := settings.inner(name)) else False,
    "offloads": _offloads,
}


@cache
def _rows() -> tuple[tuple[str, Mapping[str, Any]], ...]:
    table = tomllib.loads((Path(__file__).parent / "combos.toml").read_text(encoding="utf-8"))
    return tuple(table.items())


@on(*_FAMILIES)
def conflicts(settings: Settings, context: Context) -> Iterator[Hit]:
    """X01–X15 (Axolotl), LF01–LF11 (LLaMA-Factory), A04–A06, D02, D08, D09, S03, S04, S08."""
    mine = family(settings)
    for name, row in _rows():
        if row["on"] != mine or ("of" in row and row["of"] != settings.kind):
            continue
        if not all(context.from_version(*pair) for pair in row.get("from", {}).items()):
            continue
        conditions = [(test[0], test[1], test[2] if len(test) > 2 else None) for test in row["when"]]
        if all(_TESTS[test](settings, key, other) for key, test, other in conditions):
            words = {key: settings.data(key) for key, _, _ in conditions}
            keys = [key for key, _, _ in conditions if key != row["at"]]
            yield hit(name, settings, row["at"], *keys, edits=_edits(row, settings, context), **words)


def _edits(row: Mapping[str, Any], settings: Settings, context: Context) -> list[Edit]:
    edits: list[Edit] = []
    for key, value in row.get("set", {}).items():
        if key in settings.items:
            edits += context.replace(settings.items[key], value)
        else:
            edits += context.add(settings, key, value, row["at"])
    for key in row.get("remove", ()):
        if key in settings.items:
            edits += context.remove(settings.items[key])
    if "rename" in row:
        edits += context.rename(settings.items[row["at"]], row["rename"])
    return edits
