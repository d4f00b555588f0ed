"""Ranks the corpus's entries for one message of a case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.calibration import Features, rank, scaled
from assistant.case import Case
from assistant.diagnosis import Diagnosis
from assistant.retrieval.query import query_of
from corpus import Corpus, Entry

if TYPE_CHECKING:
    from index.search import Index

DECIDED = 0.85
"""A signature of this strength in the exception that matters decides without a search."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry with its diagnosis, the features that speak for it, and its score (higher is better)."""

    diagnosis: Diagnosis
    features: Features
    score: float


def is_decided(diagnoses: Sequence[Diagnosis]) -> bool:
    """Whether the signatures alone name what it is: all the strong ones are of one topic."""
    strong = [each for each in diagnoses if each.signature >= DECIDED]
    if not strong:
        return False
    rivals = [each for each in diagnoses if each.signature >= strong[0].signature - 0.15]
    return len({each.entry.topic for each in rivals}) == 1


def candidates(
    case: Case,
    corpus: Corpus,
    diagnoses: Sequence[Diagnosis],
    topics: Mapping[str, float],
    before: Sequence[Diagnosis] = (),
    index: "Index | None" = None,
) -> tuple[Candidate, ...]:
    """All entries that diagnosis or search found, best first. `topics` is the probability of each
    topic by the words alone; `before` are the diagnoses of the conversation's earlier messages, which
    a follow-up leans on."""
    by_entry = {each.entry.id: each for each in diagnoses}
    found = _searched(case, index) if index else {}
    earlier = _earlier(before)
    ids = {*by_entry, *earlier, *found}
    follow_up = len(case.turns) > 1
    result = []
    for entry_id in ids:
        entry = corpus.by_id.get(entry_id)
        if entry is None:
            continue
        diagnosis = by_entry.get(entry_id) or _bare(entry, found.get(entry_id, (0.0, 0.0, ""))[2])
        lexical, dense, _ = found.get(entry_id, (0.0, 0.0, ""))
        features = Features(
            signature=diagnosis.signature,
            support=max(0.0, min(diagnosis.support, 6.0)) / 6.0,
            found=max(0.0, min(diagnosis.found, 6.0)) / 6.0,
            cues=min(diagnosis.cues, 2) / 2.0,
            lexical=lexical,
            dense=dense,
            topic=scaled(topics.get(entry.topic, 0.0)),
            earlier=earlier.get(entry_id, 0.0) if follow_up else 0.0,
        )
        if not diagnosis.support and entry_id in found:
            diagnosis = _with_point(diagnosis, found[entry_id][2])
        result.append(Candidate(diagnosis, features, rank(features, searched=index is not None)))
    return tuple(sorted(result, key=lambda each: (-each.score, each.diagnosis.entry.id)))


def _searched(case: Case, index: "Index") -> dict[str, tuple[float, float, str]]:
    """Best lexical and dense score per entry, and the point of its best passage."""
    scores = index.scores(query_of(case.reading, case.turns[:-1]))
    best: dict[str, tuple[float, float, str]] = {}
    leading: dict[str, float] = {}
    for passage, lexical, dense in zip(index.passages, scores.lexical, scores.dense, strict=True):
        lex, den, point = best.get(passage.entry, (0.0, 0.0, ""))
        together = float(lexical) + 0.5 * float(dense)
        if passage.point and together > leading.get(passage.entry, 0.0):
            leading[passage.entry], point = together, passage.point
        best[passage.entry] = (max(lex, float(lexical)), max(den, float(dense)), point)
    return best


def _earlier(before: Sequence[Diagnosis]) -> dict[str, float]:
    """How strongly each entry was meant before: 1 for the best of an earlier message, then less."""
    return {each.entry.id: 1.0 / (1 + position) for position, each in enumerate(before[:4])}


def _bare(entry: Entry, point: str) -> Diagnosis:
    chosen = entry.point_by_id.get(point, entry.points[0])
    rest = [(each, 0.0) for each in entry.points if each is not chosen]
    return Diagnosis(entry, chosen, 0.0, 0.0, 0.0, 0, points=((chosen, 0.0), *rest))


def _with_point(diagnosis: Diagnosis, point: str) -> Diagnosis:
    """Where no evidence chose between the points, the one whose passage the search found does."""
    from dataclasses import replace

    chosen = diagnosis.entry.point_by_id.get(point)
    if chosen is None or chosen is diagnosis.point:
        return diagnosis
    rest = tuple(each for each in diagnosis.points if each[0] is not chosen)
    return replace(diagnosis, point=chosen, points=((chosen, 0.0), *rest), reasons=())
