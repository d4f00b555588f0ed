"""Keeps a run of scored cases in a JSON file, and says what differs between two runs, case by case."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import UserError
from assistant.evaluation.figures import FIRST, by_group
from assistant.evaluation.scoring import Scored

FORMAT = "tracedoc-eval-1"


@dataclass(frozen=True, slots=True)
class Compared:
    """What changed from a saved run to this one. `figures` are the saved run's and this one's of the cases that
    both have, by name; `better` and `worse` say for the id of a case what changed (a case may be in
    both); `only_saved` and `only_now` are ids that the other run lacks."""

    figures: Mapping[str, tuple[float | None, float | None]]
    better: Mapping[str, str]
    worse: Mapping[str, str]
    only_saved: tuple[str, ...]
    only_now: tuple[str, ...]


def run_of(scored: Sequence[Scored], k: int = FIRST) -> dict[str, Any]:
    """A run as it is saved: its figures, and of each case what was right. Raises UserError where two cases
    share an id."""
    twice = [name for name, count in Counter(str(each.case["id"]) for each in scored).items() if count > 1]
    if twice:
        raise UserError(
            f"two cases have the id {twice[0]!r}: runs are compared by id, so each needs its own."
        )
    return {
        "format": FORMAT,
        "k": k,
        "figures": by_group(scored, k),
        "cases": {str(each.case["id"]): _case(each, k) for each in scored},
    }


def save(file: Path, run: Mapping[str, Any]) -> None:
    """Writes a run (OSError where that fails)."""
    beside = file.with_name(f"{file.name}.part")
    beside.write_text(json.dumps(run, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    beside.replace(file)


def read(file: Path) -> dict[str, Any]:
    """A saved run. Raises UserError for another file."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror or error}.") from None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.get("format") != FORMAT or not _whole(found.get("cases")):
        raise UserError(f"{file} is no saved run: make one with `tracedoc eval … --save FILE`.")
    return found


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> Compared:
    """What got better and what got worse."""
    old, new = before["cases"], after["cases"]
    both = [name for name in new if name in old]
    better, worse = {}, {}
    for name in both:
        gains, losses = _changes(old[name], new[name])
        if gains:
            better[name] = "; ".join(gains)
        if losses:
            worse[name] = "; ".join(losses)
    return Compared(
        figures={
            what: (_mean(old, both, what), _mean(new, both, what))
            for what in ("topic", "points", "complete", *_FLAGS)
        },
        better=better,
        worse=worse,
        only_saved=tuple(name for name in old if name not in new),
        only_now=tuple(name for name in new if name not in old),
    )


_FLAGS = {"never": False, "abstention": True, "found": True}
"""What else is said of a case, and which value is the good one."""

_WORDS = {
    "topic": ("topic right", "topic wrong"),
    "never": ("no wrong advice", "wrong advice"),
    "abstention": ("answered or abstained rightly", "answered or abstained wrongly"),
    "found": ("found by search", "not found by search"),
}


def _case(each: Scored, k: int) -> dict[str, Any]:
    inside = not each.outside
    return {
        "topic": each.topic if inside else None,
        "given": each.answer.topic,
        "entry": each.answer.entry,
        "points": list(each.points) if inside else [],
        "complete": each.complete if inside else None,
        "never": each.never if inside else None,
        "abstention": each.answer.abstained == each.outside,
        "found": None if each.rank is None else 0 < each.rank <= k,
        "confidence": each.answer.confidence,
        "length": len(each.answer.markdown),
    }


def _whole(cases: Any) -> bool:
    needed = {"topic", "given", "points", "complete", *_FLAGS}
    return isinstance(cases, dict) and all(
        isinstance(case, dict) and needed <= case.keys() and isinstance(case["points"], list)
        for case in cases.values()
    )


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """What got better in a case, and what got worse."""
    gains: list[str] = []
    losses: list[str] = []
    for what, good in {"topic": True, **_FLAGS}.items():
        was, now = old[what], new[what]
        if None in (was, now) or was == now:
            continue
        said = _WORDS[what][0 if now == good else 1]
        if what in ("topic", "abstention"):
            said += f" ({old['given'] or 'abstained'} → {new['given'] or 'abstained'})"
        (gains if now == good else losses).append(said)
    had, has = sum(old["points"]), sum(new["points"])
    if had != has and len(old["points"]) == len(new["points"]):
        (gains if has > had else losses).append(f"key points {had} → {has} of {len(new['points'])}")
    return gains, losses


def _mean(cases: Mapping[str, Any], names: Sequence[str], what: str) -> float | None:
    found = [cases[name].get(what) for name in names]
    values = [
        each
        for value in found
        for each in (value if isinstance(value, list) else [value])
        if each is not None
    ]
    return round(sum(values) / len(values), 4) if values else None
