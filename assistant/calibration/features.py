"""The signs that speak for a candidate, and for the corpus covering a message at all."""

from dataclasses import astuple, dataclass, fields


@dataclass(frozen=True, slots=True)
class Features:
    """What speaks for one entry, each in 0…1: strength of its error signature; weighed evidence for
    its best point, and the part of it from patterns; cues; best lexical and dense scores of its passages; how likely its topic is by the words alone (`topics.scaled`); and whether the
    conversation was about it before."""

    signature: float
    support: float
    found: float
    cues: float
    lexical: float
    dense: float
    topic: float
    earlier: float

    def values(self) -> tuple[float, ...]:
        return astuple(self)


@dataclass(frozen=True, slots=True)
class GateFeatures:
    """What speaks for a message being covered: the signs of its best candidate; how many of the
    message's words belong to our field, and signs of other software (see domain.toml)."""

    signature: float
    found: float
    cues: float
    lexical: float
    dense: float
    topic: float
    domain: float
    libraries: float
    foreign: float
    earlier: float

    def values(self) -> tuple[float, ...]:
        return astuple(self)


RANK_NAMES = tuple(field.name for field in fields(Features))
GATE_NAMES = tuple(field.name for field in fields(GateFeatures))
