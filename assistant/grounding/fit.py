"""Fits the weighing on labelled sentences: `python -m assistant.grounding.fit CASES.jsonl … [--held CASES.jsonl …]`.

Real cases count whole, sentences made from the corpus (practice.py) six tenths of that together; what
rules decide is left to them. A sentence is supported where it is likelier than not: the chances are calibrated by
the fit. Prints how well it does on the held-out cases, and a table for FOLD_BELOW (texts.py): how many
replies that are really well or badly supported each limit would fold.
"""

import argparse
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant.grounding import claims, rules
from assistant.grounding.check import check
from assistant.grounding.evidence import prepare
from assistant.grounding.features import Features, features
from assistant.grounding.practice import practice
from assistant.grounding.sentences import split
from assistant.grounding.structure import parse
from assistant.grounding.weighing import FILE, Weights, supported_chance, weights

_PRACTICE, _PRACTICE_WEIGHT = 6000, 0.6
_TREES, _DEPTH, _RATE, _SEEDS = 150, 3, 0.06, 10
_THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Labelled:
    """A labelled sentence as the weighing sees it; `decided` where rules decide before (True: supported).
    `kind` says how it was made (tests/grounding/cases/README.md)."""

    measured: Features
    supported: bool
    reply: int
    decided: bool | None
    kind: str


def labelled(rows: Sequence[dict[str, Any]]) -> list[Labelled]:
    """What is measured of each labelled sentence of the cases."""
    found: list[Labelled] = []
    for number, row in enumerate(rows):
        evidence = prepare(row["evidence"], [row.get("question") or ""])
        pieces = [piece.text for piece in split(row["text"])]
        for label in row["sentences"]:
            squeezed = "".join(label["text"].split())
            inside = [
                text
                for text in pieces
                if "".join(text.split()) in squeezed or squeezed in "".join(text.split())
            ]
            text = max(inside, key=len, default=label["text"])
            sentence = parse(text)
            decided: bool | None = None
            if rules.fault(sentence, evidence):
                decided = False
            elif claims.is_question(text) or claims.points_only(sentence) or claims.says_silent(sentence):
                decided = True
            measured = features(sentence, evidence)
            found.append(Labelled(measured, bool(label["supported"]), number, decided, label["kind"]))
    return found


def fitted(cases: Sequence[Labelled], extra: Sequence[Labelled]) -> Weights:
    """The weighing, fitted on cases and, with less weight, on extra ones; the threshold is still 0.5."""
    from sklearn.ensemble import GradientBoostingClassifier

    cases = [case for case in cases if case.decided is None]
    extra = [case for case in extra if case.decided is None]
    names = tuple(sorted(cases[0].measured))
    rows = [*cases, *extra]
    table = np.array([[row.measured[name] for name in names] for row in rows])
    labels = np.array([row.supported for row in rows])
    share = _PRACTICE_WEIGHT * len(cases) / max(len(extra), 1)
    importance = np.array([1.0] * len(cases) + [share] * len(extra))
    models = [
        GradientBoostingClassifier(
            n_estimators=_TREES, max_depth=_DEPTH, learning_rate=_RATE, subsample=0.6, min_samples_leaf=15,
            max_features=0.3, random_state=seed,
        ).fit(table, labels, sample_weight=importance)
        for seed in range(_SEEDS)
    ]  # fmt: skip
    return _exported(models, names, importance, labels)


def _exported(models: list[Any], names: tuple[str, ...], importance: Any, labels: Any) -> Weights:
    size = 2 ** (_DEPTH + 1) - 1
    trees = [tree for model in models for tree in model.estimators_[:, 0]]
    arrays = {name: np.zeros((len(trees), size)) for name in ("feature", "bound", "left", "right", "value")}
    for number, tree in enumerate(trees):
        inner = tree.tree_
        for name, source in (
            ("feature", np.where(inner.children_left < 0, -1, inner.feature)), ("bound", inner.threshold),
            ("left", inner.children_left), ("right", inner.children_right),
            ("value", inner.value[:, 0, 0] * _RATE / len(models)),
        ):  # fmt: skip
            arrays[name][number, : len(source)] = source
    chance = float((importance * labels).sum() / importance.sum())
    return Weights(
        names, arrays["feature"].astype(np.int64), arrays["bound"], arrays["left"].astype(np.int64),
        arrays["right"].astype(np.int64), arrays["value"], float(np.log(chance / (1 - chance))), 0.5,
    )  # fmt: skip


