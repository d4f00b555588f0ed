"""Peaks of `generate`: reading the prompt, and the last token; and what the allocator then holds."""

from dataclasses import dataclass

from assistant.memory.architecture import Architecture
from assistant.memory.layers import prefill_bytes


@dataclass(frozen=True, slots=True)
class CacheKind:
    """How a version of transformers keeps keys and values. `whole`: the old cache lives until the forward
    pass ends; `expanded`: MLA caches keys and values of all heads instead of the latent."""

    whole: bool
    expanded: bool


@dataclass(frozen=True, slots=True)
class Generation:
    """Bytes: the cache at the end, the highest of activations and logits, the peak of all of them with
    `weights`, and what the allocator holds then."""

    cache: float
    activations: float
    logits: float
    peak: float
    reserved: float


def cache_bytes(shape: Architecture, tokens: int, width: int, kind: CacheKind) -> float:
    """The key-value cache of one sequence. A sliding layer keeps one token less than its window."""
    if shape.encoder:
        return 0.0
    latent = shape.latent
    if latent and not kind.expanded:
        return float(shape.layers * tokens * (latent.rank + latent.rope) * width)
    per_token = shape.query + shape.heads * shape.value_dim if latent else 2 * shape.key_value
    seen = sum(min(tokens, window - 1) if window else tokens for window in shape.windows)
    if shape.decoder_layers:
        seen = 2 * shape.decoder_layers * tokens  # its own tokens and the encoder's
    return float(seen * per_token * width)


def generate(
    shape: Architecture,
    weights: float,
    *,
    width: int,
    batch: int,
    prompt: int,
    new_tokens: int,
    attention: str,
    prompt_logits: bool,
    kind: CacheKind,
    dequantized: float,
) -> Generation:
    """Reads a prompt and writes `new_tokens`. With `prompt_logits`, the scores of the whole prompt are
    computed, and copied to fp32."""
    cache = batch * cache_bytes(shape, prompt + new_tokens, width, kind)
    of_prompt = batch * cache_bytes(shape, prompt, width, kind)
    at_prompt = prefill_bytes(shape, width, attention, prompt) * batch * prompt + dequantized
    scored = prompt if prompt_logits or shape.encoder else 1
    per_score = 0 if shape.encoder else width + 4
    logits = float(batch * scored * shape.vocab * per_score)
    a_layer = cache / max(1, len(shape.windows))
    again = cache if kind.whole else a_layer
    reading = (
        (at_prompt, 0.0) if at_prompt > logits else (4.0 * shape.hidden * width * batch * prompt, logits)
    )
    writing = (
        again + dequantized + batch * 4.0 * shape.hidden * width,
        float(batch * shape.vocab * (width + 4)),
    )
    first, last = of_prompt + sum(reading), cache + sum(writing) if new_tokens else 0.0
    activations, scores = reading if first >= last else writing
    peak = weights + max(first, last)
    # every layer's cache is allocated anew when it outgrows its block, and the old block stays too small
    held = weights + max(
        of_prompt + at_prompt + logits, cache + (cache if new_tokens and not kind.whole else sum(writing))
    )
    return Generation(cache, activations, scores, peak, max(peak, held))
