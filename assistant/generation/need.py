"""What a model takes to serve, by the planner, and what is free: one function before every loading."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assistant.memory.plan import Model
from assistant.memory.planner import CONTEXT as CUDA_CONTEXT
from assistant.memory.planner import GIB, plan_for
from assistant.memory.read_config import read_architecture
from assistant.memory.request import PlanRequest, Precision

CONTEXT = 4_096
"""Tokens of context that the need is stated for unless another number is given."""
CPU_RUNTIME = 250 << 20
"""What torch and its libraries take in a process on a CPU, where a GPU has its CUDA context."""

_READ_AT_ONCE = 1_024
_PRECISIONS: Mapping[str, Precision] = {
    "fp32": "fp32",
    "bf16": "bf16",
    "fp16": "fp16",
    "int8": "int8",
    "bitsandbytes": "int8",
    "gptq": "gptq-int4",
    "awq": "awq-int4",
    "fp8": "fp8",
}
"""How models are quantized, as their configs say it; what is not here is taken for 4 bits."""


def serving_need(
    model: Model, context: int = CONTEXT, quantization: str = "nf4", device: str = "cuda"
) -> int:
    """Bytes that must be free for a model to serve one reply at a time, with `context` tokens."""
    reading = min(_READ_AT_ONCE, max(1, context - 1))
    request = PlanRequest(
        model.id,
        precision=_PRECISIONS.get(quantization, "nf4-dq"),
        batch_size=1,
        seq=reading,
        new_tokens=max(0, context - reading),
    )
    need = int(plan_for(model, request).needed[1] * GIB)
    return need - int(CUDA_CONTEXT) + CPU_RUNTIME if device == "cpu" else need


def model_of(name: str, config: Any) -> Model:
    """A model of the planner from a transformers config. Raises UserError where its weights cannot be counted."""
    return Model(name, read_architecture(config.to_dict()))


def free_memory(device: str = "cpu") -> int:
    """Bytes that are free on a device; on the CPU within the limit of the container, if there is one."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.mem_get_info(torch.device(device))[0])
    free = _available()
    limit = _number(Path("/sys/fs/cgroup/memory.max"))
    used = _number(Path("/sys/fs/cgroup/memory.current"))
    return min(free, max(0, limit - used)) if limit is not None and used is not None else free


def _available() -> int:
    try:
        import psutil  # type: ignore[import-untyped]

        return int(psutil.virtual_memory().available)
    except ImportError:
        import os

        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None