def chances(cases: Sequence[Labelled], model: Weights) -> Any:
    """The chance of each case; 0 or 1 where rules decide."""
    return np.array(
        [
            supported_chance(case.measured, model) if case.decided is None else float(case.decided)
            for case in cases
        ]
    )


def left_out(cases: Sequence[Labelled], extra: Sequence[Labelled], folds: int = 5) -> Any:
    """The chance of each case by a model that was fitted without its reply."""
    found = np.zeros(len(cases))
    for fold in range(folds):
        inside = [at for at, case in enumerate(cases) if case.reply % folds == fold]
        model = fitted([case for case in cases if case.reply % folds != fold], extra)
        found[inside] = chances([cases[at] for at in inside], model)
    return found


def _said(name: str, scores: Any, cases: Sequence[Labelled], threshold: float) -> str:
    labels = np.array([case.supported for case in cases])
    caught, flagged = (scores[~labels] < threshold).mean(), (scores[labels] < threshold).mean()
    return f"{name}: {len(cases)} sentences, false caught {caught:.3f}, true flagged {flagged:.3f}"


def _by_kind(scores: Any, cases: Sequence[Labelled], threshold: float) -> str:
    """How many sentences of each kind are taken for unsupported."""
    counts: dict[tuple[bool, str], list[int]] = {}
    for case, score in zip(cases, scores, strict=True):
        count = counts.setdefault((case.supported, case.kind), [0, 0])
        count[0] += score < threshold
        count[1] += 1
    return "\n".join(
        f"  {'true' if supported else 'false'} {kind}: {said} of {total} unsupported"
        for (supported, kind), (said, total) in sorted(counts.items())
    )


def _rows(files: Sequence[Path]) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for file in files
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]


def _folds(rows: Sequence[dict[str, Any]]) -> str:
    """How many replies of each real share the limits would fold, by the checker as it stands."""
    found = []
    for row in rows:
        claimed = [bool(label["supported"]) for label in row["sentences"]]
        share = check(row["text"], row["evidence"], row.get("question") or "").share
        found.append((sum(claimed) / len(claimed), share))
    lines = ["limit: folded of replies with a real share of 0, (0, 0.5), [0.5, 1), 1"]
    groups = [(0.0, 0.0), (0.01, 0.49), (0.5, 0.99), (1.0, 1.0)]
    for limit in (0.25, 0.34, 0.4, 0.5, 0.6, 0.67, 0.75):
        shares = [[share for real, share in found if low <= real <= high] for low, high in groups]
        lines.append(
            f"{limit}: " + ", ".join(f"{sum(s < limit for s in part)}/{len(part)}" for part in shares)
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="Fits the grounding checker.")
    parser.add_argument("cases", nargs="+", type=Path)
    parser.add_argument("--held", nargs="*", type=Path, default=[])
    parser.add_argument("--corpus", type=Path, default=Path("corpus/entries"))
    arguments = parser.parse_args()
    rows = _rows(arguments.cases)
    cases, extra = labelled(rows), labelled(practice(arguments.corpus, _PRACTICE))
    scores = left_out(cases, extra)
    model = fitted(cases, extra)
    data = io.BytesIO()
    np.savez_compressed(
        data, names=np.array(model.names), feature=model.feature.astype(np.int16), bound=model.bound.astype(np.float32),
        left=model.left.astype(np.int8), right=model.right.astype(np.int8), value=model.value.astype(np.float32),
        start=model.start, threshold=_THRESHOLD,
    )  # fmt: skip
    beside = FILE.with_suffix(".new")
    beside.write_bytes(data.getvalue())
    beside.replace(FILE)
    weights.cache_clear()
    print(_said("left out", scores, cases, _THRESHOLD))
    print(_by_kind(scores, cases, _THRESHOLD))
    for file in arguments.held:
        held = labelled(_rows([file]))
        print(_said(file.name, chances(held, weights()), held, _THRESHOLD))
    print(_folds(rows))


if __name__ == "__main__":
    main()
