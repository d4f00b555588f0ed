"""All patterns of the corpus, compiled once into RE2 sets: one pass over a text, in linear time,
tells which of a thousand patterns match; only those are then searched for what they capture.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

from corpus import Corpus

WHERE = ("text", "message", "frames", "prose", "config")


@dataclass(frozen=True)
class Patterns:
    """For each part of a reading the set of patterns searched in it, and the patterns themselves."""

    sets: Mapping[str, Any]
    texts: Mapping[str, tuple[str, ...]]

    def matches(self, parts: Mapping[str, str]) -> frozenset[tuple[str, str]]:
        """The (where, pattern) pairs that match in these parts of a reading."""
        found: set[tuple[str, str]] = set()
        for where, compiled in self.sets.items():
            part = parts.get(where, "")
            if part and compiled is not None:
                texts = self.texts[where]
                found.update((where, texts[number]) for number in compiled.Match(part) or ())
        return frozenset(found)


def compile_patterns(corpus: Corpus) -> Patterns:
    """Compiles every signature, cue and evidence pattern of a corpus."""
    wanted: dict[str, dict[str, None]] = {where: {} for where in WHERE}
    for entry in corpus.entries:
        for signature in entry.signatures:
            wanted[signature.where][signature.pattern] = None
            if signature.unless:
                wanted["text"][signature.unless] = None
        for cue in entry.cues:
            wanted["text"][cue] = None
        for point in entry.points:
            for evidence in point.evidence:
                if evidence.find:
                    wanted[evidence.where][evidence.find] = None
    texts = {where: tuple(patterns) for where, patterns in wanted.items()}
    return Patterns({where: _set(patterns) for where, patterns in texts.items()}, texts)


def captures(pattern: str, text: str) -> Mapping[str, str]:
    """The named groups of the first match of a pattern in a text; empty ones are left out."""
    match = _compiled(pattern).search(text)
    return {name: value for name, value in match.groupdict().items() if value} if match else {}


def span(pattern: str, text: str) -> tuple[int, int] | None:
    """Where a pattern first matches."""
    match = _compiled(pattern).search(text)
    return match.span() if match else None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> Any:
    return re2.compile(pattern)


def _set(patterns: Sequence[str]) -> Any:
    if not patterns:
        return None
    options = re2.Options()
    options.max_mem = 64 << 20
    compiled = re2.Set.SearchSet(options)
    for pattern in patterns:
        compiled.Add(pattern)
    compiled.Compile()
    return compiled
