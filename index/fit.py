"""Fits the weights of the fusion on labelled cases, and says how well each half finds the topic.

A case is a line of JSON with `input` and `topic`; other keys are ignored. Cases whose topic the
index does not have are passed over.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.files import write_atomic
from index.errors import IndexFault
from index.search import FUSION, Index
from index.tokens import language

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_STEPS = 20


@dataclass(frozen=True, slots=True)
class Quality:
    """Shares of cases whose topic is first, among the first five, and the mean reciprocal rank."""

    dense: float
    cases: int
    first: float
    five: float
    mrr: float


@dataclass(frozen=True, slots=True)
class Fit:
    """Qualities of one language: of each half alone and of the best weights found."""

    lang: str
    lexical: Quality
    dense: Quality
    fused: Quality


def read_cases(files: Sequence[Path]) -> tuple[tuple[str, str], ...]:
    """(input, topic) of each case. Raises IndexFault naming file and line of a bad one."""
    cases = []
    for file in files:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise IndexFault(f"{file} cannot be read: {error}") from error
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                case = json.loads(line)
                cases.append((str(case["input"]), str(case["topic"])))
            except (ValueError, KeyError, TypeError):
                raise IndexFault(f"{file}, line {number}: not a case with `input` and `topic`.") from None
    return tuple(cases)


def fit(index: Index, cases: Sequence[tuple[str, str]]) -> tuple[Fit, ...]:
    """The best weight of the dense half for each language that has cases, by mean reciprocal rank."""
    import numpy as np

    topics = sorted({passage.topic for passage in index.passages if passage.topic})
    columns = {topic: number for number, topic in enumerate(topics)}
    owner = np.array([columns.get(passage.topic, -1) for passage in index.passages])
    order = np.argsort(owner, kind="stable")
    order = order[owner[order] >= 0]
    starts = np.searchsorted(owner[order], np.arange(len(topics)))
    fits = []
    for lang in ("en", "zh"):
        chosen = [
            (text, columns[topic]) for text, topic in cases if topic in columns and language(text) == lang
        ]
        if not chosen:
            continue
        scores = [index.scores(text) for text, _ in chosen]
        truth = np.array([column for _, column in chosen])
        qualities = []
        for step in range(_STEPS + 1):
            share = step / _STEPS
            fused = np.stack([each.dense.clip(0, 1) * share + each.lexical * (1 - share) for each in scores])
            best = np.maximum.reduceat(fused[:, order], starts, axis=1)
            qualities.append(_quality(best, truth, share))
        fits.append(Fit(lang, qualities[0], qualities[-1], max(qualities, key=lambda each: each.mrr)))
    return tuple(fits)


def _quality(best: "NDArray[np.float32]", truth: "NDArray[np.int64]", share: float) -> Quality:
    own = best[range(len(truth)), truth]
    ranks = 1 + (best > own[:, None]).sum(axis=1)
    return Quality(
        dense=share,
        cases=len(truth),
        first=float((ranks <= 1).mean()),
        five=float((ranks <= 5).mean()),
        mrr=float((1 / ranks).mean()),
    )


def write_weights(fits: Sequence[Fit], file: Path = FUSION) -> None:
    """Writes the fitted weights; languages that were not fitted keep theirs. Raises OSError."""
    from index.search import weights

    shares: Mapping[str, float] = {
        **{lang: dense for lang, (dense, _) in weights().items()},
        **{each.lang: each.fused.dense for each in fits},
    }
    lines = ["# Weights of the two halves of the score by the query's language, by `python -m index fit`."]
    for lang, share in shares.items():
        lines += [f"[{lang}]", f"dense = {share:.2f}", f"lexical = {1 - share:.2f}"]
    write_atomic(file, ("\n".join(lines) + "\n").encode())
    weights.cache_clear()
