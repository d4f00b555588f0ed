"""What diagnosis finds: plain frozen data."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from corpus import Entry, Point


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a point was chosen: a clause in both languages, placeholders not yet filled."""

    says: Mapping[str, str]
    weight: float


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One entry that matches, and how.

    `signature` is the strength (0 to 1) of its best error signature, 0 where none matched;
    `support` the sum of weights of the evidence for `point`, `found` the part of it that comes from
    patterns; `captures` what the patterns caught; `points` all the entry's points with their support, best first.
    """

    entry: Entry
    point: Point
    signature: float
    support: float
    found: float
    cues: int
    captures: Mapping[str, str] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()
    points: tuple[tuple[Point, float], ...] = ()
