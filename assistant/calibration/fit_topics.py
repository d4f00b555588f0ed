"""Trains the topic classifier (see topics.py). Needs scikit-learn, which only the fit uses."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix, vstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from assistant.calibration.topics import OUTSIDE, TopicModel, terms_of
from corpus import Corpus
from corpus.passages import passages

FILE = Path(__file__).parent / "topics.npz"
_STRENGTH = 10.0
_CASE_WEIGHT = 4.0
_RARE = 3
"""Terms in fewer texts are left out."""


def held_out_topics(
    corpus: Corpus, queries: Sequence[str], topics: Sequence[str], folds: int
) -> list[Mapping[str, float]]:
    """For each labelled query the topic probabilities of a model that was trained without it."""
    found: list[Mapping[str, float]] = [{}] * len(queries)
    for fold in range(folds):
        kept = [number for number in range(len(queries)) if number % folds != fold]
        model = train_topics(corpus, [queries[n] for n in kept], [topics[n] for n in kept])
        for number in range(fold, len(queries), folds):
            found[number] = model.probabilities(queries[number])
    return found


def train_topics(corpus: Corpus, queries: Sequence[str], topics: Sequence[str]) -> TopicModel:
    """A model of the corpus's own texts (passages, and each ask by itself) and labelled queries in scope."""
    texts, labels = _corpus_texts(corpus)
    inside = [number for number, topic in enumerate(topics) if topic != OUTSIDE]
    queries, topics = [queries[number] for number in inside], [topics[number] for number in inside]
    vectorizer = TfidfVectorizer(analyzer=terms_of, sublinear_tf=True, min_df=_RARE)
    matrix = vectorizer.fit_transform([*texts, *queries])
    own, cases = matrix[: len(texts)], matrix[len(texts) :]
    weights = np.concatenate([np.ones(len(texts)), np.full(len(queries), _CASE_WEIGHT)])
    classifier = LogisticRegression(C=_STRENGTH, max_iter=150, tol=1e-3)
    classifier.fit(csr_matrix(vstack([own, cases])), [*labels, *topics], sample_weight=weights)
    return TopicModel(
        terms={term: int(number) for term, number in vectorizer.vocabulary_.items()},
        topics=tuple(str(topic) for topic in classifier.classes_),
        idf=vectorizer.idf_.astype(np.float32),
        weights=classifier.coef_.T.astype(np.float16),
        bias=classifier.intercept_.astype(np.float32),
    )


def save_topics(model: TopicModel, file: Path = FILE) -> None:
    """Writes a model, its terms in the order of their numbers."""
    from assistant.calibration import topics

    terms = sorted(model.terms, key=lambda term: model.terms[term])
    np.savez_compressed(
        file,
        terms=np.array("\n".join(terms)),
        topics=np.array("\n".join(model.topics)),
        idf=model.idf.astype(np.float16),
        weights=model.weights,
        bias=model.bias,
    )
    topics._model.cache_clear()


def _corpus_texts(corpus: Corpus) -> tuple[list[str], list[str]]:
    texts, labels = [], []
    for passage in passages(corpus):
        texts.append(passage.indexed)
        labels.append(passage.topic)
    for entry in corpus.entries:
        for point in entry.points:
            for asks in point.asks.values():
                texts += asks
                labels += [entry.topic] * len(asks)
    return texts, labels
