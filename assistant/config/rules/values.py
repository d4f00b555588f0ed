"""Values that a setting refuses or that mean nothing: all rows of values.toml, by one function."""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from assistant.config.edits import Edit
from assistant.config.rules.rule import Context, Hit, family, hit, on
from assistant.config.rules.versions import versioned, versions
from assistant.config.settings import Item, Settings
from assistant.config.signatures.lookup import values as enum_values

_FAMILIES = ("training", "quantization", "lora", "peft", "generation", "accelerate", "accelerator")
_CLOSE = 0.6


@cache
def _rows() -> tuple[tuple[str, Mapping[str, Any]], ...]:
    table = tomllib.loads((Path(__file__).parent / "values.toml").read_text(encoding="utf-8"))
    return tuple((name, check) for name, row in table.items() for check in row["checks"])


@on(*_FAMILIES)
def refused_values(settings: Settings, context: Context) -> Iterator[Hit]:
    """C08, C14, C17, C20, C29, C30, C41, B05, B06, B17, L14–L18, G04, G14–G16, A02, S13."""
    yield from of_family(settings, family(settings), context)


def of_family(settings: Settings, name: str, context: Context) -> Iterator[Hit]:
    """The rows for one family; also used for parts of a file, such as DeepSpeed's `zero_optimization`."""
    for rule, row in _rows():
        item = settings.items.get(row["key"])
        if row["on"] != name or item is None or ("of" in row and row["of"] != settings.kind):
            continue
        data = item.value.data
        if isinstance(data, str) and not ("least" in row or "most" in row or "above" in row):
            yield from _words(rule, row, settings, item, context)
        elif isinstance(data, (int, float)) and not isinstance(data, bool):
            yield from _numbers(rule, row, settings, item)


def _words(
    rule: str, row: Mapping[str, Any], settings: Settings, item: Item, context: Context
) -> Iterator[Hit]:
    word = str(item.value.data)
    allowed = tuple(row.get("one_of", ())) or tuple(sorted(enum_values(row["enum"], versions(context))))
    if not allowed and "or_enum" in row:
        allowed = tuple(sorted(enum_values(row["or_enum"], versions(context))))
    folded = word.lower() if row.get("any_case") else word
    if not allowed or folded in allowed or any(word.startswith(start) for start in row.get("starts", ())):
        return
    meant = row.get("means", {}).get(word.lower()) or _closest(word, allowed)
    edits: list[Edit] = context.replace(item, meant) if meant else []
    yield hit(
        rule, settings, item.key, edits=edits, key=item.key, value=word, allowed=", ".join(allowed),
        version=versioned(context, "transformers"),
    )  # fmt: skip


def _closest(word: str, allowed: tuple[str, ...]) -> str:
    lower = {option.lower(): option for option in allowed}
    found = difflib.get_close_matches(word.lower(), lower, 1, _CLOSE)
    return lower[found[0]] if found else ""


def _numbers(rule: str, row: Mapping[str, Any], settings: Settings, item: Item) -> Iterator[Hit]:
    value = item.value.data
    least, most, above = row.get("least"), row.get("most"), row.get("above")
    low = (least is not None and value < least) or (above is not None and value <= above)
    if low or (most is not None and value > most):
        allowed = (
            f"{least} … {most}"
            if None not in (least, most)
            else f"≥ {least}"
            if most is None
            else f"≤ {most}"
        )
        yield hit(rule, settings, item.key, key=item.key, value=value, allowed=allowed)
