"""Plays training steps through the allocator: forward, loss, backward, optimizer, in the order in which
torch allocates and frees. The peak, what it is made of, and what the allocator holds, all follow."""

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.memory.allocator import Allocator
from assistant.memory.layers import LayerBytes

_LUMPS = (0.4, 0.3, 0.2, 0.1)
"""A layer's tensors, as shares of its bytes: replayed one by one they would cost seconds."""
_GOLDEN = 0.6180339887498949


@dataclass(frozen=True, slots=True)
class Step:
    """What one step allocates on one device. Bytes, or bytes a token where it says so.

    `resident`: weights and buffers; `layers`; `kept`: a layer's activations; `stream`: the residual stream
    (a token), which checkpointing keeps; `ends`: embeddings' output and last norm (a token); `casts`: copies
    of a layer's weights under autocast; `merged`: copies of a layer's experts with their adapters; `dequantized`: one layer's weights while they are computed with;
    `vocab`, `logits`: how the loss treats its scores; `gradients`, `states`, `temporary`: of all trained
    weights; `head`: gradients of the output head (or of what it is tied to), which come first; `embedding`: those of untied
    embeddings, which come last; `accumulate`: gradients outlive the step."""

    resident: float
    layers: int
    kept: LayerBytes
    stream: float
    ends: float
    casts: float
    merged: float
    dequantized: float
    vocab: int
    logits: str
    head_cast: float
    amp: bool
    wide: int
    gradients: float
    head: float
    embedding: float
    states: float
    temporary: float
    checkpointing: bool
    in_backward: bool
    accumulate: bool


def lengths(seq: int, steps: int, varied: bool) -> tuple[int, ...]:
    """The lengths of the batches of a run: all the same, or spread evenly up to the limit, in an order
    without pattern (multiples of the golden ratio), with the longest among them."""
    if not varied or seq < 32:
        return (seq,) * min(steps, 3)
    spread = [max(16, round(seq * ((number * _GOLDEN) % 1))) for number in range(1, steps)]
    return (*spread[: steps // 2], seq, *spread[steps // 2 :])


def play(step: Step, batch: int, sequence_lengths: Sequence[int], limit: float | None = None) -> Allocator:
    """The allocator after these steps. Raises OutOfMemory where the device is too small."""
    allocator = Allocator(limit)
    allocator.take("weights", step.resident)
    states: list[int] = []
    gradients: list[int] = []
    for seq in sequence_lengths:
        _one(allocator, step, batch * seq, seq, states, gradients)
    return allocator


def _one(a: Allocator, step: Step, tokens: int, seq: int, states: list[int], gradients: list[int]) -> None:
    layer = step.kept.kept + step.kept.scores * seq
    ends = a.take("activations", step.ends * tokens)
    inside: list[list[int]] = []
    casts: list[int] = []
    merged: list[int] = []
    for _ in range(step.layers):
        sizes = [step.stream] if step.checkpointing else [layer * share for share in _LUMPS]
        inside.append([a.take("activations", size * tokens) for size in sizes])
        if step.merged and not step.checkpointing:
            merged.append(a.take("activations", step.merged))
        if step.casts:
            casts.append(a.take("activations", step.casts))
    if step.checkpointing:
        for block in [a.take("activations", layer * share * tokens) for share in _LUMPS]:
            a.give(block)
    if step.dequantized:
        a.give(a.take("activations", step.dequantized))
    had = len(gradients)
    _loss(a, step, tokens, casts, gradients)
    a.give(ends)
    share = (step.gradients - step.head - step.embedding) / max(1, step.layers)
    for number in range(step.layers):
        working = [a.take("activations", step.kept.transient * tokens)] if step.kept.transient else []
        if step.dequantized:
            working.append(a.take("activations", step.dequantized))
        kept = inside.pop()
        if step.checkpointing:
            working += kept
            kept = [a.take("activations", layer * part * tokens) for part in _LUMPS]
            if step.casts:
                working.append(a.take("activations", step.casts))
            if step.merged:
                working.append(a.take("activations", step.merged))
        else:
            working += [pile.pop() for pile in (casts, merged) if pile]
        for lump, part in zip(kept, _LUMPS, strict=True):
            # a layer's gradients come as its activations go
            a.give(lump)
            if share and not had:
                gradients.append(a.take("gradients", share * part))
        for block in working:
            a.give(block)
        if step.in_backward and number:
            for _ in _LUMPS:
                if len(gradients) > len(_LUMPS):
                    a.give(gradients.pop())
    if step.embedding and not had:
        gradients.append(a.take("gradients", step.embedding))
    if not states and step.states:
        states += [a.take("optimizer", step.states / max(1, step.layers)) for _ in range(max(1, step.layers))]
    if step.temporary:
        parts = max(1, step.layers)
        for block in [a.take("optimizer", step.temporary / parts) for _ in range(parts)]:
            a.give(block)
    if not step.accumulate:
        while gradients:
            a.give(gradients.pop())


def _loss(a: Allocator, step: Step, tokens: int, casts: list[int], gradients: list[int]) -> None:
    """Logits and their loss, forward and backward, with the gradient of head and embeddings.

    "loss function": logits, their fp32 copy, log-probabilities; autocast's wrapper then copies the logits to
    fp32 once more before they are dropped. "in the model": the model keeps fp32 logits and a shifted copy.
    "fused": chunks, never whole. "none": the model has no vocabulary to predict."""
    if step.logits == "none":
        _end_of_forward(a, step, casts)
        return
    full, half = 4.0 * step.vocab * tokens, float(step.wide) * step.vocab * tokens
    if step.logits == "fused":
        chunk = a.take("logits", 12.0 * 32768 * 16)
        _end_of_forward(a, step, casts)
        if step.head and not gradients:
            gradients.append(a.take("gradients", step.head))
        a.give(chunk)
        return
    cast = [a.take("logits", step.head_cast)] if step.head_cast else []
    logits = a.take("logits", half)
    if step.logits == "in the model":
        wide = a.take("logits", full)
        a.give(logits)
        shifted = a.take("logits", full)
        log_probabilities = a.take("logits", full)
        a.give(shifted)
        a.give(wide)
    else:
        upcast = [a.take("logits", full)] if step.wide < 4 else []
        log_probabilities = a.take("logits", full)
        for block in upcast:
            a.give(block)
        if step.amp and step.wide < 4:
            copied = a.take("logits", full)
            a.give(logits)
            a.give(copied)
        else:
            a.give(logits)
    _end_of_forward(a, step, casts)
    loss_gradient = a.take("logits", full)
    gradient = a.take("logits", full)
    a.give(loss_gradient)
    a.give(log_probabilities)
    if step.logits == "in the model":
        padded = a.take("logits", full)
        a.give(gradient)
        gradient = padded
    narrow = a.take("logits", half)
    a.give(gradient)
    if step.head and not gradients:
        gradients.append(a.take("gradients", step.head))
    a.give(narrow)
    for block in cast:
        a.give(block)


def _end_of_forward(a: Allocator, step: Step, casts: list[int]) -> None:
    """Autocast forgets its copies of the weights; what the backward pass needs stays with it."""
    if step.checkpointing:
        while casts:
            a.give(casts.pop())
