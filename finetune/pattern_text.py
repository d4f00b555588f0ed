"""Writes a text that a pattern matches, as it might stand in a user's paste."""

import re
from collections.abc import Mapping, Sequence
from random import Random
from re import _compiler, _parser  # type: ignore[attr-defined]
from re import _constants as names
from typing import Any

_TRIES = 6
_WORDS = [
    "the",
    "model",
    "run",
    "step",
    "file",
    "batch",
    "value",
    "that",
    "was",
    "not",
    "and",
    "for",
    "layer",
    "in",
    "with",
    "this",
    "cache",
    "weight",
    "train",
]
_SPREAD = 3
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def text_for(pattern: str, captures: Mapping[str, Sequence[str]], random: Random) -> str | None:
    """A text that the pattern finds itself in; None where none was hit on. `captures` has values for
    named groups, by the name or by its last part ("requested_gib", "gib")."""
    try:
        tree = _parser.parse(pattern)
    except re.error:
        return None
    finder = re.compile(pattern)
    for _ in range(_TRIES):
        text = _written(tree, tree.state, captures, random)
        if text.strip() and finder.search(text):
            return text
    return None


def _written(tree: Any, state: Any, captures: Mapping[str, Sequence[str]], random: Random) -> str:
    return "".join(_part(op, argument, state, captures, random) for op, argument in tree)


def _part(op: Any, argument: Any, state: Any, captures: Mapping[str, Sequence[str]], random: Random) -> str:
    if op is names.LITERAL:
        return chr(argument)
    if op is names.NOT_LITERAL:
        return next(letter for letter in _LETTERS if ord(letter) != argument)
    if op is names.ANY:
        return random.choice(_LETTERS)
    if op is names.IN:
        return _one_of(argument, random)
    if op is names.BRANCH:
        return _written(random.choice(argument[1]), state, captures, random)
    if op is names.SUBPATTERN:
        number, _, _, inner = argument
        name = next((each for each, at in state.groupdict.items() if at == number), "")
        fitting = [value for value in _values(name, captures) if _fits(inner, value)]
        return random.choice(fitting) if fitting else _written(inner, state, captures, random)
    if op in (names.MAX_REPEAT, names.MIN_REPEAT, names.POSSESSIVE_REPEAT):
        low, high, inner = argument
        return _repeated(low, high, inner, state, captures, random)
    return ""


def _repeated(
    low: int, high: int, inner: Any, state: Any, captures: Mapping[str, Sequence[str]], random: Random
) -> str:
    op, argument = inner[0]
    high = min(int(high), int(low) + 24)
    if len(inner) == 1 and op in (names.ANY, names.NOT_LITERAL) and high - low > _SPREAD:
        return _filler(low, high, random)
    if len(inner) == 1 and op is names.IN and high - low > _SPREAD:
        count = max(
            low, min(high, random.choice((4, 5, 6, 8)) if _is_wordy(argument) else random.randint(1, 3))
        )
        return "".join(_one_of(argument, random) for _ in range(count))
    count = random.randint(low, min(high, low + 1))
    return "".join(_written(inner, state, captures, random) for _ in range(count))


def _filler(low: int, high: int, random: Random) -> str:
    words = " ".join(random.choice(_WORDS) for _ in range(6))
    text = f" {words} "[: max(low, min(high, random.randint(0, high)))]
    return text.ljust(low, " ")


def _one_of(choices: Any, random: Random) -> str:
    negated = choices[0][0] is names.NEGATE
    letters = [letter for op, argument in choices for letter in _letters(op, argument)]
    if negated:
        return random.choice([letter for letter in _LETTERS + "0123456789_" if letter not in letters])
    usual = [letter for letter in letters if letter in _LETTERS] or letters
    return random.choice(usual) if usual else " "


def _letters(op: Any, argument: Any) -> list[str]:
    if op is names.LITERAL:
        return [chr(argument)]
    if op is names.RANGE:
        return [chr(code) for code in range(argument[0], min(argument[1], argument[0] + 96) + 1)]
    if op is names.CATEGORY:
        return {
            names.CATEGORY_DIGIT: list("0123456789"),
            names.CATEGORY_SPACE: [" "],
            names.CATEGORY_WORD: list(_LETTERS),
            names.CATEGORY_NOT_SPACE: list(_LETTERS),
            names.CATEGORY_NOT_WORD: [" "],
            names.CATEGORY_NOT_DIGIT: list(_LETTERS),
        }.get(argument, [" "])
    return []


def _is_wordy(choices: Any) -> bool:
    return (
        any(
            op is names.CATEGORY and argument in (names.CATEGORY_WORD, names.CATEGORY_NOT_SPACE)
            for op, argument in choices
        )
        or choices[0][0] is names.NEGATE
    )


def _values(name: str, captures: Mapping[str, Sequence[str]]) -> Sequence[str]:
    return captures.get(name) or captures.get(name.rpartition("_")[2]) or () if name else ()


def _fits(inner: Any, value: str) -> bool:
    return _compiler.compile(inner).fullmatch(value) is not None
