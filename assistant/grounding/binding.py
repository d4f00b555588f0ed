"""Whether each name, number or alternative goes with the same neighbours as in the evidence, and whether two
names have kept their order."""

import itertools

import numpy as np

from assistant.grounding import names
from assistant.grounding.alignment import MATCHED, Alignment
from assistant.grounding.evidence import Evidence
from assistant.grounding.layout import Layout, distances, rivals
from assistant.grounding.structure import Word

_FAR = 3.0  # so much nearer is as clear as it gets


def bind_features(laid: Alignment, evidence: Evidence, columns: np.ndarray) -> dict[str, float]:
    """Whether each name, number or alternative goes with the same neighbour as in the evidence, or a
    rival of it is nearer there."""
    words, there = laid.words, evidence.layout
    off = {"name": 0.0, "number": 0.0, "sibling": 0.0}
    held = 0.0
    at_home = [np.flatnonzero(columns & (laid.strength[row] >= MATCHED)) for row in range(len(words.words))]
    opposed = 0.0
    for row, word in enumerate(words.words):
        opposed = max(opposed, _opposed(laid, columns, there, row, at_home))
        if word.token.weight < 0.8:
            continue
        others = [at for at in np.flatnonzero(columns) if at not in at_home[row]]
        rival = {kind: [at for at in others if rivals(word, there.words[at]) == kind] for kind in off}
        if not any(rival.values()):
            continue
        beside_all = _neighbours(laid, there, row, at_home)
        violated = dict.fromkeys(off, 0.0)
        for beside in beside_all:
            gap = _gap(there, at_home[row], at_home[beside])
            own = abs(words.x[row] - words.x[beside])
            for kind, places in rival.items():
                if not places:
                    continue
                nearest = min(places, key=lambda at: _gap(there, np.array([at]), at_home[beside]))
                nearer = _gap(there, np.array([nearest]), at_home[beside])
                here = [
                    abs(words.x[other] - words.x[beside])
                    for other in range(len(at_home))
                    if nearest in at_home[other]
                ]
                if any(gap_here <= nearer + 1 for gap_here in here):
                    continue  # the rival stands there in the sentence, too
                if nearer < gap - 0.9 and nearer <= own + 3:
                    violated[kind] += min(1.0, (gap - nearer) / _FAR) / len(beside_all)
                elif kind != "sibling" and gap <= own + 3:
                    held = 1.0
        for kind, value in violated.items():
            off[kind] = max(off[kind], value)
    return {
        **{f"bound_off_{kind}": value for kind, value in off.items()},
        "bound": held,
        "bound_opposite": opposed,
    }


def paired_off(laid: Alignment, evidence: Evidence, columns: np.ndarray) -> float:
    """1.0 where a number goes with a name while the evidence, as in a table, has it right beside another
    name of that kind, and another number right beside this one."""
    words, there = laid.words, evidence.layout
    beside = _tight(there, columns)
    for row, word in enumerate(words.words):
        if word.token.kind != "number":
            continue
        places = np.flatnonzero(columns & (laid.strength[row] >= MATCHED))
        partners = {name for at in places for name in beside.get(int(at), ())}
        kinds = {names.kind(there.words[name].token.text) for name in partners}
        near = _nearest_name(laid, row, kinds)
        if not partners or near is None:
            continue
        homes = {int(at) for at in np.flatnonzero(columns & (laid.strength[near] >= MATCHED))}
        others = [number for number, found in beside.items() if set(found) & homes]
        unit = word.token.quantity.unit if word.token.quantity else ""
        if not homes & partners and any(_unit(there.words[number]) == unit for number in others):
            return 1.0
    return 0.0


def _tight(there: Layout, columns: np.ndarray) -> dict[int, list[int]]:
    """Each number's names right beside it: the one before it, else the one after it."""
    found: dict[int, list[int]] = {}
    for at in np.flatnonzero(columns):
        if there.words[at].token.kind != "number":
            continue
        for other in (at - 1, at + 1):
            inside = (
                0 <= other < len(there.words)
                and columns[other]
                and there.sentence[other] == there.sentence[at]
            )
            if inside and there.words[other].token.kind == "name" and abs(there.x[other] - there.x[at]) < 1.5:
                found[int(at)] = [int(other)]
                break
    return found


