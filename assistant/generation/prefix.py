"""The keys and values of prompts that were read before, kept so that the next turn reads only what is new.

The kept cache holds every position also of layers with a sliding window (their masks still slide), so that
it can be cut back to any length: a cache that forgets what left the window cannot.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers.cache_utils import Cache, DynamicCache, DynamicLayer, get_layer_types_and_kwargs

_STEP = 256
_WORTH = 16


class GrowingLayer(DynamicLayer):  # type: ignore[misc]
    """A full-length layer whose buffers grow by half, so that a token costs no copy of all before it."""

    keys: torch.Tensor
    values: torch.Tensor
    _buffers: tuple[torch.Tensor, ...]

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        before = self.get_seq_length()
        after = before + key_states.shape[-2]
        if not before or after > self._buffers[0].shape[-2]:
            self._buffers = tuple(
                _enlarged(kept, new, before, max(after, before + before // 2) + _STEP)
                for kept, new in ((self.keys, key_states), (self.values, value_states))
            )
        keys, values = self._buffers
        keys[..., before:after, :] = key_states
        values[..., before:after, :] = value_states
        self.keys, self.values = keys[..., :after, :], values[..., :after, :]
        return self.keys, self.values

    def memory(self) -> int:
        """Bytes that the layer holds."""
        return sum(each.nbytes for each in getattr(self, "_buffers", ()))


def _enlarged(kept: torch.Tensor, new: torch.Tensor, filled: int, length: int) -> torch.Tensor:
    buffer = new.new_empty((*new.shape[:-2], length, new.shape[-1]))
    if filled:
        buffer[..., :filled, :] = kept
    return buffer


def can_keep(config: Any) -> bool:
    """Whether a model's layers are of the kinds whose caches can be cut back."""
    text = config.get_text_config(decoder=True)
    kinds, _ = get_layer_types_and_kwargs(text)
    return set(kinds) <= {"full_attention", "sliding_attention"} and not getattr(
        text, "num_kv_shared_layers", 0
    )


def new_cache(config: Any) -> Cache:
    """An empty cache: one that can be kept where the model allows that, else the model's own."""
    if can_keep(config):
        return Cache(layer_class_to_replicate=GrowingLayer)
    return DynamicCache(config=config)


def shorten(cache: Cache, by: int) -> None:
    """Forgets the last `by` tokens."""
    if by > 0:
        for layer in cache.layers:
            layer.crop(-by)


def memory(cache: Cache) -> int:
    """Bytes of a cache that can be kept."""
    return sum(layer.memory() for layer in cache.layers if isinstance(layer, GrowingLayer))


@dataclass(eq=False)
class Kept:
    """A cache, the tokens that it has read, and whether the adapter was on."""

    tokens: list[int]
    cache: Cache
    adapter: bool
    used: float = field(default_factory=time.monotonic)


class PrefixStore:
    """The caches of the last conversations, within a budget of bytes."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._kept: list[Kept] = []

    def take(self, ids: Sequence[int], adapter: bool) -> Kept | None:
        """The kept cache that shares the longest beginning with a prompt, cut to what they share (all but
        the last token at most). It leaves the store; another conversation's keeps its own copy."""
        best, shared = None, _WORTH - 1
        for each in self._kept:
            if each.adapter == adapter:
                common = min(_common(each.tokens, ids), len(ids) - 1)
                if common > shared or (common == shared and best and each.used > best.used):
                    best, shared = each, common
        if best is None:
            return None
        if 2 * shared < len(best.tokens):
            return Kept(best.tokens[:shared], _copy(best.cache, shared), adapter)
        self._kept.remove(best)
        shorten(best.cache, len(best.tokens) - shared)
        return Kept(best.tokens[:shared], best.cache, adapter)

    def keep(self, kept: Kept) -> None:
        """Keeps a cache, and lets the oldest go that there is no room for."""
        kept.used = time.monotonic()
        self._kept.append(kept)
        self._kept.sort(key=lambda each: each.used)
        while self._kept and sum(memory(each.cache) for each in self._kept) > self._budget:
            del self._kept[0]

    def clear(self) -> None:
        """Lets all go."""
        self._kept.clear()

    def __len__(self) -> int:
        return len(self._kept)


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    for place, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return place
    return min(len(one), len(other))


def _copy(cache: Cache, length: int) -> Cache:
    copied = Cache(layer_class_to_replicate=GrowingLayer)
    for number, layer in enumerate(cache.layers):
        copied.update(layer.keys[..., :length, :], layer.values[..., :length, :], number)
    return copied
