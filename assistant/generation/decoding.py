"""The decode loop: one pass for the prompt, then one for each token, or for several where a draft is right.

`generate` does much more than this for each token, which is a large part of the time of a small model.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from transformers.cache_utils import Cache

from assistant.generation.guard import Guard
from assistant.generation.lookup import Lookup
from assistant.generation.prefix import shorten
from assistant.generation.sampling import Sampler

Forward = Callable[[Sequence[int], Cache, int], torch.Tensor]
"""Reads tokens behind a cache and gives the scores of the last so many positions, float32 on the CPU."""

PREFILL = 1_024
"""Tokens of a prompt that are read at once: a reply can be stopped between two such parts."""


class NoSense(Exception):
    """The model's scores are not numbers."""


class Stuck(Exception):
    """The grammar allows nothing that the model can write."""


@dataclass(eq=False)
class Read:
    """The tokens of a reply's prompt and of the reply, how many of them are the prompt, how many the cache
    has read, and where the words of the reply begin, which is earlier where one goes on."""

    tokens: list[int]
    prompt: int
    read: int = 0
    words: int = 0


def prefill(
    forward: Forward, cache: Cache, state: Read, ended: Callable[[], bool], size: int = PREFILL
) -> torch.Tensor | None:
    """Reads what the cache has not read yet; the scores of the next token, or None if `ended` says so."""
    row = None
    while state.read < len(state.tokens):
        if ended():
            return None
        part = state.tokens[state.read : state.read + size]
        row = forward(part, cache, 1)[-1]
        state.read += len(part)
    return row


def decode(
    forward: Forward,
    cache: Cache,
    state: Read,
    row: torch.Tensor,
    *,
    sampler: Sampler,
    guard: Guard | None,
    lookup: Lookup | None,
    stops: frozenset[int],
    limit: int,
) -> Iterator[list[int]]:
    """Tokens of a reply as they are found, up to `limit` in all, without the one that ends it. `row` are
    the scores of the first. Raises NoSense or Stuck. The cache has read `state.tokens[:state.read]`."""
    rows: Sequence[torch.Tensor] = (row,)
    draft: list[int] = []
    while True:
        found: list[int] = []
        right, ended = 0, False
        for place, scores in enumerate(rows):
            token = _choose(scores, state, sampler, guard)
            if token in stops:
                ended = True
                break
            found.append(token)
            state.tokens.append(token)
            ended = len(state.tokens) - state.prompt >= limit
            if ended or place == len(draft) or token != draft[place]:
                break
            right += 1
        shorten(cache, len(draft) - right)
        state.read -= len(draft) - right
        if found:
            yield found
        if ended:
            return
        if lookup:
            lookup.add(found)
            if draft:
                lookup.learn(len(draft), right)
        room = limit - (len(state.tokens) - state.prompt) - 1
        draft = lookup.draft(room) if lookup and room > 0 else []
        rows = forward((state.tokens[-1], *draft), cache, 1 + len(draft)).unbind()
        state.read += 1 + len(draft)


def _choose(scores: torch.Tensor, state: Read, sampler: Sampler, guard: Guard | None) -> int:
    ordered, plain = sampler.order(scores, state.tokens[state.words :])
    best = int(ordered.argmax())
    if ordered[best] != ordered[best]:
        raise NoSense
    if guard is None:
        return best
    chosen = guard.choose(ordered)
    if chosen is None and ordered is not plain:
        chosen = guard.choose(plain)
    if chosen is None:
        raise Stuck
    return chosen
