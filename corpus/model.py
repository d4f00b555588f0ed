"""What an entry of the corpus is, once read: plain frozen data, no behaviour beyond look-ups.

An entry is one failure (or one subject of the reference), an entry's *points* are its causes
(or its answers), each with the evidence that speaks for it. Text is kept per language.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

LANGS = ("en", "zh")

Text: TypeAlias = Mapping[str, str]
"""The same text by language: keys are LANGS."""


@dataclass(frozen=True, slots=True)
class Signature:
    """An error text that names the entry. `pattern` is RE2 with named groups; `where` is the part
    of the reading it is searched in; `weight` in (0, 1] says how surely it names the entry."""

    pattern: str
    where: str = "text"
    weight: float = 1.0
    unless: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a point: a pattern (`find`), a condition over facts (`condition`), or both.
    `says` is the clause shown to the user ("because …"); empty when it is not worth saying."""

    find: str
    condition: str
    where: str
    weight: float
    says: Text


@dataclass(frozen=True, slots=True)
class Step:
    """One paragraph, list item or code block of a fix, shown unless its condition forbids it."""

    text: str
    when: str = ""
    unless: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """One cause with its fix, or one question with its answer."""

    id: str
    title: Text
    why: Mapping[str, tuple[Step, ...]]
    tell: Text
    fix: Mapping[str, tuple[Step, ...]]
    evidence: tuple[Evidence, ...]
    asks: Mapping[str, tuple[str, ...]]
    sources: tuple[str, ...]
    prior: float = 0.0


@dataclass(frozen=True, slots=True)
class Section:
    """A section of an entry beyond its points: its steps by language."""

    steps: Mapping[str, tuple[Step, ...]]


@dataclass(frozen=True)
class Entry:
    """One Markdown file of `corpus/entries`."""

    id: str
    topic: str
    section: str
    title: Text
    facts: tuple[str, ...]
    libraries: Mapping[str, str]
    see: tuple[str, ...]
    signatures: tuple[Signature, ...]
    cues: tuple[str, ...]
    sources: Mapping[str, str]
    happened: Mapping[str, tuple[str, ...]]
    points: tuple[Point, ...]
    overview: Section
    more: Section
    versions: Section
    check: Section
    file: str

    def patterns(self) -> Iterator[tuple[str, str]]:
        """All its patterns, each with the part of a reading that it is searched in."""
        for signature in self.signatures:
            yield signature.where, signature.pattern
            if signature.unless:
                yield "text", signature.unless
        for cue in self.cues:
            yield "text", cue
        for point in self.points:
            for evidence in point.evidence:
                if evidence.find:
                    yield evidence.where, evidence.find

    @cached_property
    def point_by_id(self) -> Mapping[str, Point]:
        return {point.id: point for point in self.points}


@dataclass(frozen=True)
class Corpus:
    """All entries in the order of their ids, the hash of the files they came from, and for each of
    their patterns what it cannot match without (see literals.py)."""

    entries: tuple[Entry, ...]
    hash: str
    literals: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)

    @cached_property
    def by_id(self) -> Mapping[str, Entry]:
        return {entry.id: entry for entry in self.entries}
