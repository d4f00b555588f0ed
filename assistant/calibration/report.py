"""The calibration report: what each threshold does on held-out folds, and which one is read from that."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.calibration.model import threshold as threshold_in_use
from assistant.evaluation.picture import picture
from assistant.evaluation.risk import Judged, calibration_error, cuts, reliability

TURNED_AWAY = 0.95
"""Share of what is out of scope that the gate must turn away. Not more: what is in scope should be answered."""

LOWEST, HIGHEST = 0.05, 0.95
"""Between these a threshold may lie."""

_ROWS = 5  # of the table that is written down: every so many hundredths


@dataclass(frozen=True, slots=True)
class Held:
    """The judgements of gates that never saw the case; `searched` says whether the index took part."""

    searched: bool
    judged: tuple[Judged, ...]


def read_threshold(judged: Sequence[Judged]) -> float:
    """The lowest threshold of the table that turns away TURNED_AWAY of what is outside."""
    rows = [each for each in cuts(judged) if LOWEST <= each.threshold <= HIGHEST]
    return next((each.threshold for each in rows if each.turned_away >= TURNED_AWAY), HIGHEST)


def write_report(folder: Path, held: Sequence[Held], cases: Sequence[str]) -> None:
    """Writes calibration.md and one picture for each fit. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = [_head(cases)]
    for each in held:
        name = f"calibration-{_name(each)}.svg"
        threshold = read_threshold(each.judged)
        _write(
            folder / name, picture(each.judged, threshold, f"Held-out calibration {_name(each)} the index")
        )
        parts.append(_section(each, threshold, name))
    _write(folder / "calibration.md", "\n\n".join(parts) + "\n")


def _head(cases: Sequence[str]) -> str:
    return f"""# When Tracedoc abstains

Made by `python -m assistant.calibration CASES … --report docs` from {", ".join(f"`{name}`" for name in cases)}; every
probability comes from a gate and a topic classifier that never saw the case (five folds).

*answered*: share of all cases at least that confident. *wrong*: share of these answers that are on another topic, or
to something out of scope. *turned away*: share of what is out of scope that is abstained from. *lost*: share of what is in
scope that is abstained from. An error that names itself (a whole signature) is answered without asking the gate.

The threshold is the lowest row that turns away at least {TURNED_AWAY:.0%} of what is out of scope (**bold**): a lower one answers
what nobody here knows, a higher one loses questions that have an answer."""


def _section(held: Held, threshold: float, file: str) -> str:
    inside = sum(each.inside for each in held.judged)
    bins = reliability(held.judged)
    rows = ["| threshold | answered | wrong | turned away | lost |", "| ---: | ---: | ---: | ---: | ---: |"]
    for each in cuts(held.judged):
        chosen = each.threshold == threshold
        if not chosen and round(each.threshold * 100) % _ROWS:
            continue
        cells = [
            f"{each.threshold:.2f}",
            *(f"{share:.3f}" for share in (each.coverage, each.risk, each.turned_away, each.lost)),
        ]
        rows.append("| " + " | ".join(f"**{cell}**" if chosen else cell for cell in cells) + " |")
    said = ["| said | cases | mean said | in scope |", "| --- | ---: | ---: | ---: |"]
    said += [f"| {b.low:.1f}–{b.high:.1f} | {b.count} | {b.said:.3f} | {b.covered:.3f} |" for b in bins]
    return "\n\n".join(
        (
            f"## {_name(held).capitalize()} the index",
            f"{inside} cases in scope, {len(held.judged) - inside} out of scope. Threshold **{threshold:.2f}**{_in_use(held, threshold)}; mean distance between "
            f"what was said and what was so {calibration_error(bins):.3f}.",
            f"![Risk against coverage, and calibration]({file})",
            "\n".join(rows),
            "\n".join(said),
        )
    )


def _in_use(held: Held, threshold: float) -> str:
    """That the weights that are shipped have another threshold, where they were fitted on other cases or entries."""
    shipped = threshold_in_use(searched=held.searched)
    return "" if shipped == threshold else f" (the shipped weights, fitted earlier, have {shipped:.2f})"


def _name(held: Held) -> str:
    return "with" if held.searched else "without"


def _write(file: Path, text: str) -> None:
    beside = file.with_name(f"{file.name}.part")
    beside.write_text(text, encoding="utf-8")
    beside.replace(file)
