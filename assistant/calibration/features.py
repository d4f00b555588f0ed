"""The signs that speak for a candidate, and for the corpus covering a message at all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any


@dataclass(frozen=True, slots=True)
class Features:
    """What speaks for one entry, each in 0…1: strength of its error signature; weighed evidence for
    its best point, and the part of it from patterns; cues; best lexical and dense scores of its passages; and how likely its topic is by the words alone (`topics.scaled`)."""

    signature: float
    support: float
    found: float
    cues: float
    lexical: float
    dense: float
    topic: float

    def values(self) -> tuple[float, ...]:
        return _VALUES[type(self)](self)


@dataclass(frozen=True, slots=True)
class PointFeatures:
    """What speaks for one point among those of the likeliest topic: its entry's score beside the best
    one's (1: the best itself); weighed evidence, and the part of it from patterns; whether it is its
    entry's usual one; best lexical and dense scores of its passages."""

    entry: float
    support: float
    found: float
    usual: float
    lexical: float
    dense: float

    def values(self) -> tuple[float, ...]:
        return _VALUES[type(self)](self)


@dataclass(frozen=True, slots=True)
class GateFeatures:
    """What speaks for a message being covered: the signs of its best candidate; how many of the
    message's words belong to our field, and signs of other software (see reading/domain.toml)."""

    signature: float
    found: float
    cues: float
    lexical: float
    dense: float
    topic: float
    domain: float
    libraries: float
    foreign: float

    def values(self) -> tuple[float, ...]:
        return _VALUES[type(self)](self)


RANK_NAMES = tuple(field.name for field in fields(Features))
POINT_NAMES = tuple(field.name for field in fields(PointFeatures))
GATE_NAMES = tuple(field.name for field in fields(GateFeatures))
_VALUES: Mapping[type, Callable[[Any], tuple[float, ...]]] = {
    Features: attrgetter(*RANK_NAMES),
    PointFeatures: attrgetter(*POINT_NAMES),
    GateFeatures: attrgetter(*GATE_NAMES),
}
