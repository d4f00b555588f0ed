"""Samples made from the corpus: supported by their evidence, without held-out topics, the same for a seed."""

import re
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from assistant.grounding import check
from assistant.pipeline import Engine, load_engine
from finetune.building import Builder, unique
from finetune.chat_path import PromptReader, estimated
from finetune.dataset import held_out
from finetune.renaming import renamed
from finetune.sample import Sample, read_samples, write_samples


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return load_engine(tmp_path_factory.mktemp("cache"))


def _made(core: Engine, seed: int, points: int = 24) -> list[Sample]:
    kept_out = held_out()
    builder = Builder(core, PromptReader(estimated), lambda topic: topic not in kept_out, Random(seed))
    return list(unique(builder.from_corpus(1, lambda done, total: None, points)))


@pytest.fixture(scope="module")
def made(core: Engine) -> list[Sample]:
    return _made(core, 0)


def test_all_kinds_and_both_languages(made: list[Sample]) -> None:
    assert len(made) > 60
    assert {sample.lang for sample in made} == {"en", "zh"}
    kinds = Counter(sample.kind for sample in made)
    assert {"question", "paste", "follow-up", "question, renamed", "silent"} <= set(kinds)
    assert {len(sample.evidence) for sample in made} >= {1, 2}
    assert max(len(sample.messages) for sample in made) >= 5


def test_nothing_of_a_held_out_topic(core: Engine, made: list[Sample]) -> None:
    kept_out = held_out()
    assert {"A.5", "B.3", "padding-side"} <= kept_out
    for sample in made:
        assert sample.topic not in kept_out
        assert not {core.corpus.by_id[entry].topic for entry in sample.entries} & kept_out


def test_every_reply_is_supported_and_cites(made: list[Sample]) -> None:
    for sample in made:
        texts = [sample.evidence.get(n, "") for n in range(1, max(sample.evidence) + 1)]
        found = check(sample.reply, texts, sample.prompt)
        wrong = [each.text for each in found.sentences if not each.supported]
        if "renamed" not in sample.kind:
            assert not wrong, (sample.id, wrong)
        cited = {int(number) for number in re.findall(r"\[(\d+)\]", re.sub(r"`[^`]*`", "", sample.reply))}
        assert cited <= set(sample.evidence)
        assert bool(cited) == (sample.kind != "silent"), sample.reply
        assert sample.reply.endswith((".", "。", "!", "！", "?", "？"))


def test_the_same_seed_gives_the_same(core: Engine, made: list[Sample]) -> None:
    assert _made(core, 0) == made
    assert _made(core, 1) != made


def test_wordings_vary(made: list[Sample]) -> None:
    replies = [sample.reply for sample in made if sample.kind != "silent"]
    assert len({reply[:14] for reply in replies}) > 0.5 * len(replies)


def test_renaming_is_consistent(made: list[Sample]) -> None:
    changed = [(sample, other) for sample in made if (other := renamed(sample, Random(2)))]
    assert changed
    for sample, other in changed:
        assert other.reply != sample.reply
        assert other.prompt != sample.prompt
        for code in re.findall(r"`([^`]+)`", other.reply):
            assert any(code in text for text in (other.prompt, *other.evidence.values())), code


def test_files_keep_samples(made: list[Sample], tmp_path: Path) -> None:
    write_samples(tmp_path / "a.jsonl", made)
    assert read_samples(tmp_path / "a.jsonl") == made


def test_cases_of_users(core: Engine) -> None:
    builder = Builder(core, PromptReader(estimated), lambda topic: True, Random(0))
    turns = (
        "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB",
        "I already tried that, still the same",
    )
    samples = list(builder.from_turns(turns, "mine"))
    assert [len(sample.turns) for sample in samples] == [1, 2]
    evidence = samples[0].evidence[1].partition(".")[0]
    assert list(builder.corrected(turns[:1], f"{evidence} [1].", "better"))
    for wrong in (
        "The moon is made of cheese [1].",
        "Set `learning_rate` to 9, which makes the GPU larger [1].",
    ):
        assert not list(builder.corrected(turns[:1], wrong, "worse"))
    assert builder.left_out["a correction that the evidence does not support"] == 2