def _nearest_name(laid: Alignment, row: int, kinds: set[str]) -> int | None:
    words = laid.words
    near = [
        (abs(words.x[row] - words.x[other]), other)
        for other, word in enumerate(words.words)
        if word.token.kind == "name" and names.kind(word.token.text) in kinds
    ]
    return min(near)[1] if near else None


def _unit(word: Word) -> str:
    return word.token.quantity.unit if word.token.quantity else ""


def _opposed(
    laid: Alignment, columns: np.ndarray, there: Layout, row: int, at_home: list[np.ndarray]
) -> float:
    """How surely the evidence says the opposite of a word beside the word's own neighbours."""
    if laid.words.weight[row] < 0.25:
        return 0.0
    matched = columns & (laid.strength[row] >= MATCHED)
    agreeing, against = (
        np.flatnonzero(matched & laid.agrees[row]),
        np.flatnonzero(matched & ~laid.agrees[row]),
    )
    if not len(against):
        return 0.0
    beside = _neighbours(laid, there, row, at_home)
    nearer = [_gap(there, against, at_home[other]) for other in beside]
    further = [_gap(there, agreeing, at_home[other]) for other in beside]
    votes = [1.0 if near <= 8 and near < far - 1 else 0.0 for near, far in zip(nearer, further, strict=True)]
    return sum(votes) / len(votes) if votes else 0.0


def _neighbours(laid: Alignment, there: Layout, row: int, at_home: list[np.ndarray]) -> list[int]:
    """The two nearest words of the same segment that the evidence has, and that are no rivals."""
    words = laid.words
    near = [
        (abs(words.x[row] - words.x[other]), other)
        for other in range(len(words.words))
        if other != row and words.segment[other] == words.segment[row] and len(at_home[other])
        and words.weight[other] >= 0.5 and not rivals(words.words[row], words.words[other])
    ]  # fmt: skip
    return [other for _, other in sorted(near)[:2]]


def _gap(there: Layout, ones: np.ndarray, others: np.ndarray) -> float:
    if not len(ones) or not len(others):
        return 20.0
    gaps = distances(there, ones)[:, others]
    gaps[ones[:, None] == others[None, :]] = 20.0
    return float(min(gaps.min(), 20.0))


def verbatim(laid: Alignment, columns: np.ndarray) -> float:
    """The share of neighbouring words that are neighbours in the evidence, too."""
    exact = [
        set(np.flatnonzero(columns & (strength >= 0.95) & agrees))
        for strength, agrees in zip(laid.strength, laid.agrees, strict=True)
    ]
    pairs = list(itertools.pairwise(exact))
    return (
        sum(any(at + 1 in second for at in first) for first, second in pairs) / len(pairs) if pairs else 0.0
    )


def order(laid: Alignment, columns: np.ndarray) -> float:
    """Whether two names of one segment stand in the other order in a segment of the evidence."""
    words = laid.words.words
    rows = [row for row, word in enumerate(words) if word.token.kind == "name"]
    for one, two in itertools.pairwise(rows):
        if laid.words.segment[one] != laid.words.segment[two]:
            continue
        first = np.flatnonzero(columns & (laid.strength[one] >= 0.75))
        second = np.flatnonzero(columns & (laid.strength[two] >= 0.75))
        if len(first) and len(second) and not set(first) & set(second):
            gaps = second[:, None] - first[None, :]
            nearest = gaps.flat[np.abs(gaps).argmin()]
            if nearest < 0:
                between = [w for w in words[min(one, two) : max(one, two) + 1] if _related(w)]
                return 1.0 if between else 0.3
    return 0.0


# Concepts that say something else when their two sides change places.
_SIDED = frozenset(
    [
        "exceed",
        "large",
        "many",
        "high",
        "fast",
        "long",
        "multiply",
        "divide",
        "early",
        "replace",
        "rename",
        "prefer_over",
        "outgrow",
        "depend",
        "convert",
        "copy",
        "inherit",
        "decide",
        "new",
        "improve",
    ]
)


def _related(word: Word) -> bool:
    return any(concept in _SIDED for concept, _ in word.token.concepts)
