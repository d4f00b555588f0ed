"""What may stand in code: stretches of the given texts, with numbers of them put in for values.

Code is stricter than prose: each of a span's words may be known and the command still be invented, so a
span must occur as it is, from the start of a word to the end of one. Only a value may be exchanged: behind
a name and "=", ":" or "(", and behind a flag, any number of the texts may follow.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from assistant.generation.naming import Names, is_guarded

_SPACES = re.compile(r"[ \t]+")
_VALUE = re.compile(r"(?<=\w)(?:[=(] ?|: )|(?:^| )--?[a-zA-Z][\w-]*[ =]")
_LAST_NAME = re.compile(r"(?<![A-Za-z0-9_.])([a-z][a-z0-9_]*)=$")
_NUMBER = re.compile(r"-?\d[\w.]*")
_CLOSERS = re.compile(r"[)\]}\"']*")


class Code:
    """The texts that code is compared with."""

    def __init__(self, texts: Iterable[str], names: Names, more: Iterable[str] = ()) -> None:
        lines = [line.strip() for text in texts for line in _SPACES.sub(" ", text).splitlines()]
        self._hay = "\n" + "\n".join(dict.fromkeys(lines)) + "\n"
        self._known = frozenset(more)
        self._known_begun = frozenset(each[:end] for each in self._known for end in range(1, len(each) + 1))
        self._names = names
        self.letters_beyond_ascii = frozenset(letter for letter in self._hay if not letter.isascii())
        """The characters of the texts that take several bytes."""
        self._occurs: Callable[[str, bool], bool] = lru_cache(maxsize=1 << 12)(self._occurs_anew)

    def may_begin(self, code: str) -> bool:
        """Whether a span or line of code may start like this."""
        return self._allowed(_SPACES.sub(" ", code).lstrip(" "), complete=False)

    def may_end(self, code: str) -> bool:
        """Whether a span or line of code may stand as it is."""
        return self._allowed(_SPACES.sub(" ", code).strip(" "), complete=True)

    def _allowed(self, code: str, complete: bool) -> bool:
        if not code or self._occurs(code, complete):
            return True
        if code in (self._known if complete else self._known_begun):
            return True
        named = code.rstrip("()[]{}\"'")
        behind = code[len(named) :]
        if (
            named
            and behind
            and self._occurs(named, True)
            and (_closes(named, behind) or _calls(named, behind, complete))
        ):
            return True
        return any(
            self._takes_number(code[: value.end()])
            and self._value_allowed(code[: value.end()], code[value.end() :], complete)
            for value in _VALUE.finditer(code)
        )

    def _takes_number(self, before: str) -> bool:
        """Whether a number of the texts may stand behind this: where they have another number there, or the
        name without any value."""
        if any(self._occurs(before + digit, False) for digit in "0123456789-"):
            return True
        name = _LAST_NAME.search(before)
        return bool(
            name
            and is_guarded(name[1])
            and self._names.takes_number(name[1])
            and self._occurs(before.removesuffix("="), True)
            and not self._occurs(name[1] + "(", False)
        )

    def _value_allowed(self, before: str, code: str, complete: bool) -> bool:
        number = _NUMBER.match(code)
        if not number:
            return not code and not complete
        rest = code[number.end() :]
        if not rest and not complete:
            return number[0] in self._names.begun
        if number[0] not in self._names.whole:
            return False
        closed = _CLOSERS.match(rest)
        if closed and not _closes(before + number[0], closed[0]):
            return False
        rest = rest[closed.end() :] if closed else rest
        return not rest or self._goes_on(rest, complete)

    def _goes_on(self, rest: str, complete: bool) -> bool:
        """Whether another argument ("name=…") or flag of the texts may stand here after a value."""
        mark, tail = (", " if rest[0] == "," else " "), rest.lstrip(", ")
        if len(rest) - len(tail) > len(mark) or rest[0] not in ", ":
            return False
        if mark == " ":
            begins = not tail and " -" in self._hay
            return (begins and not complete) or (tail.startswith("-") and self._allowed(tail, complete))
        if tail.isidentifier() or not tail:
            named = re.search(rf"(?<!\w){re.escape(tail)}\w*=", self._hay)
            return not complete and named is not None
        return tail.partition("=")[0].isidentifier() and self._allowed(tail, complete)

    def _occurs_anew(self, code: str, complete: bool) -> bool:
        place = self._hay.find(code)
        while place >= 0:
            end = place + len(code)
            if self._starts(place) and (not complete or self._ends(code, end)):
                return True
            place = self._hay.find(code, place + 1)
        return False

    def _starts(self, place: int) -> bool:
        """Whether no word or number of the texts goes through this place from the left."""
        before, first, second = self._hay[place - 1], self._hay[place], self._hay[place + 1]
        if first == "-":
            return not (_is_word(before) or before == "-")
        if first == "." and second.isdigit():
            return not before.isdigit()
        if first.isdigit() and before in ".,":
            return not self._hay[place - 2].isdigit()
        return not (_is_word(first) and _is_word(before))

    def _ends(self, code: str, end: int) -> bool:
        """Whether no word, number or flag of the texts goes on at this place."""
        last, after, second = code[-1], self._hay[end], self._hay[min(end + 1, len(self._hay) - 1)]
        if last.isdigit() and after in ".,":
            return not second.isdigit()
        if last in ".," and code[-2:-1].isdigit():
            return not after.isdigit()
        if after == "-" and code.rpartition(" ")[2].startswith("-"):
            return not _is_word(second)
        return not (_is_word(last) and _is_word(after))


def _closes(code: str, closers: str) -> bool:
    """Whether code has opened what these close."""
    return all(
        (code + closers).count(mark) % 2 == 0
        if mark in "\"'"
        else closers.count(mark) <= code.count(opened) - code.count(mark)
        for mark, opened in zip(")]}\"'", "([{\"'", strict=True)
        if mark in closers
    ) and not set(closers) - set(")]}\"'")


def _calls(named: str, behind: str, complete: bool) -> bool:
    """Whether this is a name that looks like one of code, with the brackets of a call."""
    if not named or not is_guarded(named) or named[0].isdigit() or not _is_word(named[-1]):
        return False
    return behind == "()" or (behind == "(" and not complete)


def _is_word(letter: str) -> bool:
    # a CJK character beside a name does not lengthen it
    return letter == "_" or (letter.isalnum() and letter < "⺀")
