"""Words in their places: how far apart two words of a text stand, counted in words and boundaries."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.grounding import names
from assistant.grounding.structure import Sentence, Word, negative

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# what a boundary adds to the distance of words
_SEGMENT, _CLAUSE, _SENTENCE, _PASSAGE = 1.0, 1.0, 4.0, 1000.0
_LISTED = 0.2
_BESIDE = 2.0
_LONGEST_HEADER = 8  # words
_LIGHT = 0.2  # words that say less take no room and are not compared


@dataclass(frozen=True, slots=True)
class Layout:
    """Words with their coordinate and the number of the segment, sentence and passage in which they
    stand; `header` marks what stands before a colon and so beside all that follows in its sentence; `negative` and `marks` say of each segment whether it says a "no", and its words' marks."""

    words: tuple[Word, ...]
    x: Floats
    weight: Floats
    segment: Ints
    sentence: Ints
    passage: Ints
    header: NDArray[np.bool_]
    negative: tuple[bool, ...]
    marks: tuple[frozenset[str], ...]


def lay_out(passages: Sequence[Sequence[Sentence]], most: int = 100_000) -> Layout:
    """Places the words of passages on one line, so many at most."""
    words: list[Word] = []
    rows: list[tuple[float, int, int, int, bool]] = []
    noes: list[bool] = []
    marks: list[frozenset[str]] = []
    x, segment, number = 0.0, 0, 0
    for passage, sentences in enumerate(passages, 1):
        for sentence in sentences:
            clause = -1
            headed = _header(sentence)
            for part in sentence.segments:
                for word in part:
                    if word.token.weight < _LIGHT or len(words) >= most:
                        continue
                    if clause >= 0 and word.clause != clause:
                        x += _CLAUSE
                    clause = word.clause
                    x += _LISTED if words and part[0] is not word and _listed(words[-1], word) else 1.0
                    words.append(word)
                    rows.append((x, segment, number, passage, id(word.token) in headed))
                noes.append(negative(part))
                marks.append(frozenset(mark for word in part for mark in word.token.marks))
                segment += 1
                x += _SEGMENT
            number += 1
            x += _SENTENCE
        x += _PASSAGE
    columns = list(zip(*rows, strict=True)) if rows else [(), (), (), (), ()]
    return Layout(
        tuple(words),
        np.array(columns[0], dtype=float),
        np.array([word.token.weight for word in words], dtype=float),
        np.array(columns[1], dtype=int),
        np.array(columns[2], dtype=int),
        np.array(columns[3], dtype=int),
        np.array(columns[4], dtype=bool),
        tuple(noes),
        tuple(marks),
    )


def _header(sentence: Sentence) -> frozenset[int]:
    """The tokens (their ids) of a short header before a colon."""
    items = sentence.tokens.items
    for at, token in enumerate(items):
        if token.kind == "sep" and token.key in (":", "："):
            heavy = [item for item in items[:at] if item.weight >= _LIGHT]
            return frozenset(map(id, heavy)) if 0 < len(heavy) <= _LONGEST_HEADER else frozenset()
    return frozenset()


def distances(layout: Layout, places: Ints) -> Floats:
    """How far each of some words stands from every word; a header stands beside its whole sentence."""
    gaps: Floats = np.abs(layout.x[places][:, None] - layout.x[None, :])
    same = layout.sentence[places][:, None] == layout.sentence[None, :]
    beside = same & (layout.header[places][:, None] | layout.header[None, :])
    return np.where(beside, np.minimum(gaps, _BESIDE), gaps)


def _listed(before: Word, word: Word) -> bool:
    """Whether two names in a row are members of one list: they stand in one place."""
    return before.token.kind == word.token.kind == "name" and rivals(before, word) == "name"


@lru_cache(maxsize=1)
def _groups() -> dict[str, frozenset[int]]:
    groups = tomllib.loads((Path(__file__).parent / "siblings.toml").read_text(encoding="utf-8"))["groups"]
    found: dict[str, set[int]] = {}
    for number, group in enumerate(groups):
        for concept in group:
            found.setdefault(concept, set()).add(number)
    return {concept: frozenset(numbers) for concept, numbers in found.items()}


@lru_cache(maxsize=1 << 14)
def siblings(concepts: frozenset[tuple[str, int]]) -> frozenset[int]:
    """The groups of alternatives that a word's concepts belong to."""
    known = _groups()
    return frozenset().union(*(known.get(concept, frozenset()) for concept, _ in concepts))


def rivals(one: Word, other: Word) -> str:
    """Whether a word can stand where another could, and says something else then: "name", "number",
    "sibling", or "" """
    mine, theirs = one.token, other.token
    if mine.kind == "name" and theirs.kind == "name":
        return "name" if names.kind(mine.text, mine.code) == names.kind(theirs.text, theirs.code) else ""
    if mine.kind == "number" and theirs.kind == "number":
        a, b = mine.quantity, theirs.quantity
        alike = a and b and (a.unit == b.unit or not a.unit or not b.unit)
        return "number" if alike else ""
    if mine.concepts and theirs.concepts and not mine.negatable and not theirs.negatable:
        if any((concept, -sign) in other.senses for concept, sign in one.senses):
            return ""  # an opposite is no rival: it is looked at by its sign
        if {c for c, _ in mine.concepts}.isdisjoint(c for c, _ in theirs.concepts) and siblings(
            mine.concepts
        ) & siblings(theirs.concepts):
            return "sibling"
    return ""
