"""The table of models, what they need, and which one is chosen."""

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from assistant.generation.models import choose, row, table
from assistant.generation.need import free_memory, model_of, serving_need
from tests.generation import tiny

GIB = 1 << 30


def test_the_table_reaches_from_small_to_large() -> None:
    ids = [each.id for each in table()]
    assert len(ids) == len(set(ids)) >= 12
    sizes = [each.params for each in table()]
    assert min(sizes) < 0.7e9
    assert 32e9 < max(sizes) < 34e9
    for each in table():
        assert each.licence
        assert each.languages
        assert each.context >= 8_192
        assert each.model.shape.known


@pytest.mark.parametrize(
    ("model", "low", "high"),
    [
        # weights in 4 bits as they are stored on the hub by others, and what such models are known to take
        ("Qwen/Qwen3-4B-Instruct-2507", 3.2, 5.5),
        ("Qwen/Qwen3-8B", 6.2, 8.5),
        ("Qwen/Qwen3-14B", 10.0, 13.0),
        ("Qwen/Qwen3-32B", 19.5, 24.0),
    ],
)
def test_what_models_need(model: str, low: float, high: float) -> None:
    chosen = row(model)
    assert chosen is not None
    assert low < serving_need(chosen.model) / GIB < high


def test_the_need_grows_with_context_and_precision() -> None:
    model = table()[0].model
    assert serving_need(model, 8_192) > serving_need(model, 1_024)
    assert (
        serving_need(model, quantization="fp32")
        > serving_need(model, quantization="bf16")
        > serving_need(model)
        > serving_need(model, device="cpu")
    )


@pytest.mark.parametrize(
    ("free", "expected"),
    [
        (1, None),
        (6, "Qwen/Qwen3-4B-Instruct-2507"),
        (8, "Qwen/Qwen3-8B"),
        (24, "Qwen/Qwen3-32B"),
        (80, "Qwen/Qwen3-32B"),
    ],
)
def test_the_largest_that_fits_is_chosen(free: int, expected: str | None) -> None:
    chosen = choose(free * GIB)
    assert (chosen.id if chosen else None) == expected
    if chosen:
        assert chosen.free


def test_without_a_gpu_the_embedded_one_is_the_choice() -> None:
    assert choose(64 * GIB, "cpu") is None


@pytest.mark.parametrize("kind", ["gemma", "qwen"])
def test_parameters_are_counted_from_the_config(kind: str) -> None:
    config = AutoConfig.from_pretrained(tiny.folder(kind))
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    real = sum(each.numel() for each in model.parameters())
    assert model_of(kind, config).shape.params == real


def test_there_is_free_memory() -> None:
    assert 0 < free_memory("cpu") < 1 << 44
