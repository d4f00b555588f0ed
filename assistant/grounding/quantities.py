"""Numbers with their units, dates, and numbers in words, in English and Chinese."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

NUMBER = r"\d{1,15}(?:,\d{3}){0,5}(?:\.\d{1,15}){0,5}(?:[eE]-?\d{1,3})?"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
DATE = (
    r"\b\d{4}-\d{2}(?:-\d{2})?\b|\d{4}\s?年(?:\s?\d{1,2}\s?月(?:\s?\d{1,2}\s?[日号])?)?"
    rf"|(?i:\b(?:\d{{1,2}}(?:st|nd|rd|th)?\s)?{_MONTH}\.?\s(?:\d{{1,2}}(?:st|nd|rd|th)?,?\s)?\d{{4}}\b)"
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number: `key` as compared where it is no plain number (a version, a date), `value` and `unit`
    ("" where it has none) else. `rounded`: how far another value may lie off. `spoken`: written as a word."""

    key: str
    value: float | None
    unit: str = ""
    rounded: float = 0.0
    spoken: bool = False


@lru_cache(maxsize=1)
def _tables() -> dict[str, Any]:
    data = tomllib.loads((Path(__file__).parent / "numbers.toml").read_text(encoding="utf-8"))
    spelled = {form.strip(): unit for unit, line in data["units"].items() for form in line.split(",")}
    longest = sorted(map(re.escape, spelled), key=len, reverse=True)
    scales = sorted(map(re.escape, data["scales"]), key=len, reverse=True)
    return {
        "unit_of": spelled,
        "unit": re.compile(
            rf"(?i)[\s-]{{0,2}}(?:(?:more|extra|additional|further|new|other|full|optimizer)\s)?({'|'.join(longest)})(?![a-z0-9_])"
        ),
        "scale": re.compile(rf"(?i)\s?({'|'.join(scales)})(?![a-z])"),
        **data,
    }


def read(text: str, following: str) -> tuple[Quantity, int]:
    """The quantity that a number is, and how much of the text that follows belongs to it: only short
    units, as words like steps or layers are also compared as words."""
    if found := _date(text):
        return Quantity(found, None, "date"), 0
    digits = text.lstrip("vV").replace(",", "")
    try:
        value = float(digits)
    except ValueError:
        return Quantity(digits.rstrip("."), None, "version"), 0
    tables = _tables()
    rounded, length, factor = 0.0, 0, 1.0
    if scale := tables["scale"].match(following):
        factor, length = tables["scales"][scale[1].lower()], scale.end()
    elif billion := re.match(r"[bB](?![a-zA-Z])", following):
        factor, length = 1e9, billion.end()
    if factor > 1:
        value *= factor
        rounded = 0.51 * factor * 10.0 ** -len(digits.partition(".")[2])
    unit = tables["unit"].match(following, length)
    named = tables["unit_of"][unit[1].lower()] if unit else ""
    if named == "percent":
        value /= 100
    if unit and named in _SYMBOLS:
        length = unit.end()
    return Quantity(f"{value:g}", value, named, rounded), length


# Units of which one is never said for another.
MEASURES = frozenset(
    ["gb", "mb", "kb", "tb", "byte", "bit", "ms", "second", "minute", "hour", "day", "week", "month"]
)
_SYMBOLS = frozenset(
    ["gb", "mb", "kb", "tb", "byte", "bit", "percent", "ms", "second", "minute", "hour", "billion"]
)


@lru_cache(maxsize=1)
def _limits() -> dict[str, int]:
    listed = _tables()["limits"]
    return {word: sign for name, sign in (("below", -1), ("above", 1)) for word in listed[name].split()}


def limit(before: Sequence[str], after: Sequence[str]) -> int:
    """Whether a number is said as a limit, by the words beside it: -1 for what lies below, 1 above, else 0."""
    for text in (*reversed(before), *after):
        for part in text.split():
            if sign := _limits().get(part):
                return sign
    return 0


def word(text: str) -> float | None:
    """The number that a word says: three, 两, half; else None."""
    return _tables()["words"].get(text)  # type: ignore[no-any-return]


def spoken(text: str) -> Quantity:
    """The quantity of a number word."""
    value = float(_tables()["words"][text])
    return Quantity(f"{value:g}", value, "", 0.01, True)


def of_name(key: str) -> Quantity | None:
    """The quantity in a name: fp16 says 16 bit."""
    bits = _tables()["names"].get(key)
    return Quantity(f"{bits}", float(bits), "bit") if bits else None


def same(one: Quantity, other: Quantity) -> bool:
    """Whether two quantities say the same: equal or rounded values, units that do not differ."""
    if one.value is None or other.value is None:
        return _same_key(one, other)
    if one.unit and other.unit and one.unit != other.unit:
        return False
    off = abs(one.value - other.value)
    return off <= max(one.rounded, other.rounded, 1e-9 * abs(one.value))


def _same_key(one: Quantity, other: Quantity) -> bool:
    if one.unit != other.unit:
        return one.key == other.key
    return one.key == other.key or one.key.startswith(other.key + "-") or other.key.startswith(one.key + "-")


def _date(text: str) -> str:
    if re.fullmatch(r"\d{4}-\d{2}(?:-\d{2})?", text):
        return text
    if "年" in text:
        parts = re.findall(r"\d+", text)
        return "-".join([parts[0], *(part.zfill(2) for part in parts[1:])])
    found = re.search(rf"(?i){_MONTH}", text)
    if not found or not re.search(r"\d{4}", text):
        return ""
    month = _tables()["months"].get(found[0].lower().rstrip("."), 0)
    year = re.search(r"\d{4}", text)
    day = re.search(r"\b(\d{1,2})(?:st|nd|rd|th)?\b", text)
    parts = [year[0] if year else "", f"{month:02d}", *([day[1].zfill(2)] if day else [])]
    return "-".join(parts)
