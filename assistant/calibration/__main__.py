"""`python -m assistant.calibration CASES.jsonl …`: fits topics.npz and weights.json.

Entries are mended by looking at cases; on those cases their patterns then look surer than they are on
what people will paste. So the weights are fitted with `--entries`, a checkout of the entries from before they
were mended (the topic classifier is trained on today's).

Three fits, each on signs that the fit before did not see in training (five folds): the topic
classifier; the ranker, a softmax over each case's candidates (no weight is negative: no sign speaks
against an entry); the gate, a logistic regression. Ranker and gate are fitted with and without the
index. Figures are printed from held-out folds, never from the fit itself; the threshold is read from their
table of risk and coverage (calibration/report.py), which `--report FOLDER` writes down with its picture.
`--no-fit` only reports, on the weights that are there.
"""

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from assistant.calibration.features import GATE_NAMES, POINT_NAMES, RANK_NAMES
from assistant.calibration.fit_topics import held_out_topics, save_topics, train_topics
from assistant.calibration.report import Held, read_threshold, write_report
from assistant.calibration.topics import OUTSIDE
from assistant.case import Case, build_case
from assistant.cli.engine import command_engine
from assistant.cli.eval import read_cases
from assistant.diagnosis import diagnose
from assistant.evaluation import contains, turns_of
from assistant.evaluation.risk import Judged, cut
from assistant.pipeline import Engine, Ranking, gate_features
from assistant.reading import read
from assistant.retrieval import Similarity, candidates, point_features, query_of, similarities
from corpus import Point, load
from corpus.parse import ENTRIES

WEIGHTS = Path(__file__).parent / "weights.json"
FOLDS = 5
_PENALTY = 0.001


