"""Whether words stand in a sentence as they do in the evidence, or a rival stands in their place: another
name, another number, an alternative, the opposite."""

import numpy as np

from assistant.grounding.alignment import MATCHED, Alignment, share
from assistant.grounding.evidence import Evidence
from assistant.grounding.layout import Floats, rivals
from assistant.grounding.structure import Word


def place_features(laid: Alignment, evidence: Evidence, columns: np.ndarray) -> dict[str, float]:
    """Where rivals stand nearer to a word's surroundings than the word itself."""
    kinds = ("name", "number", "sibling", "opposite", "opposite_name")
    worst = {f"{how}_{kind}": 0.0 for how in ("moved", "other") for kind in kinds}
    own = np.zeros(len(laid.words.words))
    found_at: list[np.ndarray] = []
    for row in range(len(own)):
        places = columns & (laid.strength[row] >= MATCHED) & laid.agrees[row]
        found_at.append(places)
        if places.any():
            own[row] = laid.context[row, places].max()
    for row, word in enumerate(laid.words.words):
        trust = min(1.0, float(laid.support[row]) * 1.5)
        how = "moved" if found_at[row].any() else "other"
        for kind, rival in _rivals(laid, evidence, columns, row, word).items():
            margin = (rival - own[row]) * trust
            if kind.startswith("opposite") and how == "other":
                margin = max(0.0, rival - 0.12) * 1.5
            worst[f"{how}_{kind}"] = max(worst[f"{how}_{kind}"], float(margin))
    weights = np.where([places.any() for places in found_at], laid.words.weight, 0.0)
    found = dict(worst)
    found["swap"] = _swap(laid, evidence, found_at, own)
    found["context"] = share(own, weights)
    found["context_worst"] = float(own[weights >= 0.5].min()) if (weights >= 0.5).any() else 0.0
    return found


def _rivals(
    laid: Alignment, evidence: Evidence, columns: np.ndarray, row: int, word: Word
) -> dict[str, float]:
    """How well the best rival of each kind stands in a word's place."""
    there = evidence.layout.words
    matched = columns & (laid.strength[row] >= MATCHED)
    found: dict[str, float] = {}
    against = matched & ~laid.agrees[row]
    if against.any() and word.token.weight >= 0.25:
        kind = "opposite_name" if word.token.kind == "name" else "opposite"
        found[kind] = float(laid.context[row, against].max())
    for at in np.flatnonzero(columns & ~matched):
        kind = rivals(word, there[at])
        if kind:
            found[kind] = max(found.get(kind, 0.0), float(laid.context[row, at]))
    return found


def _swap(laid: Alignment, evidence: Evidence, found_at: list[np.ndarray], own: Floats) -> float:
    """How much better two words of the sentence would stand in each other's place."""
    best = 0.0
    words = laid.words.words
    for one, first in enumerate(words):
        if not found_at[one].any():
            continue
        for two in range(one + 1, len(words)):
            if found_at[two].any() and rivals(first, words[two]):
                crossed = laid.context[one, found_at[two]].max() + laid.context[two, found_at[one]].max()
                best = max(best, float(crossed - own[one] - own[two]))
    return best
