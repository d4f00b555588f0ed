"""Kept prompts: the same numbers as without them, also past the sliding window, within a budget."""

import random

import pytest
import torch
from transformers import AutoModelForCausalLM
from transformers.cache_utils import DynamicCache

from assistant.generation.prefix import (
    GrowingLayer,
    Kept,
    PrefixStore,
    can_keep,
    memory,
    new_cache,
    shorten,
)
from tests.generation import tiny


@pytest.fixture(scope="module", params=["gemma", "qwen"])
def model(request: pytest.FixtureRequest):  # type: ignore[no-untyped-def]
    return AutoModelForCausalLM.from_pretrained(tiny.folder(request.param), dtype=torch.float32).eval()


def read(model, cache, tokens):  # type: ignore[no-untyped-def]
    with torch.inference_mode():
        return model(input_ids=torch.tensor([tokens]), past_key_values=cache, use_cache=True).logits[0]


def tokens(count: int, seed: int) -> list[int]:
    return random.Random(seed).choices(range(300, 880), k=count)


@pytest.mark.parametrize("length", [20, 31, 32, 33, 80, 300])
def test_gives_what_the_models_own_cache_gives(model, length: int) -> None:  # type: ignore[no-untyped-def]
    ids = tokens(length, length)
    ours, theirs = new_cache(model.config), DynamicCache(config=model.config)
    torch.testing.assert_close(read(model, ours, ids), read(model, theirs, ids), atol=1e-4, rtol=1e-4)
    for token in tokens(12, 5):
        torch.testing.assert_close(
            read(model, ours, [token]), read(model, theirs, [token]), atol=1e-4, rtol=1e-4
        )


def test_is_the_same_after_cutting_back_past_the_window(model) -> None:  # type: ignore[no-untyped-def]
    ids = tokens(200, 1)
    cache = new_cache(model.config)
    read(model, cache, ids[:150] + tokens(40, 2))
    shorten(cache, 40)
    again = read(model, cache, ids[150:])
    fresh = read(model, new_cache(model.config), ids)[150:]
    torch.testing.assert_close(again, fresh, atol=1e-4, rtol=1e-4)


def test_buffers_grow_without_losing_anything() -> None:
    layer, whole = GrowingLayer(), []
    for size in (3, 1, 600, 1, 1, 900):
        new = torch.randn(1, 2, size, 4)
        whole.append(new)
        keys, values = layer.update(new, new + 1)
        torch.testing.assert_close(keys, torch.cat(whole, dim=-2))
        torch.testing.assert_close(values, torch.cat(whole, dim=-2) + 1)
    assert layer.get_seq_length() == 1506
    assert layer.memory() >= 2 * 1506 * 2 * 4 * 4


def kept(model, ids: list[int], adapter: bool = False) -> Kept:  # type: ignore[no-untyped-def]
    cache = new_cache(model.config)
    read(model, cache, ids)
    return Kept(ids, cache, adapter)


def test_finds_the_longest_common_beginning(model) -> None:  # type: ignore[no-untyped-def]
    store = PrefixStore(1 << 30)
    one, other = tokens(60, 1), tokens(60, 2)
    store.keep(kept(model, one))
    store.keep(kept(model, one[:40] + other[:20]))
    found = store.take(one + other, adapter=False)
    assert found is not None
    assert found.tokens == one
    assert len(store) == 1
    found = store.take(one[:50], adapter=False)
    assert found is not None
    assert found.tokens == one[:40]
    assert found.cache.get_seq_length() == 40


def test_at_least_one_token_is_left_to_read(model) -> None:  # type: ignore[no-untyped-def]
    store = PrefixStore(1 << 30)
    ids = tokens(60, 1)
    store.keep(kept(model, ids))
    found = store.take(ids, adapter=False)
    assert found is not None
    assert found.tokens == ids[:-1]


def test_a_short_common_beginning_is_copied_for_the_other_conversation(model) -> None:  # type: ignore[no-untyped-def]
    store = PrefixStore(1 << 30)
    ids = tokens(100, 1)
    store.keep(kept(model, ids))
    found = store.take(ids[:30] + tokens(50, 3), adapter=False)
    assert found is not None
    assert found.tokens == ids[:30]
    assert len(store) == 1
    torch.testing.assert_close(
        read(model, found.cache, ids[30:40]),
        read(model, new_cache(model.config), ids[:40])[30:],
        atol=1e-4,
        rtol=1e-4,
    )
    again = store.take(ids, adapter=False)
    assert again is not None
    assert again.tokens == ids[:-1]


def test_with_and_without_the_adapter_are_kept_apart(model) -> None:  # type: ignore[no-untyped-def]
    store = PrefixStore(1 << 30)
    store.keep(kept(model, tokens(60, 1), adapter=True))
    assert store.take(tokens(60, 1), adapter=False) is None
    assert store.take(tokens(60, 1), adapter=True) is not None


def test_the_oldest_go_where_there_is_no_room(model) -> None:  # type: ignore[no-untyped-def]
    size = memory(kept(model, tokens(60, 1)).cache)
    store = PrefixStore(2 * size)
    for seed in range(4):
        store.keep(kept(model, tokens(60, seed)))
    assert len(store) == 2
    assert store.take(tokens(60, 0), adapter=False) is None
    assert store.take(tokens(60, 3), adapter=False) is not None


def test_models_whose_state_cannot_be_cut_back_get_their_own_cache() -> None:
    from transformers import Qwen2Config, Qwen3NextConfig

    assert can_keep(Qwen2Config())
    assert not can_keep(Qwen3NextConfig(num_hidden_layers=4))
    assert isinstance(new_cache(Qwen3NextConfig(num_hidden_layers=4)), DynamicCache)
