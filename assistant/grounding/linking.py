"""Whether a sentence ties causes and conditions together as the evidence does, and says yes and no where it does."""

from collections.abc import Sequence

import numpy as np

from assistant.grounding.alignment import MATCHED, Alignment, share
from assistant.grounding.evidence import Evidence
from assistant.grounding.structure import Sentence, Word


def pole_features(laid: Alignment, evidence: Evidence, columns: np.ndarray) -> dict[str, float]:
    """Whether a clause says yes where the evidence's says no, and the other way round."""
    found = {"pole_yes": 0.0, "pole_no": 0.0, "pole_same": 0.0, "may_dropped": 0.0, "only_dropped": 0.0}
    if not columns.any():
        return found
    ours, theirs = laid.words.marks, evidence.layout.marks
    there = evidence.layout
    numbers = np.unique(there.segment[columns])
    groups = [np.flatnonzero(columns & (there.segment == number)) for number in numbers]
    for number in np.unique(laid.words.segment):
        rows = np.flatnonzero(laid.words.segment == number)
        weight = laid.words.weight[rows]
        if weight.sum() < 1.2:
            continue
        shares = np.array([share(laid.strength[np.ix_(rows, group)].max(axis=1), weight) for group in groups])
        here = laid.words.negative[number]
        close = [at for at in range(len(groups)) if shares[at] >= shares.max() - 0.08]
        same = any(there.negative[numbers[at]] == here for at in close)
        kind = "pole_same" if same else "pole_no" if here else "pole_yes"
        closest = float(shares.max())
        found[kind] = max(found[kind], closest)
        for mark in ("may", "only"):
            if all(mark in theirs[numbers[at]] for at in close) and mark not in ours[number]:
                found[f"{mark}_dropped"] = max(found[f"{mark}_dropped"], closest)
    return found


def link_features(
    sentence: Sentence, evidence: Evidence, laid: Alignment, columns: np.ndarray
) -> dict[str, float]:
    """Whether what the sentence ties together is tied the same way, the other way round, or not at all."""
    turned = loose = direction = 0.0
    places = {id(word): row for row, word in enumerate(laid.words.words)}
    there = {id(word): at for at, word in enumerate(evidence.layout.words)}
    numbers = {int(n) for n in np.unique(evidence.layout.sentence[columns])}
    links = [link for number in numbers for link in evidence.sentences[number].links]
    for link in sentence.links:
        ahead = back = 0.0
        first, second = _rows(link.first, places), _rows(link.second, places)
        for other in links:
            one, two = _rows(other.first, there), _rows(other.second, there)
            forth = min(_between(laid, first, one), _between(laid, second, two))
            contrary = min(_between(laid, first, two), _between(laid, second, one))
            if max(forth, contrary) > max(ahead, back):
                ahead, back = forth, contrary
        turned = max(turned, back - ahead)
        if link.kind == "cause":
            loose = max(loose, 1.0 - max(ahead, back))
            told = ahead - back if max(ahead, back) > 0.4 else _told(laid, evidence, columns, first, second)
            direction = min(direction, told) if direction < 0 or told < 0 else max(direction, told)
    return {
        "link_turned": max(0.0, turned),
        "link_loose": loose,
        "link_direction": direction,
        "links": float(any(link.kind == "cause" for link in sentence.links)),
    }


def _told(
    laid: Alignment, evidence: Evidence, columns: np.ndarray, first: list[int], second: list[int]
) -> float:
    """Where the evidence has no word for it: what it tells first is taken as the cause. 0 where it does not
    tell both."""
    best = 0.0
    for passage in np.unique(evidence.layout.passage[columns]):
        there = np.flatnonzero(columns & (evidence.layout.passage == passage))
        both = min(_between(laid, first, list(there)), _between(laid, second, list(there)))
        if both > max(0.35, abs(best)):
            one, two = _middle(laid, evidence, first, there), _middle(laid, evidence, second, there)
            best = both if two > one else -both
    return best


def _middle(laid: Alignment, evidence: Evidence, rows: list[int], there: np.ndarray) -> float:
    """Where in a passage the words of a part are said, on the average."""
    total = weight = 0.0
    for row in rows:
        strength = laid.strength[row, there]
        if strength.max() >= MATCHED:
            at = there[int(np.argmax(strength + laid.context[row, there]))]
            total += evidence.layout.x[at] * laid.words.weight[row]
            weight += laid.words.weight[row]
    return total / weight if weight else 0.0


def _rows(words: Sequence[Word], places: dict[int, int]) -> list[int]:
    return [places[id(word)] for word in words if id(word) in places]


def _between(laid: Alignment, rows: list[int], columns: list[int]) -> float:
    if not rows or not columns:
        return 0.0
    strength = laid.strength[np.ix_(rows, columns)].max(axis=1)
    return share(strength, laid.words.weight[rows])
