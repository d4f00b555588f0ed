"""Whether a run fits the free memory, before its first step: by the planner, as `tracedoc plan` counts."""

from typing import Any, cast

from assistant.errors import UserError
from assistant.generation.need import CPU_RUNTIME, free_memory, model_of
from assistant.memory.planner import CONTEXT as CUDA_CONTEXT
from assistant.memory.planner import GIB, plan_for
from assistant.memory.request import Method, PlanRequest, Precision
from finetune.recipe import Recipe

_SCORES = 3
"""Copies in fp32 of the scores that a step holds at once: they, their log-probabilities, their gradient."""


def training_need(
    config: Any, made: Recipe, longest: int, device: str, *, dtype: str = "bf16", scored: int = 0
) -> int:
    """Bytes at the peak of a step with a batch of the longest samples: the planner's figure, and beside it
    the scores of `scored` positions of a sample, where these are computed at once (finetune.head). `dtype` is
    what the run computes in. Raises UserError for a config whose weights cannot be counted."""
    model = model_of(made.base, config)
    length = min(made.length, longest)
    request = PlanRequest(
        model.id,
        method=cast(Method, made.method),  # the planner has all of ours
        precision="nf4-dq" if made.method == "qlora" else _precision(dtype),
        batch_size=made.batch,
        seq=length,
        optim=made.optimizer,
        checkpointing=made.checkpointing,
        lora_r=made.rank,
        lora_targets=",".join(made.targets),
        lora_dropout=made.dropout,
        adapter_dtype="fp32",
        virtual_tokens=made.virtual_tokens,
        accumulation=made.accumulation,
        fused_loss=True,
        lengths="varied",
    )
    plan = plan_for(model, request)
    need = plan.needed[1] * GIB + made.batch * min(length, scored) * model.shape.vocab * 4 * _SCORES
    if device == "cpu":
        need += CPU_RUNTIME - CUDA_CONTEXT
    return int(need)


def check_memory(
    config: Any, made: Recipe, longest: int, device: str, *, dtype: str = "bf16", scored: int = 0
) -> int | None:
    """The need in bytes, None where the model's weights cannot be counted. Raises UserError where less is
    free, with what would help."""
    try:
        need = training_need(config, made, longest, device, dtype=dtype, scored=scored)
    except UserError:
        return None
    free = free_memory(device)
    if need > free:
        help_ = ["`batch: 1` with a larger `accumulation`"] if made.batch > 1 else []
        help_ += [] if made.checkpointing else ["`checkpointing: true`"]
        help_ += ["a smaller `length`"] + ([] if made.method == "qlora" else ["`method: qlora`"])
        raise UserError(
            f"This run needs about {need / 2**30:.1f} GiB and {free / 2**30:.1f} GiB are free: try {', '.join(help_)}.",
            3,
        )
    return need


def _precision(dtype: str) -> Precision:
    return "fp32" if dtype == "float32" else "fp16" if dtype == "float16" else "bf16"
