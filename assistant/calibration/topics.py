"""The topic classifier: how likely each topic is, by the words of a message alone.

A multinomial logistic regression over tf-idf of the lexical tokens (identifiers whole and in parts,
Chinese bigrams, Chinese terms translated), trained by `python -m assistant.calibration` on the corpus's
passages and asks and on labelled cases in scope (whether a message is in scope at all is the gate's
question). It needs no index and no embedder. topics.npz holds its weights in half precision.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

OUTSIDE = "out-of-scope"
_CHARACTERS = 2_500


@dataclass(frozen=True)
class TopicModel:
    """Weights [terms, topics], bias [topics] and inverse document frequencies [terms]."""

    terms: Mapping[str, int]
    topics: tuple[str, ...]
    idf: "NDArray[Any]"
    weights: "NDArray[Any]"
    bias: "NDArray[Any]"

    def probabilities(self, text: str) -> Mapping[str, float]:
        """The probability of each topic for a text."""
        import numpy as np

        counts = Counter(number for term in terms_of(text) if (number := self.terms.get(term)) is not None)
        logits = self.bias.astype(np.float32)
        if counts:
            numbers = np.fromiter(counts, dtype=np.int64)
            values = np.array([1.0 + math.log(count) for count in counts.values()]) * self.idf[numbers]
            values /= np.linalg.norm(values)
            logits = logits + values.astype(np.float32) @ self.weights[numbers].astype(np.float32)
        exponents = np.exp(logits - logits.max())
        shares = exponents / exponents.sum()
        return dict(zip(self.topics, shares.tolist(), strict=True))


def terms_of(text: str) -> Sequence[str]:
    """The terms that a text is judged by."""
    from index.tokens import language, query_terms, tokens

    text = text[:_CHARACTERS]
    return query_terms(text) if language(text) == "zh" else tokens(text)


def topic_probabilities(text: str) -> Mapping[str, float]:
    """The probability of each topic for a text, by the shipped model."""
    return _model().probabilities(text)


def scaled(probability: float) -> float:
    """A probability as a feature: its logarithm, from 0 (e^-12 or less) to 1."""
    return 1.0 + max(-12.0, math.log(max(probability, 1e-9))) / 12.0


@cache
def _model() -> TopicModel:
    import numpy as np

    with as_file(files("assistant.calibration") / "topics.npz") as file, np.load(file) as data:
        terms = str(data["terms"]).split("\n")
        return TopicModel(
            {term: number for number, term in enumerate(terms)},
            tuple(str(data["topics"]).split("\n")),
            data["idf"].astype(np.float32),
            data["weights"],
            data["bias"].astype(np.float32),
        )
