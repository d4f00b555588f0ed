"""All patterns of the corpus: which of some thousand match a paste, in linear time and at once.

A pattern is searched only where the paste has one of the words that it cannot match without; RE2,
which is linear on any text, then searches the few that are left. Each is compiled when it is first
needed: a cold process answers before it could have compiled them all.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

from corpus import Corpus, Entry

WHERE = ("text", "message", "frames", "prose", "config")


@dataclass(frozen=True)
class Patterns:
    """For each part of a reading: the patterns that need a word, by word, and those that need none;
    and for each (where, pattern) the entries that it is of."""

    by_word: Mapping[str, Mapping[str, tuple[str, ...]]]
    always: Mapping[str, tuple[str, ...]]
    owners: Mapping[tuple[str, str], tuple[Entry, ...]]

    def matches(self, parts: Mapping[str, str]) -> frozenset[tuple[str, str]]:
        """The (where, pattern) pairs that match in these parts of a reading."""
        found: set[tuple[str, str]] = set()
        for where in WHERE:
            part = parts.get(where, "")
            if not part:
                continue
            lowered = part.lower()
            wanted = set(self.always[where])
            for word, patterns in self.by_word[where].items():
                if word in lowered:
                    wanted.update(patterns)
            found.update((where, pattern) for pattern in wanted if _compiled(pattern).search(part))
        return frozenset(found)


def compile_patterns(corpus: Corpus) -> Patterns:
    """The patterns of a corpus, sorted by the words that they need."""
    by_word: dict[str, dict[str, dict[str, None]]] = {where: defaultdict(dict) for where in WHERE}
    always: dict[str, dict[str, None]] = {where: {} for where in WHERE}
    owners: dict[tuple[str, str], dict[str, Entry]] = defaultdict(dict)
    for entry in corpus.entries:
        for where, pattern in entry.patterns():
            owners[where, pattern][entry.id] = entry
            words = corpus.literals.get(pattern)
            if not words:
                always[where][pattern] = None
            for word in words or ():
                by_word[where][word][pattern] = None
    return Patterns(
        {where: {word: tuple(found) for word, found in words.items()} for where, words in by_word.items()},
        {where: tuple(found) for where, found in always.items()},
        {pair: tuple(entries.values()) for pair, entries in owners.items()},
    )


def captures(pattern: str, text: str) -> Mapping[str, str]:
    """The named groups of the first match of a pattern in a text; empty ones are left out."""
    match = _compiled(pattern).search(text)
    return {name: value for name, value in match.groupdict().items() if value} if match else {}


def span(pattern: str, text: str) -> tuple[int, int] | None:
    """Where a pattern first matches."""
    match = _compiled(pattern).search(text)
    return match.span() if match else None


@lru_cache(maxsize=16_384)
def _compiled(pattern: str) -> Any:
    return re2.compile(pattern)
