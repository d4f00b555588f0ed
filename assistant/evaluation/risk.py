"""How far confidence can be trusted: the risk of answering against how many are answered, and the share that is
covered against the probability that was said.

Both take plain judgements, so that answers, and held-out folds of a fit, are measured alike.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.evaluation.scoring import Scored


@dataclass(frozen=True, slots=True)
class Judged:
    """One input: the probability that it is covered; whether it is in scope; whether an answer to it would be
    right (never for what is out of scope)."""

    confidence: float
    inside: bool
    right: bool


@dataclass(frozen=True, slots=True)
class Cut:
    """What a threshold does. `coverage`: share of all inputs that are answered; `risk`: share of the answers
    that are wrong (another topic, or out of scope; 0 where nothing is answered); `turned_away`: share of what
    is out of scope that is abstained from; `lost`: share of what is in scope that is."""

    threshold: float
    coverage: float
    risk: float
    turned_away: float
    lost: float


@dataclass(frozen=True, slots=True)
class Bin:
    """The inputs with a confidence from `low` up to `high`: how many, their mean confidence, and the share
    that is in scope."""

    low: float
    high: float
    count: int
    said: float
    covered: float


def judged(scored: "Iterable[Scored]") -> tuple[Judged, ...]:
    """Scored cases as judgements. What was abstained from counts as the topic that would have been answered."""
    return tuple(Judged(each.answer.confidence, not each.outside, each.right_if_answered) for each in scored)


STEPS = tuple(round(step / 100, 2) for step in range(101))


def cut(judged: Sequence[Judged], threshold: float) -> Cut:
    """What a threshold does: answered is what is as confident or more."""
    answered = [each for each in judged if each.confidence >= threshold]
    inside = sum(each.inside for each in judged)
    kept = sum(each.inside for each in answered)
    outside, let_in = len(judged) - inside, len(answered) - kept
    return Cut(
        threshold,
        coverage=_over(len(answered), len(judged)),
        risk=_over(sum(not each.right for each in answered), len(answered)),
        turned_away=_over(outside - let_in, outside),
        lost=_over(inside - kept, inside),
    )


def cuts(judged: Sequence[Judged], steps: Iterable[float] = STEPS) -> tuple[Cut, ...]:
    """What each threshold does, lowest first."""
    return tuple(cut(judged, step) for step in steps)


def reliability(judged: Sequence[Judged], bins: int = 10) -> tuple[Bin, ...]:
    """The bins of equal width that hold any input, lowest first."""
    found = []
    for number in range(bins):
        low, high = number / bins, (number + 1) / bins
        among = [
            each
            for each in judged
            if low <= each.confidence < high or (number == bins - 1 and each.confidence >= high)
        ]
        if among:
            said = sum(each.confidence for each in among) / len(among)
            share = sum(each.inside for each in among) / len(among)
            found.append(Bin(low, high, len(among), round(said, 4), round(share, 4)))
    return tuple(found)


def calibration_error(bins: Sequence[Bin]) -> float | None:
    """The mean distance between what was said and what was so (0 is perfect), weighed by the bins' sizes; None
    without inputs."""
    total = sum(each.count for each in bins)
    return (
        round(sum(each.count * abs(each.said - each.covered) for each in bins) / total, 4) if total else None
    )


def _over(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
