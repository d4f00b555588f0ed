"""Scores answers on labelled cases: right topic, key points, wrong advice, abstention, retrieval.

A case is a JSON object: `id`, `input` or `turns`, `topic` (and `also`), `lang`, `kind`; `must`, groups of
alternatives of which an answer satisfies a group by containing one (case-insensitive text, or a
regular expression after `re:`); `never`, what a right answer must not contain. Out-of-scope cases have the topic
"out-of-scope" and want an abstention. Only the first SHOWN characters of an answer count.
"""

import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.answering import Answer
from assistant.errors import UserError
from assistant.pipeline import Engine, answer_turns

SHOWN = 3_000
OUTSIDE = "out-of-scope"


@dataclass(frozen=True, slots=True)
class Scored:
    """One case with its answer and what of it is right."""

    case: Mapping[str, Any]
    answer: Answer
    topic: bool
    points: tuple[bool, ...]
    never: bool

    @property
    def outside(self) -> bool:
        return bool(self.case["topic"] == OUTSIDE)

    @property
    def complete(self) -> bool:
        return all(self.points) and not self.never


def score(engine: Engine, cases: Iterable[Mapping[str, Any]]) -> tuple[Scored, ...]:
    """Answers and scores each case. Raises UserError for a line that is no case."""
    return tuple(score_answer(case, answer_turns(engine, turns_of(case))) for case in cases)


def turns_of(case: Mapping[str, Any]) -> list[str]:
    fault = fault_of(case)
    if fault:
        raise UserError(f"the case {case.get('id', '?')!r} is {fault}.")
    turns: list[str] = case.get("turns", [case.get("input")])
    return turns


def fault_of(case: Mapping[str, Any]) -> str:
    """Why an object is no case, as the end of a sentence; "" if it is one."""
    turns = case.get("turns", [case.get("input")])
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, str) for turn in turns):
        return "no case: it needs `input` (a text) or `turns` (a list of texts)"
    if not isinstance(case.get("topic"), str):
        return "no case: it needs `topic`, the id of a topic"
    groups = case.get("must", [])
    if not isinstance(groups, list) or not all(isinstance(group, list) for group in groups):
        return "no case: `must` is a list of groups, each a list of texts"
    for wanted in (text for group in (*groups, case.get("never", [])) for text in group):
        try:
            re.compile(wanted.removeprefix("re:") if wanted.startswith("re:") else "")
        except (re.error, AttributeError) as error:
            return f"no case: {wanted!r} is not a text or pattern ({error})"
    return ""


def score_answer(case: Mapping[str, Any], answer: Answer) -> Scored:
    shown = answer.markdown[:SHOWN]
    return Scored(
        case=case,
        answer=answer,
        topic=answer.topic in (case["topic"], *case.get("also", ())),
        points=tuple(any(contains(shown, each) for each in group) for group in case.get("must", ())),
        never=any(contains(shown, each) for each in case.get("never", ())),
    )


def contains(text: str, wanted: str) -> bool:
    """Whether a text holds what a case asks for: plain text, or a regular expression after `re:`."""
    if wanted.startswith("re:"):
        return bool(re.search(wanted[3:], text, re.IGNORECASE | re.DOTALL))
    return wanted.lower() in text.lower()


def figures(scored: Sequence[Scored]) -> dict[str, float | int | None]:
    """The figures of a set of scored cases, by name; None where there is nothing to divide by."""
    inside = [each for each in scored if not each.outside]
    outside = [each for each in scored if each.outside]
    points = [point for each in inside for point in each.points]
    return {
        "cases": len(inside),
        "topic": _share(each.topic for each in inside),
        "points": _share(points),
        "complete": _share(each.complete for each in inside),
        "never": _share(each.never for each in inside),
        "wrongly_abstained": _share(each.answer.abstained for each in inside),
        "outside": len(outside),
        "abstained": _share(each.answer.abstained for each in outside),
        "median_length": statistics.median(len(each.answer.markdown) for each in scored) if scored else None,
        "median_ms": statistics.median(each.answer.ms for each in scored) if scored else None,
    }


def by_group(scored: Sequence[Scored]) -> dict[str, dict[str, float | int | None]]:
    """The figures of all, and by language, kind and topic."""
    groups: dict[str, list[Scored]] = defaultdict(list)
    for each in scored:
        groups["all"].append(each)
        groups[f"lang {each.case.get('lang', '?')}"].append(each)
        groups[f"kind {each.case.get('kind', 'dialog')}"].append(each)
    for each in sorted(scored, key=lambda each: str(each.case["topic"])):
        groups[f"topic {each.case['topic']}"].append(each)
    return {name: figures(group) for name, group in groups.items()}


def confusions(scored: Sequence[Scored]) -> list[tuple[str, str, int]]:
    """Pairs of the topic wanted and the topic given, with their number, most frequent first."""
    wrong = Counter(
        (str(each.case["topic"]), str(each.answer.topic or "(abstained)"))
        for each in scored
        if not each.outside and not each.topic
    )
    return [(wanted, given, count) for (wanted, given), count in wrong.most_common()]


def retrieval_figures(
    engine: Engine, cases: Sequence[Mapping[str, Any]], k: int = 5
) -> dict[str, float | None]:
    """Recall at 1 and k, and mean reciprocal rank, of a passage of the right topic in `search`."""
    index = engine.find_index()
    if index is None:
        return {"recall_at_1": None, f"recall_at_{k}": None, "mrr": None}
    ranks = []
    for case in cases:
        if case["topic"] == OUTSIDE:
            continue
        wanted = {case["topic"], *case.get("also", ())}
        hits = index.search(turns_of(case)[-1], max(k, 20))
        ranks.append(next((n for n, hit in enumerate(hits, 1) if hit.passage.topic in wanted), 0))
    return {
        "recall_at_1": _share(rank == 1 for rank in ranks),
        f"recall_at_{k}": _share(0 < rank <= k for rank in ranks),
        "mrr": statistics.fmean(1 / rank if rank else 0.0 for rank in ranks) if ranks else None,
    }


def _share(values: Iterable[bool]) -> float | None:
    counted = list(values)
    return round(sum(counted) / len(counted), 4) if counted else None
