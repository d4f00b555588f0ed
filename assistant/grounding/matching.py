"""Lays words beside those of the evidence: which say the same, which the opposite, and how surely."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from assistant.grounding import names, quantities
from assistant.grounding.lexicon import lexicon, stem
from assistant.grounding.structure import Word

_PIECES = re.compile(r"[A-Za-z0-9]+")
_FUZZY = 5  # letters that two words of one root have in common at least


@dataclass(frozen=True, slots=True)
class Pool:
    """Words to be found in, by what they can be found by: signed concepts, spellings, parts of names,
    first letters, and those that are numbers. Positions are those in `words`."""

    words: tuple[Word, ...]
    senses: dict[tuple[str, int], list[int]]
    keys: dict[str, list[int]]
    parts: dict[str, list[int]]
    prefixes: dict[str, list[int]]
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """How well a word is matched (0 to 1), whether with the same sign, and where."""

    strength: float
    agrees: bool
    at: int


def pool(words: Iterable[Word]) -> Pool:
    """Prepares words for matching."""
    listed = tuple(words)
    senses: dict[tuple[str, int], list[int]] = {}
    keys: dict[str, list[int]] = {}
    parts: dict[str, list[int]] = {}
    prefixes: dict[str, list[int]] = {}
    numbers = []
    for at, word in enumerate(listed):
        token = word.token
        for sense in word.senses:
            senses.setdefault(sense, []).append(at)
        if token.kind == "name":
            for spelled in names.suffixes(token.text):
                keys.setdefault(spelled, []).append(at)
            for part in name_parts(token.text):
                parts.setdefault(part, []).append(at)
        elif token.kind == "word":
            keys.setdefault(token.key, []).append(at)
            if len(token.key) >= _FUZZY and token.key.isascii():
                prefixes.setdefault(token.key[:_FUZZY], []).append(at)
        if token.quantity:
            numbers.append(at)
    return Pool(listed, senses, keys, parts, prefixes, tuple(numbers))


def matches(word: Word, among: Pool) -> Iterator[Match]:
    """Every place where a word is matched; the same place may come more than once."""
    token = word.token
    if token.quantity:
        yield from _numbers(word, among)
    if token.kind == "number":
        return
    if token.kind == "name":
        yield from _names(word, among)
        return
    for concept, sign in word.senses:
        for at in among.senses.get((concept, sign), ()):
            yield Match(1.0, True, at)
        for at in among.senses.get((concept, -sign), ()):
            yield Match(0.7, False, at)
    for at in among.keys.get(token.key, ()):
        same = among.words[at].sign == word.sign
        yield Match(1.0 if same else 0.7, same, at)
    for part in {token.key, *(concept for concept, _ in token.concepts)}:
        for at in among.parts.get(part, ()):
            yield Match(0.6, True, at)
    if len(token.key) >= _FUZZY and token.key.isascii() and not token.concepts:
        for at in among.prefixes.get(token.key[:_FUZZY], ()):
            if _one_root(token.key, among.words[at].token.key):
                yield Match(0.7, True, at)


def _names(word: Word, among: Pool) -> Iterator[Match]:
    token = word.token
    endings = names.suffixes(token.text)
    for ending in endings:
        for at in among.keys.get(ending, ()):
            yield Match(1.0 if ending == endings[0] else 0.8, among.words[at].sign == word.sign, at)
    for at in among.parts.get(names.key(token.text), ()):
        yield Match(0.8, True, at)
    for part in name_parts(token.text):
        for sign in (1, -1):
            for at in among.senses.get((part, sign), ()):
                yield Match(0.6, True, at)
        for at in among.keys.get(part, ()):
            yield Match(0.6, True, at)


def _numbers(word: Word, among: Pool) -> Iterator[Match]:
    quantity = word.token.quantity
    for at in among.numbers:
        other = among.words[at].token.quantity
        named = (word.token.kind == "name") != (among.words[at].token.kind == "name")
        if quantity and other and quantities.same(quantity, other):
            if named and quantity.unit != other.unit:
                continue  # 8.0 is not what int8 says
            agrees = word.token.limit * among.words[at].token.limit >= 0
            yield Match(1.0 if quantity.unit == other.unit and not other.spoken else 0.9, agrees, at)


def _one_root(one: str, other: str) -> bool:
    shared = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        shared += 1
    return shared >= _FUZZY and shared >= 0.65 * max(len(one), len(other))


@lru_cache(maxsize=1 << 14)
def name_parts(name: str) -> frozenset[str]:
    """The concepts and words that a name is made of."""
    found: set[str] = set()
    for piece in names.words(name):
        root = stem(piece)
        meaning = lexicon().english.get((root,))
        if meaning and meaning.concepts:
            found.update(concept for concept, _ in meaning.concepts)
        if len(root) > 2 and root.isalpha():
            found.add(root)
    found.update(piece.lower() for piece in _PIECES.findall(name) if len(piece) > 2)
    return frozenset(found)
