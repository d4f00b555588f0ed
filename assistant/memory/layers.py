"""What a layer keeps for the backward pass, in bytes a token, operation by operation.

The counts are those of transformers' own code for Llama-like, GPT-like and BERT-like layers, checked
with saved-tensor hooks (tests/memory/test_layers.py runs the installed classes and compares).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.memory.adapters import Target
from assistant.memory.architecture import Architecture


@dataclass(frozen=True, slots=True)
class Numbers:
    """The number formats of a run, in bytes. `stream`: the residual stream; `compute`: matrix products;
    `linear_out`: what linear layers give (4-bit layers give back the stream's format). `amp`: autocast is
    on. `trained`: the model's own weights are trained."""

    stream: int
    compute: int
    linear_out: int
    amp: bool
    trained: bool


@dataclass(frozen=True, slots=True)
class Lora:
    """LoRA's part in a layer: the layers it sits on, its rank, its weights' bytes, its dropout."""

    targets: Sequence[Target]
    rank: int
    width: int
    dropout: float


@dataclass(frozen=True, slots=True)
class LayerBytes:
    """Bytes a token: `kept` for the backward pass (attention scores apart), `scores` of eager attention
    for each token that is attended to, `transient` on top while the layer's backward pass runs."""

    kept: float
    scores: float
    transient: float


def layer_bytes(
    shape: Architecture, numbers: Numbers, attention: str, lora: Lora | None, repeat_kv: bool
) -> LayerBytes:
    """One average layer of a model in training."""
    kept = (
        _norms(shape, numbers)
        + _attention(shape, numbers, attention, repeat_kv)
        + _mlp(shape, numbers)
        + _inputs(shape, numbers)
        + (_lora(lora, numbers, shape.layers + shape.decoder_layers) if lora else 0.0)
    )
    if shape.dropout and (numbers.trained or lora):
        kept += 2 * shape.hidden
    if shape.decoder_layers:
        # a decoder's layer attends twice; half of the layers are decoders'
        kept += 0.5 * (_attention(shape, numbers, attention, repeat_kv) + _norms(shape, numbers) / 2)
    scores = 0.0
    if attention == "eager":
        scores = shape.heads * (6.0 if numbers.compute == 2 else 4.0)
        if shape.dropout:
            scores += shape.heads * (1.0 + numbers.compute)
    wide = 4 if numbers.linear_out == 4 or (lora and lora.width == 4) else 2
    return LayerBytes(
        kept, scores, 2.0 * wide * mlp_width(shape) + (2 * numbers.stream * shape.hidden if lora else 0)
    )


def mlp_width(shape: Architecture) -> float:
    """Width of the MLP that a token passes through, averaged over the layers."""
    experts = shape.experts
    if not experts:
        return float(shape.intermediate)
    share = experts.layers / shape.layers
    return share * (experts.active * experts.size + experts.shared) + (1 - share) * shape.intermediate


def prefill_bytes(shape: Architecture, width: int, attention: str, seq: int) -> float:
    """Bytes a token in a forward pass without gradients, where it is highest: in the MLP (three tensors
    of its width beside four of the model's), or at the scores of eager attention."""
    hidden = 4.0 * shape.hidden * width + 4.0 * shape.head_dim
    parts = 3 if shape.gated else 2
    gathered = shape.experts.active * shape.hidden * width * 2 if shape.experts else 0.0
    mlp = parts * mlp_width(shape) * width + gathered
    heads = (shape.query + 2 * shape.key_value) * width * 2
    scores = shape.heads * seq * (2.0 * width + 4 + (4 if width == 2 else 0)) if attention == "eager" else 0.0
    return hidden + max(mlp, heads + scores)


def _norms(shape: Architecture, numbers: Numbers) -> float:
    if shape.norm == "layer":
        per_norm = float(numbers.stream)  # the fused kernel keeps its input
    else:
        per_norm = 4.0 + (numbers.stream if numbers.trained else 0)  # computed in fp32, then scaled
    total = shape.norms * (per_norm * shape.hidden + 4)
    if shape.qk_norm:
        total += (4.0 + (numbers.compute if numbers.trained else 0)) * (shape.query + shape.key_value)
    return total


def _attention(shape: Architecture, numbers: Numbers, attention: str, repeat_kv: bool) -> float:
    width = numbers.compute
    if shape.latent:
        values = shape.heads * shape.value_dim
        tensors = 2 * shape.query + 2 * values + shape.latent.rank + shape.latent.query_rank
    else:
        kv = shape.query if repeat_kv else shape.key_value
        tensors = 2 * shape.query + 2 * kv
        if len(shape.attention) == 2 and shape.rotary:
            # values are a view of the fused projection, which lives as long beside the rotated copies
            tensors += shape.query + shape.key_value
    statistics = 0 if attention == "eager" else 4 * shape.heads
    return tensors * width + statistics


def _mlp(shape: Architecture, numbers: Numbers) -> float:
    width = mlp_width(shape)
    kept = (shape.kept + 2 if shape.gated else shape.kept) * numbers.linear_out
    if numbers.trained:
        kept += numbers.compute
    gathered = shape.experts.active * shape.hidden * numbers.compute if shape.experts else 0
    return kept * width + gathered


def _inputs(shape: Architecture, numbers: Numbers) -> float:
    """What the linear layers read, which their weights' gradients need."""
    if not numbers.trained:
        return 0.0
    readers = len(shape.attention) - 1 + (0 if shape.experts else len(shape.mlp) - 1)
    # autocast casts an fp32 tensor anew for each layer that reads it
    copies = readers if numbers.stream != numbers.compute else min(2, shape.norms)
    return float(copies * numbers.compute * shape.hidden)


def _lora(lora: Lora, numbers: Numbers, layers: int) -> float:
    kept = 0.0
    shared: Counter[str] = Counter()
    cast = lora.width == 4 and numbers.amp
    own_copy = lora.width != numbers.stream or lora.dropout > 0 or cast
    for target in lora.targets:
        if target.group == "experts":
            continue  # they are added to the experts' weights, not to what goes through them
        share = target.count / layers
        width = 2 if cast else lora.width
        kept += share * width * lora.rank
        if lora.dropout:
            kept += share * target.cols * (1 if cast or lora.width == 2 else 5)
        if own_copy:
            kept += share * width * target.cols
        elif target.group != "attention_out":  # what attention gives is kept anyway
            shared[target.group] = max(shared[target.group], int(share * width * target.cols))
    return kept + sum(shared.values())
