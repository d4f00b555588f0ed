"""Ranks the corpus's entries for one message of a case, and then the points of the likeliest topic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.calibration import Features, PointFeatures, rank, rank_point, scaled
from assistant.case import Case
from assistant.diagnosis import Diagnosis, PointMatch
from assistant.retrieval.query import query_of
from corpus import Corpus, Entry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from corpus.passages import Passage
    from index.search import Index

DECIDED = 0.85
"""A signature of this strength in the exception that matters decides without a search."""
_NEAR = 8
"""Entries whose points are ranked against each other."""


@dataclass(frozen=True, slots=True)
class Similarity:
    """Best lexical (0 to 1) and dense (cosine) scores of an entry's or a point's passages."""

    lexical: float = 0.0
    dense: float = 0.0


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


def similarities(case: Case, index: "Index") -> dict[tuple[str, str], Similarity]:
    """What the index finds for the message, by (entry, point) and by (entry, "")."""
    import numpy as np

    scores = index.scores(query_of(case))
    keys, groups = _grouped(index.passages)
    best = np.zeros((2, len(keys)), dtype=np.float32)
    for row, found in enumerate((scores.lexical, scores.dense)):
        for members in groups:
            np.maximum.at(best[row], members, found)
    return {key: Similarity(*pair) for key, pair in zip(keys, best.T.tolist(), strict=True)}


_KEPT: dict[int, tuple[Sequence[Any], Any]] = {}


def _grouped(
    passages: "Sequence[Passage]",
) -> tuple[tuple[tuple[str, str], ...], tuple["NDArray[Any]", ...]]:
    """The (entry, point) keys of an index's passages, and for each passage the numbers of its two
    keys: its point's, and its entry's. Kept for the index in use, whose passages never change."""
    kept = _KEPT.get(id(passages))
    if kept is None or kept[0] is not passages:
        _KEPT.clear()
        kept = _KEPT[id(passages)] = (passages, _group(passages))
    found: tuple[tuple[tuple[str, str], ...], tuple[NDArray[Any], ...]] = kept[1]
    return found


def _group(passages: "Sequence[Passage]") -> tuple[tuple[tuple[str, str], ...], tuple["NDArray[Any]", ...]]:
    import numpy as np

    numbers: dict[tuple[str, str], int] = {}
    members = [
        (
            numbers.setdefault((passage.entry, passage.point), len(numbers)),
            numbers.setdefault((passage.entry, ""), len(numbers)),
        )
        for passage in passages
    ]
    return tuple(numbers), tuple(np.array(column) for column in zip(*members, strict=True))


def candidates(
    corpus: Corpus,
    diagnoses: Sequence[Diagnosis],
    topics: Mapping[str, float],
    similar: Mapping[tuple[str, str], Similarity] | None = None,
) -> tuple[Candidate, ...]:
    """All entries that diagnosis or search found, best first. `topics` is the probability of each
    topic by the words alone; `similar` is None where no index was searched."""
    by_entry = {each.entry.id: each for each in diagnoses}
    ids = {*by_entry, *(entry for entry, _ in similar or ())}
    result = []
    for entry_id in ids:
        entry = corpus.by_id.get(entry_id)
        if entry is None:  # a passage of the user's own notes
            continue
        diagnosis = by_entry.get(entry_id) or _bare(entry)
        near = (similar or {}).get((entry_id, ""), Similarity())
        features = Features(
            signature=diagnosis.signature,
            support=_share(diagnosis.support),
            found=_share(diagnosis.found),
            cues=min(diagnosis.cues, 2) / 2.0,
            lexical=near.lexical,
            dense=near.dense,
            topic=scaled(topics.get(entry.topic, 0.0)),
        )
        result.append(Candidate(diagnosis, features, rank(features, searched=similar is not None)))
    return tuple(sorted(result, key=lambda each: (-each.score, each.diagnosis.entry.id)))


def ranked_points(
    ranked: Sequence[Candidate], similar: Mapping[tuple[str, str], Similarity] | None
) -> tuple[Diagnosis, ...]:
    """The points of the best candidate's topic, best first, each as its entry's diagnosis with that
    point meant."""
    if not ranked:
        return ()
    topic = ranked[0].diagnosis.entry.topic
    scored = []
    for candidate in ranked[:_NEAR]:
        diagnosis = candidate.diagnosis
        if diagnosis.entry.topic != topic:
            continue
        for position, match in enumerate(diagnosis.points):
            features = point_features(candidate, match, ranked[0].score, similar)
            score = rank_point(features, searched=similar is not None)
            scored.append((-score, diagnosis.entry.id, position, diagnosis.at(match)))
    return tuple(each for *_, each in sorted(scored, key=lambda item: item[:3]))


def point_features(
    candidate: Candidate,
    match: PointMatch,
    top: float,
    similar: Mapping[tuple[str, str], Similarity] | None,
) -> PointFeatures:
    """What speaks for one point of a candidate; `top` is the score of the best candidate."""
    entry = candidate.diagnosis.entry
    near = (similar or {}).get((entry.id, match.point.id), Similarity())
    return PointFeatures(
        entry=max(-4.0, candidate.score - top) / 4.0 + 1.0,
        support=max(-3.0, min(match.support, 6.0)) / 6.0,
        found=_share(match.found),
        usual=match.point.prior / 2.0 + (0.5 if match.point is entry.points[0] else 0.0),
        lexical=near.lexical,
        dense=near.dense,
    )


def _share(weight: float) -> float:
    return max(0.0, min(weight, 6.0)) / 6.0


def _bare(entry: Entry) -> Diagnosis:
    return Diagnosis(entry, tuple(PointMatch(point) for point in entry.points))