Group: TypeAlias = tuple[NDArray[np.float64], NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A labelled case, read, with the topics that a classifier which never saw it finds likely."""

    label: Mapping[str, Any]
    case: Case
    topics: Mapping[str, float]

    @property
    def right(self) -> set[str]:
        return {self.label["topic"], *self.label.get("also", ())}

    @property
    def inside(self) -> bool:
        return bool(self.label["topic"] != OUTSIDE)


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Fits the weights of ranking and abstention on labelled cases."
    )
    parser.add_argument("cases", nargs="+", type=Path)
    parser.add_argument(
        "--entries", type=Path, default=ENTRIES, help="entries that were not mended with these cases"
    )
    parser.add_argument(
        "--report", type=Path, metavar="FOLDER", help="writes calibration.md and its pictures into a folder"
    )
    parser.add_argument("--no-fit", action="store_true", help="writes no weights: only reports")
    arguments = parser.parse_args()
    fits = not arguments.no_fit
    labels = [case for file in arguments.cases for case in read_cases(file)]
    engine = command_engine(arguments.entries)
    cases = [build_case([read(turn) for turn in turns_of(label)]) for label in labels]
    queries = [query_of(case) for case in cases]
    wanted = [str(label["topic"]) for label in labels]
    topics = held_out_topics(engine.corpus, queries, wanted, FOLDS)
    rows = [Labelled(*row) for row in zip(labels, cases, topics, strict=True)]
    inside = [row for row in rows if row.inside]
    hits = sum(_likeliest(row.topics) in row.right for row in inside)
    print(f"topics: right in {hits} of {len(inside)} held-out cases in scope ({hits / len(inside):.3f})")
    if fits:
        save_topics(train_topics(load(), queries, wanted))
    weights: dict[str, Any] = {}
    held: list[Held] = []
    for searched, suffix in ((True, ""), (False, "_unsearched")):
        index = engine.find_index() if searched else None
        similar = [similarities(row.case, index) if index else None for row in rows]
        if fits:
            found = [_ranking(engine, *row) for row in zip(rows, similar, strict=True)]
            weights[f"rank{suffix}"] = _named(RANK_NAMES, _fit_ranker(rows, found, searched))
            _write(weights)
        again = [_ranking(engine, *row) for row in zip(rows, similar, strict=True)]
        if fits:
            weights[f"point{suffix}"] = _named(POINT_NAMES, _fit_points(rows, again, searched))
        weights[f"gate{suffix}"], judged = _fit_gate(rows, again)
        held.append(Held(searched, judged))
        weights[f"threshold{suffix}"] = _threshold(held[-1])
    if fits:
        _write(weights)
    if arguments.report:
        write_report(arguments.report, held, [file.name for file in arguments.cases])


def _likeliest(topics: Mapping[str, float]) -> str:
    return max(topics, key=lambda topic: topics[topic])


def _ranking(engine: Engine, row: Labelled, similar: Mapping[tuple[str, str], Similarity] | None) -> Ranking:
    found = diagnose(row.case, engine.patterns)
    return Ranking(candidates(engine.corpus, found, row.topics, similar), row.topics, similar)


def _write(weights: dict[str, Any]) -> None:
    """Writes what is fitted so far over the old weights (the gate's signs depend on the ranking)."""
    from assistant.calibration import model

    old = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    WEIGHTS.write_text(json.dumps({**old, **weights}, indent=1) + "\n", encoding="utf-8")
    model._weights.cache_clear()


def _fit_ranker(rows: Sequence[Labelled], found: Sequence[Ranking], searched: bool) -> NDArray[np.float64]:
    groups = []
    for row, ranking in zip(rows, found, strict=True):
        right = np.array([each.diagnosis.entry.topic in row.right for each in ranking.candidates])
        if row.inside and right.any():
            groups.append((np.array([each.features.values() for each in ranking.candidates]), right))
    inside = sum(row.inside for row in rows)
    return _fitted(groups, f"rank {_with(searched)} index: right topic first", inside)


def _fit_points(rows: Sequence[Labelled], found: Sequence[Ranking], searched: bool) -> NDArray[np.float64]:
    """A point is right where its text holds the key points that the case asks for."""
    groups = []
    for row, ranking in zip(rows, found, strict=True):
        ranked = ranking.candidates
        if not row.inside or not ranked or ranked[0].diagnosis.entry.topic not in row.right:
            continue
        near = [each for each in ranked[:8] if each.diagnosis.entry.topic == ranked[0].diagnosis.entry.topic]
        pairs = [(each, match) for each in near for match in each.diagnosis.points]
        right = np.array([_holds_key_points(match.point, row) for _, match in pairs])
        if right.any() and not right.all():
            features = [
                point_features(each, match, ranked[0].score, ranking.similar).values()
                for each, match in pairs
            ]
            groups.append((np.array(features), right))
    return _fitted(groups, f"point {_with(searched)} index: one with all key points first", len(groups))


def _holds_key_points(point: Point, row: Labelled) -> bool:
    lang = row.case.lang
    text = " ".join([point.title[lang], *(step.text for step in (*point.why[lang], *point.fix[lang]))])
    return all(any(contains(text, each) for each in group) for group in row.label.get("must", ()))


def _fitted(groups: Sequence[Group], what: str, total: int) -> NDArray[np.float64]:
    """The weights fitted on all groups; prints how often the best is right in held-out folds."""
    hits = 0
    for fold in range(FOLDS):
        weights = _ranker([group for number, group in enumerate(groups) if number % FOLDS != fold])
        hits += sum(bool(right[np.argmax(features @ weights)]) for features, right in groups[fold::FOLDS])
    print(f"{what} in {hits} of {total} held-out cases ({hits / total:.3f})", flush=True)
    return _ranker(groups)


def _with(searched: bool) -> str:
    return "with" if searched else "without"


def _ranker(groups: Sequence[Group]) -> NDArray[np.float64]:
    """Softmax weights, none negative; a group is the features of the rivals and which are right."""
    count = groups[0][0].shape[1]

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total, gradient = _PENALTY * float(weights @ weights), 2 * _PENALTY * weights
        for features, right in groups:
            scores = features @ weights
            every, wanted = _softmax(scores), _softmax(scores[right])
            total += (_log_sum(scores) - _log_sum(scores[right])) / len(groups)
            gradient = gradient + (every @ features - wanted @ features[right]) / len(groups)
        return total, gradient

    found = minimize(loss, np.ones(count), jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * count)
    weights: NDArray[np.float64] = found.x
    return weights


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    exponents: NDArray[np.float64] = np.exp(scores - scores.max())
    shares: NDArray[np.float64] = exponents / exponents.sum()
    return shares


def _log_sum(scores: NDArray[np.float64]) -> float:
    top = float(scores.max())
    return top + math.log(float(np.exp(scores - top).sum()))


def _fit_gate(
    rows: Sequence[Labelled], found: Sequence[Ranking]
) -> tuple[dict[str, float], tuple[Judged, ...]]:
    """The gate's weights, and its judgement of each case by a gate that never saw it."""
    features = np.array(
        [gate_features(row.case, ranking).values() for row, ranking in zip(rows, found, strict=True)]
    )
    inside = np.array([row.inside for row in rows])
    gate = LogisticRegression(C=1.0, class_weight="balanced", max_iter=5_000)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    held_out = cross_val_predict(gate, features, inside, cv=folds, method="predict_proba")[:, 1]
    judged = tuple(
        Judged(float(probability), row.inside, row.inside and _leads_right(row, ranking))
        for row, ranking, probability in zip(rows, found, held_out, strict=True)
    )
    gate.fit(features, inside)
    return {"bias": round(float(gate.intercept_[0]), 4), **_named(GATE_NAMES, gate.coef_[0])}, judged


def _leads_right(row: Labelled, ranking: Ranking) -> bool:
    return bool(ranking.candidates) and ranking.candidates[0].diagnosis.entry.topic in row.right


def _threshold(held: Held) -> float:
    """The threshold that is read from the held-out table, and printed with what it does."""
    threshold = read_threshold(held.judged)
    here = cut(held.judged, threshold)
    print(
        f"gate {_with(held.searched)} index: at {threshold:.2f}, held out, {here.turned_away:.3f} of what is "
        f"outside abstained, {here.lost:.3f} of the rest; {here.risk:.3f} of the answers on a wrong topic"
    )
    return threshold


def _named(names: Sequence[str], values: NDArray[np.float64]) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in zip(names, values, strict=True)}


if __name__ == "__main__":
    main()
