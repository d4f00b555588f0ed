"""The memory that a run needs, before its first step."""

from dataclasses import replace
from pathlib import Path

import pytest
from transformers import AutoConfig

from assistant.errors import UserError
from finetune.memory import check_memory, training_need
from finetune.recipe import Recipe


def test_the_need_follows_the_settings(recipe: Recipe, base: Path) -> None:
    config = AutoConfig.from_pretrained(base)

    def need(scored: int = 0, **changes: object) -> int:
        return training_need(config, replace(recipe, **changes), 512, "cpu", scored=scored)  # type: ignore[arg-type]

    assert need(batch=32) > need(batch=4) > need(batch=4, checkpointing=True)
    assert need(scored=200, batch=32) > need(batch=32)
    assert need(rank=64) > need(rank=4)
    for method in ("lora", "prefix", "prompt"):
        assert need(method=method, precision="bf16") > 0


def test_too_large_a_batch_is_said_before_the_first_step(recipe: Recipe, base: Path) -> None:
    config = AutoConfig.from_pretrained(base)
    huge = replace(recipe, batch=4096, length=1_000_000)
    with pytest.raises(UserError, match=r"GiB are free: try `batch: 1` .*`checkpointing: true`"):
        check_memory(config, huge, 1_000_000, "cpu")


def test_a_model_that_cannot_be_counted_is_not_refused(recipe: Recipe, base: Path) -> None:
    config = AutoConfig.from_pretrained(base)
    config.num_hidden_layers = 0
    assert check_memory(config, recipe, 512, "cpu") is None
