"""What diagnosis finds: plain frozen data."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from corpus import Entry, Point


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a point was chosen: a clause in both languages, placeholders not yet filled."""

    says: Mapping[str, str]
    weight: float


@dataclass(frozen=True, slots=True)
class PointMatch:
    """A point with the evidence for it: `support` the sum of weights, `found` the same without what
    only conditions speak for (they say nothing about what an input is about)."""

    point: Point
    support: float = 0.0
    found: float = 0.0
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One entry that matches, and how.

    `signature` is the strength (0 to 1) of its best error signature, 0 where none matched; `cues` the
    number of its cues that matched; `captures` what the patterns caught; `points` all the entry's points,
    the one that is meant first.
    """

    entry: Entry
    points: tuple[PointMatch, ...]
    signature: float = 0.0
    cues: int = 0
    captures: Mapping[str, str] = field(default_factory=dict)

    @property
    def best(self) -> PointMatch:
        return self.points[0]

    @property
    def point(self) -> Point:
        return self.points[0].point

    @property
    def support(self) -> float:
        return self.points[0].support

    @property
    def found(self) -> float:
        return self.points[0].found

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return self.points[0].reasons

    def at(self, match: PointMatch) -> "Diagnosis":
        """The same diagnosis with another of its points meant."""
        return replace(self, points=(match, *(each for each in self.points if each is not match)))
