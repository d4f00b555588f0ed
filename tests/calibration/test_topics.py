"""The topic classifier: the shipped model, and a small one trained in the test."""

from pathlib import Path

import pytest

from assistant.calibration.fit_topics import save_topics, train_topics
from assistant.calibration.topics import TopicModel, scaled, topic_probabilities
from corpus import Corpus, load
from corpus.checks import topic_names


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("CUDA out of memory when I raise the batch size in training", "A.1"),
        ("训练一开始就显存不足，batch size 改小也没用", "A.1"),
        ("which Auto class do I load for token classification", "D.1"),
        ("模型一直重复同一句话停不下来", "A.5"),
    ],
)
def test_words_tell_the_topic(text: str, topic: str) -> None:
    found = topic_probabilities(text)
    assert sum(found.values()) == pytest.approx(1.0, abs=1e-4)
    assert topic in sorted(found, key=lambda name: -found[name])[:2]


def test_the_model_knows_every_topic_of_the_corpus() -> None:
    assert set(topic_probabilities("")) == {entry.topic for entry in load().entries}
    assert set(topic_probabilities("")) <= set(topic_names())


def test_a_model_is_the_same_after_saving(tmp_path: Path) -> None:
    few = Corpus(tuple(entry for entry in load().entries if entry.topic in ("A.1", "C", "D.1")), "")
    model = train_topics(few, ["gpu memory is full", "where are the docs"], ["A.1", "C"])
    assert isinstance(model, TopicModel)
    assert set(model.topics) == {"A.1", "C", "D.1"}
    save_topics(model, tmp_path / "topics.npz")
    assert (tmp_path / "topics.npz").stat().st_size > 0
    found = model.probabilities("CUDA out of memory")
    assert max(found, key=lambda topic: found[topic]) == "A.1"


def test_a_probability_is_scaled_to_a_share() -> None:
    assert scaled(1.0) == 1.0
    assert scaled(0.0) == 0.0 or 0.0 <= scaled(0.0) < 0.01
    assert 0.0 < scaled(0.01) < scaled(0.5) < 1.0
