"""From settings and shapes to what one training step allocates."""

from collections.abc import Mapping
from dataclasses import replace

from assistant.memory.adapters import lora_tensors, prompt_tensors, targets_of
from assistant.memory.architecture import Architecture, Tensor
from assistant.memory.layers import LayerBytes, Lora, Numbers, layer_bytes
from assistant.memory.optimizers import optimizer_bytes
from assistant.memory.settings import Origin, Settings, before
from assistant.memory.sharding import Share
from assistant.memory.trace import Traced
from assistant.memory.training import Step
from assistant.memory.weights import Weights, quantized

WORKSPACE = 8.125 * (1 << 20)
"""cuBLAS's, of which torch's allocator holds one."""
COMMON_RANK = 64
"""The QLoRA paper's rank: what an adapter may well have whose rank is not given."""


def trained_tensors(shape: Architecture, settings: Settings) -> tuple[Tensor, ...]:
    """The weights that have gradients."""
    if settings.method == "full":
        return shape.tensors
    if settings.adapts:
        return lora_tensors(targets_of(shape, settings.lora_targets), settings.lora_r)
    if settings.trains:
        return prompt_tensors(shape, settings.method, settings.virtual_tokens)
    return ()


def heavier_adapter(shape: Architecture, settings: Settings, origins: Mapping[str, Origin]) -> float:
    """Bytes that a larger adapter would need, where its rank is only assumed: the verdict counts with them."""
    if not settings.adapts or origins.get("lora_r") != "assumed" or settings.lora_r >= COMMON_RANK:
        return 0.0
    trained = trained_tensors(shape, settings)
    each = settings.adapter_bytes * 2 + optimizer_bytes(
        settings.optim, trained, settings.adapter_bytes
    ).states / max(1, sum(tensor.numel for tensor in trained))
    return each * sum(tensor.numel for tensor in trained) * (COMMON_RANK / settings.lora_r - 1)


def training_step(
    shape: Architecture,
    settings: Settings,
    weights: Weights,
    trained: tuple[Tensor, ...],
    share: Share,
    traced: Traced | None = None,
) -> Step:
    """What one training step allocates on one GPU."""
    full = settings.method == "full"
    is_quantized = quantized(settings.precision)
    stream = 4 if settings.precision == "fp32" or settings.prepared else 2
    compute = 2 if settings.amp or settings.precision != "fp32" else 4
    numbers = Numbers(stream, compute, stream if is_quantized else compute, settings.amp, full)
    lora = None
    if settings.adapts:
        lora = Lora(
            targets_of(shape, settings.lora_targets),
            settings.lora_r,
            settings.adapter_bytes,
            settings.lora_dropout,
        )
    repeated = settings.attn not in ("flash_attention_2", "flash_attention_3")
    layer = layer_bytes(shape, numbers, settings.attn, lora, repeated)
    if traced and traced.kept is not None:
        plain = layer_bytes(shape, Numbers(2, 2, 2, False, full), "sdpa", None, False)
        layer = replace(layer, kept=max(0.0, layer.kept + traced.kept - plain.kept))
    layers = shape.layers + shape.decoder_layers
    count = sum(tensor.numel for tensor in trained)
    width = width_of(settings)
    optimizer = optimizer_bytes(settings.optim, trained, width)
    gradients = count * width * share.gradients * share.copies
    scoring = "embedding" if shape.tied and not shape.encoder else "head"
    first = sum(t.numel for t in trained if t.role == scoring) if full else 0
    last = sum(t.numel for t in trained if t.role in ("embedding", "head", "position")) - first if full else 0
    linear = sum(t.numel for t in shape.tensors if t.role in ("linear", "expert"))
    head = shape.vocab * shape.hidden
    casts = 2.0 * linear / layers if settings.amp and stream == 4 and not is_quantized else 0.0
    adapter = count * width * share.weights if not full else 0.0
    virtual = settings.virtual_tokens if settings.method in ("prompt", "prefix") else 0
    return Step(
        resident=weights.total * share.weights + adapter + share.extra + WORKSPACE,
        layers=max(1, round(layers * share.layers)),
        kept=_longer(layer, virtual, settings.seq),
        stream=float(stream * shape.hidden),
        ends=float((4 + 2 * stream if shape.norm == "rms" else 2 * stream) * shape.hidden),
        casts=casts,
        merged=2.0 * _adapted_experts(shape, lora, settings) / layers,
        dequantized=float(weights.largest * compute) if is_quantized else 0.0,
        vocab=shape.vocab,
        logits=_loss_kind(shape, settings),
        head_cast=2.0 * head if settings.amp and stream == 4 else 0.0,
        amp=settings.amp,
        wide=compute,
        gradients=gradients,
        head=first * width * share.gradients * share.copies,
        embedding=last * width * share.gradients * share.copies,
        states=optimizer.states * share.states + share.master * count * share.states,
        temporary=optimizer.temporary * share.states,
        checkpointing=settings.checkpointing,
        in_backward=optimizer.in_backward,
        accumulate=settings.accumulation > 1,
    )


def width_of(settings: Settings) -> int:
    """Bytes of a trained weight."""
    if settings.adapts:
        return settings.adapter_bytes
    return 4 if settings.precision == "fp32" or settings.method in ("prompt", "prefix") else 2


def _adapted_experts(shape: Architecture, lora: Lora | None, settings: Settings) -> int:
    """Weights of fused experts that carry adapters: PEFT computes with a changed copy of them."""
    if lora is None or before(settings.transformers, "loose_experts"):
        return 0
    if not any(target.group == "experts" for target in lora.targets):
        return 0
    return sum(tensor.numel for tensor in shape.tensors if tensor.role == "expert")


def _loss_kind(shape: Architecture, settings: Settings) -> str:
    if shape.encoder:
        return "none"
    if settings.fused_loss:
        return "fused"
    return "in the model" if before(settings.transformers, "kept_logits") else "loss function"


def _longer(layer: LayerBytes, virtual: int, seq: int) -> LayerBytes:
    """Virtual tokens lengthen every sequence."""
    share = 1 + virtual / seq
    return LayerBytes(layer.kept * share, layer.scores * share * share, layer.transient * share)
