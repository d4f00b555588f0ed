"""The two linear models, read from weights.json."""

import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from assistant.calibration.features import (
    GATE_NAMES,
    POINT_NAMES,
    RANK_NAMES,
    Features,
    GateFeatures,
    PointFeatures,
)


def rank(features: Features, *, searched: bool) -> float:
    """The score of a candidate; `searched` says whether the index took part."""
    weights = _weights()["rank" if searched else "rank_unsearched"]
    return _weighted(weights, RANK_NAMES, features.values())


def rank_point(features: PointFeatures, *, searched: bool) -> float:
    """The score of a point among those of the likeliest topic."""
    weights = _weights()["point" if searched else "point_unsearched"]
    return _weighted(weights, POINT_NAMES, features.values())


def covered(features: GateFeatures, *, searched: bool) -> float:
    """The probability (0 to 1) that the corpus covers a message with these signs."""
    weights = _weights()["gate" if searched else "gate_unsearched"]
    logit = weights["bias"] + sum(
        weights.get(name, 0.0) * value for name, value in zip(GATE_NAMES, features.values(), strict=True)
    )
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))


def threshold(*, searched: bool) -> float:
    """The probability under which the answer is an abstention."""
    return float(_weights()["threshold" if searched else "threshold_unsearched"])


def _weighted(weights: Mapping[str, float], names: Sequence[str], values: Sequence[float]) -> float:
    return sum(weights.get(name, 0.0) * value for name, value in zip(names, values, strict=True))


@cache
def _weights() -> Mapping[str, Any]:
    data: Mapping[str, Any] = json.loads(
        (files("assistant.calibration") / "weights.json").read_text(encoding="utf-8")
    )
    return data
