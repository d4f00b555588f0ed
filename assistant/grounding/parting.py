"""Whether each part of a sentence is said by one part of the evidence, or is put together from several."""

import numpy as np

from assistant.grounding.alignment import MATCHED, Alignment, share
from assistant.grounding.evidence import Evidence
from assistant.grounding.layout import Floats, rivals
from assistant.grounding.structure import Word, negative

_LITTLE = 1.2  # a part that says less is not looked at
_NAMES = (
    "part_gap", "part_gap_two", "part_gap_mean", "part_rival", "part_left", "part_least",
    "part_least_one",
    "clash_opposite", "clash_ours", "clash_theirs", "clash_odd", "clash_amount",
)  # fmt: skip
# Marks of amount of which one says something else than the other.
_AMOUNTS = (
    ("also", "only"), ("all", "only"), ("all", "may"), ("never", "may"), ("only", "also"), ("only", "all"),
    ("always", "may"), ("never", "always"), ("always", "never"), ("must", "may"), ("sure", "may"), ("total", "may"),
)  # fmt: skip


def part_features(laid: Alignment, evidence: Evidence, columns: np.ndarray) -> dict[str, float]:
    """How much of a part is lost where it has to be found in one part of the evidence, or in two that follow
    each other; what else stands there (a rival of what is lost, words that the sentence does not say)."""
    found = dict.fromkeys(_NAMES, 0.0)
    there = evidence.layout
    numbers = np.unique(there.segment[columns])
    if not len(numbers) or not len(laid.words.words):
        return found
    groups = [np.flatnonzero(columns & (there.segment == number)) for number in numbers]
    owners = np.array([there.sentence[group[0]] for group in groups])
    table: Floats = np.stack([laid.strength[:, group].max(axis=1) for group in groups], axis=1)
    gaps: list[tuple[float, float]] = []
    for number in np.unique(laid.words.segment):
        rows = np.flatnonzero(laid.words.segment == number)
        weight = laid.words.weight[rows]
        if weight.sum() < _LITTLE:
            continue
        inside = table[rows]
        single = np.array([share(inside[:, at], weight) for at in range(len(groups))])
        whole = share(inside.max(axis=1), weight)
        pairs = [
            share(np.maximum(inside[:, at], inside[:, at + 1]), weight)
            for at in range(len(groups) - 1)
            if owners[at] == owners[at + 1]
        ]
        one, two = float(single.max()), max([*pairs, float(single.max())])
        found["part_gap"] = max(found["part_gap"], whole - one)
        found["part_gap_two"] = max(found["part_gap_two"], whole - two)
        found["part_least"] = max(found["part_least"], 1 - whole)
        found["part_least_one"] = max(found["part_least_one"], 1 - one)
        gaps.append((whole - one, float(weight.sum())))
        best = int(single.argmax())
        found["part_rival"] = max(
            found["part_rival"], _rival(laid, evidence, rows, groups[best], inside[:, best])
        )
        heavy = groups[best][there.weight[groups[best]] >= 0.5]
        if len(heavy):
            said = laid.strength[:, heavy].max(axis=0) >= MATCHED
            left = float((there.weight[heavy] * ~said).sum() / there.weight[heavy].sum())
            found["part_left"] = max(found["part_left"], left * one)
        found["clash_amount"] = max(
            found["clash_amount"], one * _amount(laid.words.marks[number], there.marks[numbers[best]])
        )
        for name, value in _clash(laid, evidence, rows, groups[best]).items():
            found[name] = max(found[name], value * one)
    if gaps:
        found["part_gap_mean"] = sum(gap * size for gap, size in gaps) / sum(size for _, size in gaps)
    return found


def _rival(
    laid: Alignment, evidence: Evidence, rows: np.ndarray, group: np.ndarray, strength: Floats
) -> float:
    """The share of a part's weight that stands elsewhere while a rival of it stands here, unsaid."""
    unsaid = [at for at in group if laid.strength[rows, at].max() < MATCHED]
    lost = total = 0.0
    for row, found in zip(rows, strength, strict=True):
        total += laid.words.weight[row]
        if found < MATCHED and any(rivals(laid.words.words[row], evidence.layout.words[at]) for at in unsaid):
            lost += laid.words.weight[row]
    return lost / total if total else 0.0


def _amount(ours: frozenset[str], theirs: frozenset[str]) -> float:
    return float(any(one in ours - theirs and other in theirs - ours for one, other in _AMOUNTS))


def _clash(laid: Alignment, evidence: Evidence, rows: np.ndarray, group: np.ndarray) -> dict[str, float]:
    """What a part and its counterpart deny: words that are said with the other sign, and what only one of
    them denies. An odd number in all is a contradiction more often than a paraphrase."""
    ours, theirs = laid.words.words, evidence.layout.words
    strength, agrees = laid.strength[np.ix_(rows, group)], laid.agrees[np.ix_(rows, group)]
    same = np.where(agrees, strength, 0.0) >= MATCHED
    other = (
        (np.where(agrees, 0.0, strength) >= MATCHED) & ~same.any(axis=1, keepdims=True) & ~same.any(axis=0)
    )
    opposite = [at for at, row in enumerate(rows) if other[at].any() and laid.words.weight[row] >= 0.25]
    denied = [
        at for at, row in enumerate(rows)
        if _denies(ours[row]) and not same[at].any() and not other[at].any()
    ]  # fmt: skip
    denying = [
        at for at, place in enumerate(group)
        if _denies(theirs[place]) and not same[:, at].any() and not other[:, at].any()
    ]  # fmt: skip
    return {
        "clash_opposite": min(2.0, float(len(opposite))),
        "clash_ours": min(2.0, float(len(denied))),
        "clash_theirs": min(2.0, float(len(denying))),
        "clash_odd": float((len(opposite) + len(denied) + len(denying)) % 2),
    }


def _denies(word: Word) -> bool:
    return negative([word])
