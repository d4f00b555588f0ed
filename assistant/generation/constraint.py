"""What a reply may go on with, letter by letter, so that it cannot name what it was not given.

In prose, names and numbers must be known (assistant.generation.naming) and citations be among those that
may be cited; in code everything must be (assistant.generation.code_spans). A name that has begun must end
as a known one, code that was opened must be closed, before the reply can end.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from assistant.generation.code_spans import Code
from assistant.generation.model import Lexicon
from assistant.generation.naming import (
    Names,
    always_allowed,
    is_boundary,
    is_guarded,
    names_of,
    table,
    units,
)

_NUMBER_AT_END = re.compile(r"(?<![\w.])\d(?:[\d.,]*\d)?$")
Mode = Literal["prose", "inline", "info", "fence", "closed"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reply stands: `text` is the run, span, block mark or line of code that is being written.

    `cite` is what follows an open "[" (None: nothing open); `number` the number just before the run;
    `fresh` that the line has nothing but marks of lists so far; `item` the last number of a numbered
    list; `ticks` the backticks just written; `bytes` the beginning of a character.
    """

    mode: Mode = "prose"
    text: str = ""
    cite: str | None = None
    number: str = ""
    fresh: bool = True
    item: int = 0
    ticks: int = 0
    bytes: bytes = b""


