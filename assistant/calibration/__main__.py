"""`python -m assistant.calibration CASES.jsonl …`: fits weights.json on labelled cases.

The ranker is a softmax over each case's candidates (weights not negative: no sign speaks against an
entry); the gate a logistic regression with a penalty. Both are fitted with and without the index. The threshold is
the one that loses least in cross-validation, a wrong abstention counting WRONG_ABSTENTION times as much as an answer to what
is not covered. Figures are printed from cross-validation, never from the fit itself.
"""

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from assistant.calibration.features import GATE_NAMES, RANK_NAMES
from assistant.case import build_case
from assistant.cli.engine import command_engine
from assistant.cli.eval import read_cases
from assistant.diagnosis import diagnose
from assistant.evaluation import OUTSIDE, turns_of
from assistant.pipeline import Engine, gate_features
from assistant.reading import read
from assistant.retrieval import Candidate, candidates

WEIGHTS = Path(__file__).parent / "weights.json"
WRONG_ABSTENTION = 2.0
_PENALTY = 0.02
_FOLDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Fits the weights of ranking and abstention on labelled cases."
    )
    parser.add_argument("cases", nargs="+", type=Path)
    cases = [case for file in parser.parse_args().cases for case in read_cases(file)]
    engine = command_engine()
    weights: dict[str, Any] = {}
    for searched, suffix in ((True, ""), (False, "_unsearched")):
        ranked = [_candidates(engine, case, searched) for case in cases]
        weights[f"rank{suffix}"] = _named(RANK_NAMES, _fit_ranker(cases, ranked, suffix or "_searched"))
        _write(weights)
        gate, threshold = _fit_gate(engine, cases, searched, suffix or "_searched")
        weights[f"gate{suffix}"], weights[f"threshold{suffix}"] = gate, threshold
    _write(weights)


def _write(weights: dict[str, Any]) -> None:
    """Writes what is fitted so far over the old weights (the gate's signs depend on the ranking)."""
    from assistant.calibration import model

    old = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    WEIGHTS.write_text(json.dumps({**old, **weights}, indent=1) + "\n", encoding="utf-8")
    model._weights.cache_clear()


def _candidates(engine: Engine, case: dict[str, Any], searched: bool) -> tuple[Candidate, ...]:
    built = build_case([read(turn) for turn in turns_of(case)])
    found = diagnose(built, engine.corpus, engine.patterns)
    return candidates(built, engine.corpus, found, (), engine.find_index() if searched else None)


def _fit_ranker(
    cases: Sequence[dict[str, Any]], ranked: Sequence[tuple[Candidate, ...]], name: str
) -> NDArray[np.float64]:
    groups = []
    for case, found in zip(cases, ranked, strict=True):
        topics = {case["topic"], *case.get("also", ())}
        right = np.array([each.diagnosis.entry.topic in topics for each in found])
        if case["topic"] != OUTSIDE and right.any():
            groups.append((np.array([each.features.values() for each in found]), right))
    inside = sum(case["topic"] != OUTSIDE for case in cases)
    folds = [number % _FOLDS for number in range(len(groups))]
    hits = 0
    for fold in range(_FOLDS):
        weights = _ranker([g for g, f in zip(groups, folds, strict=True) if f != fold])
        held = [g for g, f in zip(groups, folds, strict=True) if f == fold]
        hits += sum(bool(right[np.argmax(features @ weights)]) for features, right in held)
    print(f"rank{name}: right topic first in {hits} of {inside} held-out cases ({hits / inside:.3f})")
    return _ranker(groups)


def _ranker(groups: Sequence[tuple[NDArray[np.float64], NDArray[np.bool_]]]) -> NDArray[np.float64]:
    count = len(RANK_NAMES)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total, gradient = _PENALTY * float(weights @ weights), 2 * _PENALTY * weights
        for features, right in groups:
            scores = features @ weights
            every = _softmax(scores)
            wanted = _softmax(scores[right])
            total += (_log_sum(scores) - _log_sum(scores[right])) / len(groups)
            gradient = gradient + (every @ features - wanted @ features[right]) / len(groups)
        return total, gradient

    start = np.ones(count)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * count)
    # `earlier` is about conversations, of which single messages tell nothing
    weights: NDArray[np.float64] = found.x
    weights[RANK_NAMES.index("earlier")] = 0.25 * weights[RANK_NAMES.index("signature")]
    return weights


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    exponent: NDArray[np.float64] = np.exp(scores - scores.max())
    return exponent / exponent.sum()


def _log_sum(scores: NDArray[np.float64]) -> float:
    top = float(scores.max())
    return top + math.log(float(np.exp(scores - top).sum()))


def _fit_gate(
    engine: Engine, cases: Sequence[dict[str, Any]], searched: bool, name: str
) -> tuple[dict[str, float], float]:
    rows, inside = [], []
    for case in cases:
        built = build_case([read(turn) for turn in turns_of(case)])
        rows.append(gate_features(built, _candidates(engine, case, searched)).values())
        inside.append(case["topic"] != OUTSIDE)
    features, labels = np.array(rows), np.array(inside)
    gate = LogisticRegression(C=3.0, class_weight="balanced", max_iter=5_000)
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    held_out = cross_val_predict(gate, features, labels, cv=folds, method="predict_proba")[:, 1]
    threshold = min(
        np.arange(0.05, 0.951, 0.01),
        key=lambda cut: (
            WRONG_ABSTENTION * (held_out[labels] < cut).mean() + (held_out[~labels] >= cut).mean()
        ),
    )
    wrong, right = (held_out[labels] < threshold).mean(), (held_out[~labels] < threshold).mean()
    print(
        f"gate{name}: held out, threshold {threshold:.2f}: {right:.3f} of what is outside abstained, {wrong:.3f} of the rest"
    )
    gate.fit(features, labels)
    weights = {"bias": round(float(gate.intercept_[0]), 4), **_named(GATE_NAMES, gate.coef_[0])}
    if not searched:
        weights["lexical"] = weights["dense"] = 0.0
    weights["earlier"] = 2.0
    return weights, round(float(threshold), 3)


def _named(names: Sequence[str], values: NDArray[np.float64]) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in zip(names, values, strict=True)}


if __name__ == "__main__":
    main()
