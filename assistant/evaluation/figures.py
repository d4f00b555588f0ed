"""The figures of scored cases, of all and by language, kind and topic."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from assistant.evaluation.scoring import Scored

Figures: TypeAlias = dict[str, float | int | None]

FIRST = 5
"""Recall is counted among so many results of `search`, unless another number is asked for."""


def figures(scored: Sequence[Scored], k: int = FIRST) -> Figures:
    """The figures of a set of scored cases, by name; None where there is nothing to divide by. Shares are 0 to
    1, lengths in characters. `recall_at_k` and `mrr` are of cases in scope whose query was searched."""
    inside = [each for each in scored if not each.outside]
    outside = [each for each in scored if each.outside]
    ranks = [each.rank for each in inside if each.rank is not None]
    lengths = [len(each.answer.markdown) for each in scored]
    return {
        "cases": len(inside),
        "topic": _share(each.topic for each in inside),
        "points": _share(point for each in inside for point in each.points),
        "complete": _share(each.complete for each in inside),
        "never": _share(each.never for each in inside),
        "wrongly_abstained": _share(each.answer.abstained for each in inside),
        "outside": len(outside),
        "abstained": _share(each.answer.abstained for each in outside),
        "recall_at_1": _share(rank == 1 for rank in ranks),
        f"recall_at_{k}": _share(0 < rank <= k for rank in ranks),
        "mrr": round(statistics.fmean(1 / rank if rank else 0.0 for rank in ranks), 4) if ranks else None,
        "median_length": statistics.median(lengths) if lengths else None,
        "longest": max(lengths, default=None),
        "median_ms": statistics.median(each.answer.ms for each in scored) if scored else None,
    }


def by_group(scored: Sequence[Scored], k: int = FIRST) -> dict[str, Figures]:
    """The figures of all, and by language, kind and topic."""
    groups: dict[str, list[Scored]] = defaultdict(list)
    for each in scored:
        groups["all"].append(each)
        groups[f"lang {each.case.get('lang', '?')}"].append(each)
        groups[f"kind {each.case.get('kind', 'dialog')}"].append(each)
    for each in sorted(scored, key=lambda each: str(each.case["topic"])):
        groups[f"topic {each.case['topic']}"].append(each)
    return {name: figures(group, k) for name, group in groups.items()}


def confusions(scored: Sequence[Scored]) -> list[tuple[str, str, int]]:
    """Pairs of the topic wanted and the topic given, with their number, most frequent first. What is out of
    scope and was answered is confused too."""
    wrong = Counter(
        (str(each.case["topic"]), _given(each))
        for each in scored
        if (not each.answer.abstained if each.outside else not each.topic)
    )
    return [(wanted, given, count) for (wanted, given), count in wrong.most_common()]


def _given(each: Scored) -> str:
    if each.answer.abstained:
        return "(abstained)"
    return str(each.answer.topic or f"({each.answer.basis} alone)")


def _share(values: Iterable[bool]) -> float | None:
    counted = list(values)
    return round(sum(counted) / len(counted), 4) if counted else None
