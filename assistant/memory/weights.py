"""Bytes of a model's weights in a precision: what quantization reaches, and what it leaves alone."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from assistant.memory.architecture import Architecture, Tensor


@dataclass(frozen=True, slots=True)
class Weights:
    """Bytes on the device: quantized (or plain) linear layers, the constants of quantization, experts,
    what keeps its precision, and the image tower. `largest` is the biggest linear layer's weights,
    `largest_left` the biggest tensor that keeps its precision, both in numbers of weights."""

    linear: float
    constants: float
    experts: float
    unquantized: float
    largest: int
    largest_left: int

    @property
    def total(self) -> float:
        return self.linear + self.constants + self.experts + self.unquantized


@cache
def precisions() -> Mapping[str, Mapping[str, Any]]:
    """The table of precisions."""
    return tomllib.loads((Path(__file__).parent / "data/precisions.toml").read_text("utf-8"))


def quantized(precision: str) -> bool:
    """Whether the linear layers hold something else than plain numbers."""
    return bool(precisions()[precision].get("quantized"))


def weigh(shape: Architecture, precision: str, *, rest: int | None, fused_experts: bool) -> Weights:
    """`rest` is the bytes of a tensor that is not quantized (None: as the precision has it); with
    `fused_experts`, quantization on loading leaves experts as they are, because they are parameters
    and no linear layers (a checkpoint that is stored quantized has them quantized)."""
    row = precisions()[precision]
    left = float(rest if rest is not None else row["rest"])
    linear = constants = experts = other = 0.0
    largest = largest_left = 0
    spared = bool(row.get("quantized")) and fused_experts and not row.get("prequantized")
    for tensor in shape.tensors:
        if tensor.role in ("linear", "vision") or (tensor.role == "expert" and not spared):
            stored, extra = _stored(tensor, row)
            constants += extra
            if tensor.role == "expert":
                experts += stored
            else:
                linear += stored
                largest = max(largest, tensor.rows * tensor.cols)
        elif tensor.role == "expert":
            experts += tensor.numel * left
        else:
            other += tensor.numel * left
            largest_left = max(largest_left, tensor.rows * tensor.cols)
    return Weights(linear, constants, experts, other, largest, largest_left)


def _stored(tensor: Tensor, row: Mapping[str, Any]) -> tuple[float, float]:
    extra = tensor.numel * row.get("constants", 0.0)
    extra += tensor.rows * tensor.count * row.get("row", 0) + tensor.cols * tensor.count * row.get(
        "column", 0
    )
    return tensor.numel * row["linear"], extra
