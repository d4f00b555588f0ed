"""Which names and numbers a reply may use: those that occur in given texts, as whole words.

A *run* is what stands between spaces, brackets, quotes and CJK characters. It is made of parts, joined by
"-", "+", ":", "=" and the like. A part is *guarded* if it can name something: it has a digit, an underscore,
a capital inside, a dot or slash inside, or characters that cannot be seen. Guarded parts must occur in the
texts; plain words of prose are free. A word may become guarded on the way: the letter that makes it so is
allowed only if the whole, so far, begins something that occurs.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

_DASHES = "-‐‑‒–−"
_JOINERS = frozenset(_DASHES + "+:=*~.,/_&@#")
_LOOKALIKES = frozenset("．／＿－＋＝＠＃＆﹍﹎﹏‿⁀∕⁄․")
_SEGMENTS = re.compile(r"([:=*~@]+|,(?!\d)|(?<!\d),)")
_PARTS = re.compile(f"([{_DASHES}+]+)")
_SEPARATES = frozenset("=:,")
_CAPITAL_INSIDE = re.compile(r"[^\W\dA-Z_][A-Z]|[A-Z]{2}[^\W\dA-Z_]{2}|[A-Z]{2}[^\W\dA-Zs_]")
_NAME_INSIDE = re.compile(r"[_/]|[.]\w|&.|\d,\d")
NUMBER = re.compile(r"\d[\d.,]*")
_MEASURE = re.compile(rf"(?<![\w.])(\d[\d.,]*)\s*[{_DASHES}]?\s*([^\W\d_]+|%)")
_VALUES = re.compile(r"([\w.]+)=([^\s=])")
_AROUND = _DASHES + "+:=*~.,@#&/"


@lru_cache(maxsize=1 << 14)
def is_boundary(letter: str) -> bool:
    """Whether a character ends a run: spaces, brackets, quotes, CJK characters, most punctuation."""
    if letter in _JOINERS or (letter.isascii() and letter.isalnum()):
        return False
    if letter.isascii():
        return True
    if letter in _LOOKALIKES:
        return False
    # ideographs and kana ("Lo") stand beside Latin words without spaces
    return unicodedata.category(letter) in ("Lo", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "So", "Zs")


@lru_cache(maxsize=1 << 12)
def is_guarded(part: str) -> bool:
    """Whether a part of a run names something."""
    if _NAME_INSIDE.search(part) or _CAPITAL_INSIDE.search(part):
        return True
    return any(
        letter.isdigit()
        or (not letter.isascii() and (letter in _LOOKALIKES or unicodedata.category(letter)[0] in "NCZ"))
        for letter in part
    )


@dataclass(frozen=True)
class Names:
    """What may be named: whole runs and parts (`whole`), all their beginnings (`begun`), the numbers with
    the words they stand before (`measures`, lower case), and the names whose values are words (`worded`)."""

    whole: frozenset[str]
    begun: frozenset[str]
    measures: frozenset[tuple[str, str]]
    worded: frozenset[str]

    def may_begin(self, run: str) -> bool:
        """Whether a run may start like this: something allowed begins so, or it is prose so far."""
        return run in self.begun or self._allowed(run, complete=False)

    def may_end(self, run: str) -> bool:
        """Whether a run may stand as it is."""
        return run in self.whole or self._allowed(run, complete=True)

    def measured(self, number: str, unit: str) -> bool:
        """Whether this number occurs with this unit; what is no unit belongs to any number."""
        return unit not in units() or (number, unit.lower()) in self.measures

    def takes_number(self, name: str) -> bool:
        """Whether a number may be given to a name with "=": not where the texts have a word there."""
        return name not in self.worded

    def _allowed(self, run: str, complete: bool) -> bool:
        """Takes a run apart at "=", ":" and the marks of bold text: a name and its value, each of which
        may come from a place of its own."""
        segments = _SEGMENTS.split(run)
        for place, segment in enumerate(segments):
            if place % 2:
                continue
            before, joint = (segments[place - 2], segments[place - 1]) if place else ("", "")
            if before and segment:
                if "=" in joint and not (is_guarded(segment) and self.takes_number(before)):
                    return False  # a value that is a word: only together with its name
                if not _SEPARATES.intersection(joint) and is_guarded(before) and is_guarded(segment):
                    return False  # "1**6" is read as 16
            if not self._segment_allowed(segment, complete or place < len(segments) - 1):
                return False
        return True

    def _segment_allowed(self, segment: str, complete: bool) -> bool:
        if segment.rstrip(".,") in self.whole or (not complete and segment in self.begun):
            return True
        parts = _PARTS.split(segment)
        if len(parts) > 1 and not parts[0] and parts[2]:
            return False  # a flag or a negative number: allowed only as a whole
        guarded = 0
        for place, part in enumerate(parts[::2]):
            bare = part.rstrip(".,")
            last = place == len(parts) // 2
            if is_guarded(bare):
                guarded += 1
                if not (bare in self.whole or (last and not complete and part in self.begun)):
                    return False
            before = parts[2 * place - 2] if place else ""
            if NUMBER.fullmatch(before) and not self.measured(before, part):
                return False
        return guarded < 2  # the names that "Llama-2-7b" is made of do not make it known


def names_of(texts: Sequence[str], more: Iterable[str] = ()) -> Names:
    """The names and numbers of some texts, and `more` that are allowed as they are."""
    whole: set[str] = set(more)
    measures: set[tuple[str, str]] = set()
    for text in texts:
        for run in runs(text):
            whole.update(_readings(run))
        for number, unit in _MEASURE.findall(text):
            number = number.rstrip(".,")
            measures.add((number, unit.lower()))
            whole.add(number)
            if unit in units() or unit in table()["joined"]:
                whole.add(number + unit)
    values = {found for text in texts for found in _VALUES.findall(text)}
    worded = {name for name, first in values if not first.isdigit()}
    worded -= {name for name, first in values if first.isdigit()}
    whole.discard("")
    begun = {each[:end] for each in whole for end in range(1, len(each) + 1)}
    return Names(frozenset(whole), frozenset(begun), frozenset(measures), frozenset(worded))


def runs(text: str) -> Iterator[str]:
    """The runs of a text."""
    begin = 0
    for end in range(len(text) + 1):
        if end == len(text) or is_boundary(text[end]):
            if end > begin:
                yield text[begin:end]
            begin = end + 1


def _readings(run: str) -> Iterator[str]:
    """A run as it may be referred to: as it is, without the punctuation around it, its parts, what stands
    between dots or slashes in it, and the beginnings of a hyphenated name."""
    yield run.rstrip(".,:;")
    bare = run.strip(_AROUND)
    yield bare
    if run[0] in "-./@#":
        yield run.rstrip(".=:,")
        yield run.partition("=")[0]
    for segment in _SEGMENTS.split(bare)[::2]:
        yield segment.strip(".,")
        for place, part in enumerate(_PARTS.split(segment)[::2]):
            part = part.strip(".,")
            if place and NUMBER.fullmatch(part):
                continue  # the 2 of "Llama-2-7b" is no number
            yield part
            yield from _spellings(part)
            if not NUMBER.fullmatch(part):
                for separator in "./":
                    yield from _stretches(part, separator)
    for name in bare.split("/"):
        steps = name.split("-")
        for end in range(1, len(steps) + 1):
            yield "-".join(steps[:end])


def _stretches(name: str, separator: str) -> Iterator[str]:
    steps = name.split(separator)
    for begin in range(len(steps)):
        for end in range(begin + 1, len(steps) + 1):
            yield separator.join(steps[begin:end])


def _spellings(part: str) -> Iterator[str]:
    """The same number with and without separators of thousands, and short names such as nf4 in capitals."""
    if re.fullmatch(r"\d{1,3}(,\d{3})+", part):
        yield part.replace(",", "")
    elif re.fullmatch(r"\d{4,9}", part):
        yield f"{int(part):,}"
    elif re.fullmatch(r"[A-Za-z]{1,5}\d+", part):
        yield part.upper()
        yield part.lower()


@cache
def table() -> Mapping[str, Any]:
    """names.toml."""
    return tomllib.loads((files("assistant.generation") / "names.toml").read_text(encoding="utf-8"))


@cache
def units() -> frozenset[str]:
    """Units that belong to the number before them."""
    return frozenset(table()["units"])


@cache
def always_allowed() -> frozenset[str]:
    """Names that any reply may use: the installed distributions, their modules, and some products."""
    from importlib.metadata import distributions

    found = {str(each.metadata["Name"] or "") for each in distributions()}
    found |= {name.replace("-", "_") for name in found} | {name.lower() for name in found}
    found |= {*table()["products"], *table()["phrases"], *(each.rstrip(".") for each in table()["phrases"])}
    return frozenset(name for name in found if name)