class Grammar:
    """The rules of one reply."""

    def __init__(self, lexicon: Lexicon) -> None:
        known = always_allowed()
        self.names: Names = names_of(lexicon.texts, known)
        self.code = Code(lexicon.texts, self.names, sorted(known))
        self.citations = frozenset(str(each) for each in lexicon.citations)

    def after(self, place: Place, data: bytes) -> Place | None:
        """Where a reply stands after some more bytes; None if they are not allowed there."""
        here: Place | None = place
        for value in data:
            if here is None:
                return None
            if value < 0x80:
                here = None if here.bytes else self.step(here, chr(value))
            else:
                here = self._character(here, here.bytes + bytes((value,)))
        return here

    def step(self, place: Place, letter: str) -> Place | None:
        """Where a reply stands after one more character; None if it is not allowed there."""
        if letter < " " and letter not in "\n\t":
            return None
        return _STEPS[place.mode](self, place, letter)

    def may_stop(self, place: Place) -> bool:
        """Whether a reply may end here."""
        return place.mode == "prose" and not place.cite and not place.bytes and self.names.may_end(place.text)

    def unsettled(self, place: Place) -> int:
        """How many of the last characters are not certain yet: they may still be the beginning of a name,
        and are not shown before it is whole."""
        if place.mode == "prose":
            if place.cite is not None:
                return 1 + len(place.cite)
            return len(place.text) if is_guarded(place.text) or place.text[:1] in ("-", ".") else 0
        return len(place.text) + place.ticks

    def enter(self, text: str) -> Place:
        """Where a reply stands after a text that is there already, whatever it says."""
        place = Place()
        for letter in text:
            place = self.step(place, letter) or Place(fresh=letter == "\n")
        return place

    def _character(self, place: Place, data: bytes) -> Place | None:
        before = replace(place, bytes=b"")
        try:
            letter = data.decode()
        except UnicodeDecodeError as error:
            if error.reason != "unexpected end of data" or not self._may_come(before, data):
                return None
            return replace(place, bytes=data)
        return self.step(before, letter)

    def _may_come(self, place: Place, data: bytes) -> bool:
        """Whether a character that begins with these bytes may come. Within code and names, only one of
        the texts, or an ideograph that ends the name; elsewhere nearly any, so that the last byte alone
        is tried."""
        if any(
            letter.encode().startswith(data) and self.step(place, letter)
            for letter in self.code.letters_beyond_ascii
        ):
            return True
        if place.mode != "prose" or place.cite:
            return False
        if is_guarded(place.text) and not (0xE3 <= data[0] <= 0xE9 and self.names.may_end(place.text)):
            return False
        if data[0] >= 0xF0 and (data[0] > 0xF0 or data[1:2] not in _PLANES):
            return len(data) == 1 and data[0] == 0xF0
        if len(data) < _LENGTHS[data[0] >> 4] - 1:
            return True
        return any(self.step(place, letter) for letter in _completions(data))

    def _prose(self, place: Place, letter: str) -> Place | None:
        if place.cite is not None:
            inner = self._citation(place, letter)
            if inner is not None or place.cite:
                return inner
            if letter in " ^" or letter.isdigit():
                return None
        if not is_boundary(letter):
            return self._grow(place, letter)
        marker = self._marker(place, letter)
        if marker is None and not self.names.may_end(place.text):
            return None
        item = place.item if marker is None else marker
        fresh = letter == "\n" or (place.fresh and not place.text.strip("-*#+") and letter in " \t>|")
        number = self._number(place, letter, marker)
        if number is None:
            return None
        if letter == "`":
            return Place("inline", fresh=place.fresh and not place.text, item=item, ticks=1)
        return Place("prose", cite="" if letter == "[" else None, number=number, fresh=fresh, item=item)

    def _grow(self, place: Place, letter: str) -> Place | None:
        run = place.text + letter
        if place.fresh and _expected(run, place.item):
            return replace(place, text=run, cite=None)
        fresh = place.fresh and not run.strip("-*#+")  # the marks of a list leave the line as good as new
        if place.number and run in units() and not self.names.measured(place.number, run):
            return None
        return replace(place, text=run, cite=None, fresh=fresh) if self.names.may_begin(run) else None

    def _marker(self, place: Place, letter: str) -> int | None:
        """The number of a list's item, if the run is one and this letter ends it."""
        if not place.fresh or not _expected(place.text, place.item):
            return None
        digits = place.text.rstrip(".")
        ended = letter == " " if place.text.endswith(".") else letter == ")"
        return int(digits) if ended and int(digits) in (1, place.item + 1) else None

    def _number(self, place: Place, letter: str, marker: int | None) -> str | None:
        """The number that a unit may follow, after this letter; None if the letter is a wrong unit."""
        number = place.number
        if place.text:
            text = place.text.rstrip(".,") if letter in "%％" else place.text
            ending = _NUMBER_AT_END.search(text) if marker is None else None
            number = ending[0] if ending else ""
        if letter in "%％":
            return "" if not number or self.names.measured(number, "%") else None
        return number if letter in " \u00a0" else ""

    def _citation(self, place: Place, letter: str) -> Place | None:
        """After "[": one id, or several with commas between them, then "]"."""
        cite = place.cite or ""
        *before, last = (cite if letter == "]" else cite + letter).split(",")
        if not all(each.strip() in self.citations for each in before):
            return None
        if letter == "]":
            return replace(place, cite=None, fresh=False) if last.strip() in self.citations else None
        digits = last.removeprefix(" ") if before else last
        if digits and not (digits.isascii() and digits.isdigit()):
            return None
        begun = any(each.startswith(digits) for each in self.citations)
        return replace(place, cite=cite + letter, fresh=False) if begun and cite + letter != " " else None

    def _inline(self, place: Place, letter: str) -> Place | None:
        if letter == "`":
            if not place.text:
                if not place.fresh or place.ticks == 3:
                    return None
                ticks = place.ticks + 1
                return replace(place, mode="info" if ticks == 3 else "inline", ticks=ticks)
            if not self.code.may_end(place.text):
                return None
            ending = _NUMBER_AT_END.search(place.text)
            return Place(fresh=False, item=place.item, number=ending[0] if ending else "")
        if letter == "\n" or place.ticks > 1 or (letter == " " and not place.text):
            return None
        text = place.text + letter
        return replace(place, text=text) if self.code.may_begin(text) else None

    def _info(self, place: Place, letter: str) -> Place | None:
        fences: list[str] = table()["fences"]
        if letter == "\n":
            return Place("fence", item=place.item) if place.text in ("", *fences) else None
        text = place.text + letter
        return replace(place, text=text) if any(each.startswith(text) for each in fences) else None

    def _fence(self, place: Place, letter: str) -> Place | None:
        if letter == "`" and not place.text.strip():
            if place.ticks == 2:
                return Place("closed", item=place.item)
            return replace(place, ticks=place.ticks + 1, text="")
        if place.ticks:
            return None
        if letter == "\n":
            return replace(place, text="") if self.code.may_end(place.text) else None
        text = place.text + letter
        return replace(place, text=text) if self.code.may_begin(text) else None


def _completions(data: bytes) -> Iterator[str]:
    """The characters that lack one byte."""
    for last in range(0x80, 0xC0):
        try:
            yield (data + bytes((last,))).decode()
        except UnicodeDecodeError:
            continue


def _expected(run: str, item: int) -> bool:
    """Whether a run is, or begins, the next number of a list: 1, or one more than the last."""
    digits = run.removesuffix(".")
    return (
        digits.isascii()
        and digits.isdigit()
        and any(
            (str(each) == digits) if run.endswith(".") else str(each).startswith(digits)
            for each in (1, item + 1)
        )
    )


_PLANES = frozenset(bytes((second,)) for second in (0x9F, *range(0xA0, 0xAC)))
"""The second bytes of the characters of four bytes that a reply may have: emoji and rare ideographs."""
_LENGTHS = [0] * 12 + [2, 2, 3, 4]
"""Bytes of a character, by the first half of its first byte."""
_STEPS: dict[Mode, Callable[[Grammar, Place, str], Place | None]] = {
    "prose": Grammar._prose,
    "inline": Grammar._inline,
    "info": Grammar._info,
    "fence": Grammar._fence,
    "closed": lambda grammar, place, letter: Place(item=place.item) if letter == "\n" else None,
}
