"""Weighs what was measured of a sentence: small trees, fitted by fit.py and kept as plain numbers in weights.npz."""

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.grounding.features import Features

FILE = Path(__file__).parent / "weights.npz"


@dataclass(frozen=True, slots=True)
class Weights:
    """Trees as arrays: node n of tree t asks whether feature[t, n] <= bound[t, n] and goes to left or right;
    a leaf has feature -1 and counts value[t, n]. `start` is added; `threshold` is the chance from which on
    a sentence counts as supported."""

    names: tuple[str, ...]
    feature: NDArray[np.int64]
    bound: NDArray[np.float64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    value: NDArray[np.float64]
    start: float
    threshold: float


@lru_cache(maxsize=1)
def weights() -> Weights:
    """The fitted numbers. Read once."""
    with np.load(FILE, allow_pickle=False) as stored:
        return Weights(
            tuple(str(name) for name in stored["names"]), stored["feature"].astype(np.int64),
            stored["bound"].astype(np.float64), stored["left"].astype(np.int64), stored["right"].astype(np.int64),
            stored["value"].astype(np.float64), float(stored["start"]), float(stored["threshold"]),
        )  # fmt: skip


def supported_chance(measured: Features, fitted: Weights | None = None) -> float:
    """How likely the evidence states a sentence, 0 to 1."""
    fitted = fitted or weights()
    row = np.array([measured[name] for name in fitted.names])
    trees = np.arange(len(fitted.feature))
    node = np.zeros(len(trees), dtype=np.int64)
    for _ in range(fitted.feature.shape[1]):
        asked = fitted.feature[trees, node]
        inner = asked >= 0
        if not inner.any():
            break
        goes_left = row[np.maximum(asked, 0)] <= fitted.bound[trees, node]
        node = np.where(inner, np.where(goes_left, fitted.left[trees, node], fitted.right[trees, node]), node)
    total = fitted.start + float(fitted.value[trees, node].sum())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def reason(measured: Features) -> str:
    """The key of why a sentence is not supported: what weighs most against it."""
    if measured["cite_gap"] > 0.15 or measured["names_elsewhere"] > 0.5:
        return "elsewhere"
    if measured["link_turned"] > 0.15 or measured["link_direction"] < -0.4:
        return "roles"
    if any(measured[f"{mark}_new"] for mark in ("always", "never", "sure", "total", "best")):
        return "stronger"
    if measured["cover_union"] > 0.55:
        if max(measured["other_opposite"], measured["bound_opposite"]) > 0.4 or measured["pole_yes"] > 0.6:
            return "opposite"
        if (
            max(measured[f"bound_off_{kind}"] for kind in ("name", "number", "sibling")) > 0.4
            or measured["swap"] > 0.1
        ):
            return "roles"
        if measured["only_new"] or measured["all_new"] or measured["must_new"]:
            return "stronger"
    return "unstated"
