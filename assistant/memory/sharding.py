"""How the parts of a run are shared between GPUs: what one of them holds."""

from dataclasses import dataclass

from assistant.memory.request import Sharding

_LIVE = 1_000_000_000
"""DeepSpeed's stage3_max_live_parameters: weights that may be gathered at once."""
_BUCKET = 500_000_000
"""DeepSpeed's bucket of gradients on the way to their owner."""


@dataclass(frozen=True, slots=True)
class Share:
    """Shares (0 to 1) of one GPU in weights, gradients, optimizer states and layers; `master` bytes for
    each trained weight (DeepSpeed's fp32 copy, of which the GPU holds `states`); `extra` bytes beside;
    `copies` of the gradients (DDP's buckets hold them again)."""

    weights: float = 1.0
    gradients: float = 1.0
    states: float = 1.0
    layers: float = 1.0
    master: float = 0.0
    extra: float = 0.0
    copies: float = 1.0


def share_of(
    sharding: Sharding, gpus: int, *, trained: int, all_bytes: float, largest: int, width: int
) -> Share:
    """`trained` weights of `width` bytes each, `all_bytes` of weights in the model, its `largest` layer."""
    part = 1.0 / gpus
    bucket = 2.0 * min(_BUCKET, trained)
    if sharding == "ddp":
        return Share(copies=2.0)
    if sharding == "zero1":
        return Share(states=part, master=4.0 if width == 2 else 0.0, extra=bucket)
    if sharding == "zero2":
        return Share(gradients=part, states=part, master=4.0 if width == 2 else 0.0, extra=bucket)
    if sharding == "zero3":
        gathered = min(2.0 * _LIVE, all_bytes * 0.2) + 2.0 * largest
        return Share(part, part, part, master=4.0 if width == 2 else 0.0, extra=gathered)
    if sharding == "fsdp":
        return Share(part, part, part, extra=2.0 * largest * 2)
    if sharding == "device_map":
        return Share(part, part, part, layers=part)
    return Share()
