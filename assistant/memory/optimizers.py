"""Bytes that an optimizer keeps on the device, by the name that `optim` takes."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from assistant.errors import UserError
from assistant.memory.architecture import Tensor

_RANK = 128
_SMALL = 4096
"""bitsandbytes keeps the states of smaller tensors in fp32."""


@dataclass(frozen=True, slots=True)
class OptimizerBytes:
    """`states` stay; `temporary` are needed while it steps; `in_backward`: gradients do not pile up."""

    states: float
    temporary: float
    paged: bool
    in_backward: bool


@cache
def optimizers() -> Mapping[str, Mapping[str, Any]]:
    """The table of optimizers, by name."""
    return tomllib.loads((Path(__file__).parent / "data/optimizers.toml").read_text("utf-8"))


def checked_optimizer(name: str) -> str:
    """The name, if `optim` takes it. Raises UserError with the nearest one."""
    if name not in optimizers():
        near = get_close_matches(name, optimizers(), n=1, cutoff=0.5)
        hint = f": did you mean `{near[0]}`?" if near else "."
        raise UserError(f"`{name[:60]}` is no optimizer that `optim` of TrainingArguments takes{hint}")
    return name


def optimizer_bytes(name: str, trained: Sequence[Tensor], width: float) -> OptimizerBytes:
    """For trained tensors of `width` bytes a weight."""
    row = optimizers()[name]
    states = 0.0
    largest = 0
    for tensor in trained:
        largest = max(largest, tensor.rows * tensor.cols)
        states += _states(tensor, row, width) * tensor.count
    count = sum(tensor.numel for tensor in trained)
    temporary = row.get("temporary", 0) * count * width + row.get("largest", 0) * largest * 4.0
    return OptimizerBytes(states, temporary, bool(row.get("paged")), bool(row.get("in_backward")))


def _states(tensor: Tensor, row: Mapping[str, Any], width: float) -> float:
    rows, cols = tensor.rows, tensor.cols
    size = rows * cols
    if row.get("projected") and tensor.role == "linear" and min(rows, cols) > _RANK:
        size = _RANK * max(rows, cols)
        return (
            _states(Tensor("norm", size), {**row, "projected": False}, width)
            + _RANK * min(rows, cols) * width
        )
    if row.get("factored"):
        return 4.0 * (rows + cols if cols > 1 else rows)
    if "bytes" in row:
        wide = 8.0 if size < _SMALL else float(row["bytes"])
        return size * wide
    return float(size * (row.get("states", 0) * width + row.get("fp32", 0) * 4.0))
