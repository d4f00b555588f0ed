"""Scored cases, comparisons and gaps as text for a terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.evaluation.figures import FIRST, by_group, confusions
from assistant.evaluation.saved import Compared
from assistant.evaluation.scoring import Scored

if TYPE_CHECKING:
    from assistant.evaluation.gaps import Gap

_COLUMNS = {
    "cases": "cases",
    "topic": "topic",
    "points": "points",
    "complete": "complete",
    "never": "never",
    "wrongly_abstained": "wr. abst.",
    "outside": "outside",
    "abstained": "abstained",
    "recall": "recall",
    "mrr": "mrr",
    "median_length": "length",
}
_CONFUSIONS, _LONG = 15, 300


def table(scored: Sequence[Scored], k: int = FIRST) -> str:
    """The figures of all, and by language, kind and topic; confusions; how far confidence can be trusted."""
    from assistant.calibration import threshold
    from assistant.evaluation.risk import calibration_error, cut, judged, reliability

    groups = by_group(scored, k)
    lines = [f"{'':32}" + "".join(f"{said:>10}" for said in _COLUMNS.values())]
    for name, figures in groups.items():
        shown = {**figures, "recall": figures[f"recall_at_{k}"]}
        lines.append(f"{name[:32]:32}" + "".join(f"{_shown(shown[column]):>10}" for column in _COLUMNS))
    every, judgements = groups["all"], judged(scored)
    here = cut(judgements, threshold(searched=True))
    lines += [
        "",
        f"recall at 1 {_shown(every['recall_at_1'])}, at {k} {_shown(every[f'recall_at_{k}'])}, "
        f"mrr {_shown(every['mrr'])}; median answer {_shown(every['median_length'])} characters, "
        f"longest {_shown(every['longest'])}, median {_shown(every['median_ms'])} ms",
        f"at the threshold {here.threshold:g}: {here.coverage:.1%} answered, {here.risk:.1%} of them on a wrong topic; "
        f"calibration error {_shown(calibration_error(reliability(judgements)))}",
    ]
    mixed = confusions(scored)
    lines += [f"  {count} x {wanted} taken for {given}" for wanted, given, count in mixed[:_CONFUSIONS]]
    if len(mixed) > _CONFUSIONS:
        lines.append(f"  and {len(mixed) - _CONFUSIONS} other pairs (--json has all)")
    return "\n".join(lines)


def misses(scored: Sequence[Scored], k: int = FIRST) -> str:
    """What went wrong, a line a case."""
    lines = []
    for each in scored:
        answer = each.answer
        missing = [
            group for group, hit in zip(each.case.get("must", ()), each.points, strict=True) if not hit
        ]
        faults = {
            "wrong topic": not each.topic and not each.outside,
            "answered": each.outside and not answer.abstained,
            "WRONG ADVICE": each.never,
            f"missing {missing}": bool(missing) and not each.outside,
            f"search: {each.rank or 'not found'}": each.rank is not None and not 0 < each.rank <= k,
        }
        if any(faults.values()):
            given = answer.topic or ("abstained" if answer.abstained else answer.basis)
            lines.append(
                f"- {each.case['id']} [{each.case['topic']}] → {given} {answer.entry}#{answer.point} "
                f"{answer.confidence}: " + "; ".join(fault for fault, so in faults.items() if so)
            )
    return "\n".join(lines)


def comparison(compared: Compared) -> str:
    """What got better and worse, with the figures of the cases that both runs have."""
    lines = ["", f"{'':32}{'saved':>10}{'now':>10}"]
    for name, (old, new) in compared.figures.items():
        lines.append(f"{name:32}{_shown(old):>10}{_shown(new):>10}")
    for title, changes in (("better", compared.better), ("worse", compared.worse)):
        lines.append(f"{title}: {len(changes) or 'none'}")
        lines += [f"  {name}: {change}" for name, change in changes.items()]
    for title, names in (("only in the saved run", compared.only_saved), ("new", compared.only_now)):
        if names:
            lines.append(f"{title}: {len(names)}")
    return "\n".join(lines)


def gap_list(found: "Sequence[Gap]") -> str:
    """Gaps, newest first: how many questions, since when, and what the newest says."""
    if not found:
        return "No stored question was abstained from or disliked."
    total = sum(len(gap.questions) for gap in found)
    lines = [f"{total} questions in {len(found)} groups, newest first."]
    for gap in found:
        newest, oldest = gap.questions[0], gap.questions[-1]
        days = f"{newest.created:%Y-%m-%d}" + (
            f" (since {oldest.created:%Y-%m-%d})" if len(gap.questions) > 1 else ""
        )
        about = f" on {newest.topic} ({newest.entry})" if newest.entry else ""
        lines += ["", f"{len(gap.questions)} x {newest.reason}{about}, {days}, {newest.lang}"]
        if newest.exception:
            lines.append(f"  {newest.exception}")
        lines.append(f"  {_short(newest.text)}")
        lines += [
            f"  said: {said}" for said in dict.fromkeys(said for each in gap.questions for said in each.said)
        ]
    return "\n".join(lines)


def _short(text: str) -> str:
    """One line of a message: its beginning and its end, where the error stands."""
    line = " ".join(text.split())
    half = _LONG // 2
    return line if len(line) <= _LONG else f"{line[:half]} … {line[-half:]}"


def _shown(figure: float | int | None) -> str:
    if figure is None:
        return "–"
    return str(figure) if isinstance(figure, int) else f"{figure:.3f}"
