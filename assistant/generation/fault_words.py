"""Sentences of faults in the user's language: where they are raised they are English, as logs and commands show
them; a page in Chinese shows their translation.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

_HOLE = re.compile(r"\{[^{}]*\}")
_DEPTH = 3


def fault_in(sentence: str, lang: str, depth: int = _DEPTH) -> str:
    """A fault's sentence in a language, with what was filled in; as it is where there is no translation."""
    if lang != "zh" or not sentence:
        return sentence
    for pattern, chinese in _patterns():
        found = pattern.fullmatch(sentence)
        if found:
            filled = [fault_in(each, lang, depth - 1) if depth else each for each in found.groups()]
            return chinese.format("", *filled)
    return sentence


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """What to look for and what to say: sentences with more fixed text first."""
    rows = sorted(_rows(), key=lambda row: -len(_HOLE.sub("", row[0])))
    return tuple((_pattern(english), chinese) for english, chinese in rows)


def _pattern(english: str) -> re.Pattern[str]:
    parts = [re.escape(part) for part in _HOLE.split(english)]
    # what is filled in is short: bounded, so that a long text of a server costs no time
    return re.compile("(.{0,400}?)".join(parts), re.DOTALL)


def _rows() -> Iterator[tuple[str, str]]:
    yield from _table("assistant.generation", "faults.toml")["zh"].items()
    remote = _table("assistant.generation.remote", "texts.toml")
    for name, english in remote["en"].items():
        if english.startswith("{host}") or "{host}" in english:
            holes = [hole.partition(":")[0].strip("{}") for hole in _HOLE.findall(english)]
            numbers = {hole: f"{{{place}}}" for place, hole in enumerate(holes, 1)}
            chinese = _HOLE.sub(
                lambda hole, numbers=numbers: numbers[hole[0].partition(":")[0].strip("{}")],  # type: ignore[misc]
                remote["zh"][name],
            )
            yield english, chinese


def _table(package: str, name: str) -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads((files(package) / name).read_text(encoding="utf-8"))
