"""Contestants side by side: figures, a verdict, a picture, examples."""

from collections.abc import Callable, Mapping, Sequence
from math import comb
from pathlib import Path
from statistics import mean
from typing import Any

from finetune.contest import Answered

_SHOWN = 16
_SURE = 0.05
_RATES: Mapping[str, Callable[[Answered], float]] = {
    "ends by itself": lambda each: each.score.ended,
    "right language": lambda each: each.score.language,
    "cites": lambda each: each.score.cites,
    "only valid citations": lambda each: each.score.citations_valid,
    "first fix and its reason": lambda each: each.score.fix and each.score.reason,
    "first fix": lambda each: each.score.fix,
    "reason": lambda each: each.score.reason,
    "no invented name or number": lambda each: not each.score.invented,
    "usable as it is": lambda each: each.score.usable,
    "after the checks: all supported": lambda each: each.score.shown_supported,
    "after the checks: not folded": lambda each: not each.score.folded,
}


def figures(answers: Sequence[Answered], more: Mapping[str, float | None]) -> dict[str, float]:
    """The figures of one contestant by name: shares of replies, and of sentences."""
    if not answers:
        return {}
    claims = sum(each.score.claims for each in answers)
    found: dict[str, float] = {name: round(mean(map(rate, answers)), 4) for name, rate in _RATES.items()}
    found["sentences supported"] = round(sum(each.score.supported for each in answers) / max(1, claims), 4)
    found["tokens of a reply"] = round(mean(each.score.tokens for each in answers), 1)
    found["tokens per second"] = round(mean(each.score.tokens_per_s for each in answers), 1)
    found["replies"] = len(answers)
    return found | {name: round(value, 4) for name, value in more.items() if value is not None}


def verdict(before: Sequence[Answered], after: Sequence[Answered], names: tuple[str, str]) -> str:
    """One sentence: whether the second is better, by a sign test over the replies that only one of them
    got right."""
    usable = {each.id: each.score.usable for each in before}
    pairs = [(usable[each.id], each.score.usable) for each in after if each.id in usable]
    gained = sum(new and not old for old, new in pairs)
    lost = sum(old and not new for old, new in pairs)
    chance = _sign_test(gained, lost)
    first, second = names
    counts = f"{gained} replies usable that were not, {lost} no longer, of {len(pairs)}"
    if gained > lost and chance < _SURE:
        return f"{second} is better than {first}: {counts}."
    if lost > gained and chance < _SURE:
        return f"{second} is worse than {first}: {counts}."
    return f"{second} is no better than {first}: {counts}, which may be chance (p = {chance:.2f})."


def table(results: Mapping[str, Mapping[str, float]]) -> str:
    """The figures as a Markdown table, a column a contestant."""
    names = list(dict.fromkeys(name for found in results.values() for name in found))
    lines = [f"| | {' | '.join(results)} |", f"| --- |{' --- |' * len(results)}"]
    for name in names:
        cells = [_cell(name, found.get(name)) for found in results.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def examples(answers: Mapping[str, Sequence[Answered]]) -> str:
    """Replies side by side as Markdown: the prompts on which the contestants differ first."""
    first = next(iter(answers.values()), ())
    by_id = {name: {each.id: each for each in found} for name, found in answers.items()}
    differing = sorted(
        first,
        key=lambda each: (
            len({found[each.id].score.usable for found in by_id.values() if each.id in found}) < 2
        ),
    )
    lines = ["# Replies side by side", ""]
    for each in differing[:_SHOWN]:
        lines += [
            f"## `{each.id}` · {each.topic} · {each.lang}",
            "",
            "~~~text",
            each.turns[-1][:600].replace("~~~", "~ ~ ~"),
            "",
            *each.evidence,
            "~~~",
            "",
        ]
        for name, found in by_id.items():
            if each.id in found:
                said = found[each.id]
                lines += [
                    f"**{name}** ({'usable' if said.score.usable else 'not usable'}{', folded' if said.folded else ''})",
                    "",
                    "~~~text",
                    said.raw.strip().replace("~~~", "~ ~ ~"),
                    "~~~",
                    "",
                ]
    return "\n".join(lines)


def draw(results: Mapping[str, Mapping[str, float]], picture: Path) -> None:
    """The shares as bars, to a PNG."""
    from matplotlib.figure import Figure

    names = [
        name for name in (*_RATES, "sentences supported") if all(name in found for found in results.values())
    ]
    figure = Figure(figsize=(9, 0.5 * len(names) + 1.5), layout="constrained")
    axis = figure.subplots()
    height = 0.8 / max(1, len(results))
    for place, (contestant, found) in enumerate(results.items()):
        rows = [row + place * height for row in range(len(names))]
        axis.barh(rows, [found[name] for name in names], height=height, label=contestant)
    axis.set_yticks([row + 0.4 - height / 2 for row in range(len(names))], names)
    axis.invert_yaxis()
    axis.set_xlim(0, 1)
    axis.grid(axis="x", alpha=0.25)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(picture, format="png", dpi=110)


def as_json(answered: Answered) -> dict[str, Any]:
    """A reply and its score as JSON."""
    from dataclasses import asdict

    return asdict(answered) | {"usable": answered.score.usable}


def _sign_test(gained: int, lost: int) -> float:
    """Two-sided probability of a split at least as uneven by chance."""
    count, least = gained + lost, min(gained, lost)
    if not count:
        return 1.0
    tails = 2 * sum(comb(count, k) for k in range(least + 1))
    return min(1.0, float(tails / 2**count))


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    if name in _RATES or name in ("sentences supported", "says that the evidence is silent"):
        return f"{value:.1%}"
    return f"{value:g}"
