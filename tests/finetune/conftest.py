"""A few conversations, and a tiny base that is trained on them."""

from pathlib import Path

import pytest

from assistant.generation.model import Message
from finetune.recipe import Recipe
from finetune.sample import Sample, write_samples


def small_sample(number: int) -> Sample:
    """One of a family of conversations that differ in a few words."""
    name = ("batch", "cache", "layer", "token")[number % 4]
    setting = f"set_{name}_{number % 7}"
    evidence = (
        f"The {name} is too large. It grows with `{setting}`. Fix: Lower `{setting}` to {number % 9 + 1}."
    )
    return Sample(
        id=f"s{number}",
        lang="en",
        kind="question",
        topic="T",
        entries=("e",),
        messages=(
            Message("system", "Explain with the evidence alone and cite it as [n]."),
            Message("user", f"[1] {evidence}\nQuestion: why does the {name} fail?"),
            Message(
                "assistant", f"The {name} is too large [1]. First: lower `{setting}` to {number % 9 + 1} [1]."
            ),
        ),
        evidence={1: evidence},
        turns=(f"why does the {name} fail?",),
    )


@pytest.fixture(scope="session")
def samples() -> list[Sample]:
    return [small_sample(number) for number in range(64)]


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory, samples: list[Sample]) -> Path:
    """A tiny Gemma 3 with a tokenizer of its own."""
    from finetune.tiny_base import make_base

    return make_base(tmp_path_factory.mktemp("tiny") / "base", samples, steps=4)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory, samples: list[Sample]) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_samples(folder / "train.jsonl", samples[:48])
    write_samples(folder / "held.jsonl", samples[48:])
    return folder


@pytest.fixture
def recipe(base: Path, data: Path, tmp_path: Path) -> Recipe:
    """A run of some seconds."""
    return Recipe(
        base=str(base),
        data=str(data / "train.jsonl"),
        held=str(data / "held.jsonl"),
        out=str(tmp_path / "adapter"),
        method="qlora",
        rank=4,
        alpha=8,
        dropout=0.0,
        targets=("all-linear",),
        max_steps=8,
        batch=4,
        accumulation=1,
        length=512,
        learning_rate=5e-3,
        save_every=2,
        evaluate_every=8,
        precision="fp32",
        device="cpu",
    )
