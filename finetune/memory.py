"""Whether a run fits the free memory, before its first step."""

from typing import Any

from assistant.errors import UserError
from assistant.generation.models import free_memory, memory_need, shape_of
from finetune.recipe import Recipe

_ADAM = 4 + 4 + 8
"""Bytes per trained parameter: its weight, gradient and two moments in fp32."""
_OPTIMIZERS = {"adamw_8bit": 10, "paged_adamw_8bit": 10, "adafactor": 9, "sgd": 8}
_KEPT, _KEPT_CHECKPOINTED = 17.0, 1.0
"""Widths of hidden states that a layer keeps for the backward pass, and with checkpointing."""
_INNER = 3.0


def training_need(config: Any, made: Recipe, trained: int, longest: int) -> int:
    """Bytes at the peak of a step: the model as for serving, the adapter's states, and what the forward
    pass of a batch of the longest samples keeps. `trained` counts parameters."""
    shape = shape_of(config)
    tokens = made.batch * min(made.length, longest)
    quantization = "nf4" if made.method == "qlora" else "fp32" if made.precision == "fp32" else "bf16"
    model = memory_need(shape, 0, quantization, made.device if made.device != "auto" else "cpu")
    text = config.get_text_config(decoder=True)
    inner = int(getattr(text, "intermediate_size", None) or 4 * shape.hidden)
    if made.checkpointing:
        kept = shape.layers * tokens * shape.hidden * 2 * _KEPT_CHECKPOINTED
        kept += tokens * (shape.hidden * _KEPT + inner * _INNER) * 2
    else:
        kept = shape.layers * tokens * (shape.hidden * _KEPT + inner * _INNER) * 2
    scores = tokens * 0.3 * shape.vocab * 4 * 3
    return int(model + trained * _OPTIMIZERS.get(made.optimizer, _ADAM) + kept + scores)


def check_memory(config: Any, made: Recipe, trained: int, longest: int, device: str) -> int:
    """The need in bytes. Raises UserError where less is free, with what would help."""
    need, free = training_need(config, made, trained, longest), free_memory(device)
    if need > free:
        help_ = ["`batch: 1` with a larger `accumulation`"] if made.batch > 1 else []
        help_ += [] if made.checkpointing else ["`checkpointing: true`"]
        help_ += ["a smaller `length`"] + ([] if made.method == "qlora" else ["`method: qlora`"])
        raise UserError(
            f"This run needs about {need / 2**30:.1f} GiB and {free / 2**30:.1f} GiB are free: try {', '.join(help_)}.",
            3,
        )
    return need
