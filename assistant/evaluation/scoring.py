"""Answers cases, and says what of each answer is right."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.answering import Answer
from assistant.evaluation.cases import OUTSIDE, contains, turns_of
from assistant.pipeline import Engine, Options, answer_turns, rank_case, search

if TYPE_CHECKING:
    from index.search import Index

SHOWN = 3_000
"""Only so many characters of an answer count: nobody reads on."""

DEPTH = 20
"""How far down the results of `search` are looked through; beyond counts as not found."""

_ALONE = Options(here=False)
"""Figures must not depend on the machine that they are made on."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One case with its answer and what of it is right. `leading` is the topic that would have been answered:
    the answer's own, or, where it abstained, that of the best candidate (None: there was none). `rank` is the
    place (1 is first) of the first passage of a right topic in `search`, 0 if it is not among the first
    DEPTH, None where nothing was to be found or there is no index."""

    case: Mapping[str, Any]
    answer: Answer
    topic: bool
    points: tuple[bool, ...]
    never: bool
    leading: str | None = None
    rank: int | None = None

    @property
    def outside(self) -> bool:
        return bool(self.case["topic"] == OUTSIDE)

    @property
    def complete(self) -> bool:
        return all(self.points) and not self.never

    @property
    def right_if_answered(self) -> bool:
        """Whether an answer on the leading topic would serve: never for what is outside."""
        return not self.outside and self.leading in right_topics(self.case)


def score(
    engine: Engine, cases: Sequence[Mapping[str, Any]], done: Callable[[int], None] = lambda _: None
) -> tuple[Scored, ...]:
    """Answers and scores each case; `done` is told how many are. Raises UserError for a line that is no case."""
    index = engine.find_index()
    scored = []
    for number, case in enumerate(cases, 1):
        scored.append(_score(engine, index, case))
        done(number)
    return tuple(scored)


def _score(engine: Engine, index: "Index | None", case: Mapping[str, Any]) -> Scored:
    turns = turns_of(case)
    answer = answer_turns(engine, turns, _ALONE)
    leading = _leading(engine, turns) if answer.abstained else answer.topic
    found = None if index is None or case["topic"] == OUTSIDE else rank_in_search(engine, turns[-1], case)
    return score_answer(case, answer, leading, found)


def score_answer(
    case: Mapping[str, Any], answer: Answer, leading: str | None = None, rank: int | None = None
) -> Scored:
    """What of an answer is right."""
    shown = answer.markdown[:SHOWN]
    return Scored(
        case=case,
        answer=answer,
        topic=answer.topic in right_topics(case),
        points=tuple(any(contains(shown, each) for each in group) for group in case.get("must", ())),
        never=any(contains(shown, each) for each in case.get("never", ())),
        leading=leading,
        rank=rank,
    )


def right_topics(case: Mapping[str, Any]) -> set[str]:
    return {case["topic"], *case.get("also", ())}


def rank_in_search(engine: Engine, query: str, case: Mapping[str, Any]) -> int:
    """The place of the first passage of a right topic in `search`, 0 if it is not there."""
    right = right_topics(case)
    hits: Iterable[Any] = search(engine, query, DEPTH)
    return next((n for n, hit in enumerate(hits, 1) if hit.passage.topic in right), 0)


def _leading(engine: Engine, turns: Sequence[str]) -> str | None:
    from assistant.case import build_case
    from assistant.reading import read

    case = build_case([read(turn) for turn in turns])
    if not case.reading.text.strip():
        return None
    ranked = rank_case(engine, case).candidates
    return ranked[0].diagnosis.entry.topic if ranked else None
