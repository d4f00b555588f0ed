"""The largest run that fits a GPU."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from assistant.errors import UserError
from assistant.memory.catalog import carried, find_model
from assistant.memory.plan import Model, Plan
from assistant.memory.planner import plan_for
from assistant.memory.request import PlanRequest

_MOST = 1 << 17


@dataclass(frozen=True, slots=True)
class Largest:
    """The largest batch, length (tokens) or model that fits; `plan` is of that run. `value` is None where
    not even the smallest fits."""

    what: Literal["batch", "length", "model"]
    value: int | str | None
    plan: Plan | None


def largest(
    request: PlanRequest, what: Literal["batch", "length", "model"], model: Model | None = None
) -> Largest:
    """The largest batch, length or carried model with which a run fits the GPU. Raises UserError where the
    request names no GPU."""
    if request.gpu is None and request.vram is None:
        raise UserError("the largest run that fits depends on the GPU: give `--gpu` or `--vram`.")
    model = model or find_model(request.model)
    if what == "model":
        names = sorted(carried(), key=lambda name: find_model(name).shape.params, reverse=True)
        for name in names:
            try:
                plan = plan_for(find_model(name), replace(request, model=name, lengths="fixed"))
            except UserError:
                continue
            if plan.verdict == "fits" and not plan.model.shape.encoder:
                return Largest("model", name, plan)
        return Largest("model", None, None)
    key, least = ("batch_size", 1) if what == "batch" else ("seq", 1)
    value = highest(
        lambda number: fits(model, with_values(request, **{key: number, "lengths": "fixed"})), least
    )
    if value is None:
        return Largest(what, None, None)
    return Largest(what, value, plan_for(model, with_values(request, **{key: value})))


def fits(model: Model, request: PlanRequest) -> bool:
    return plan_for(model, request).verdict == "fits"


def highest(fits: Callable[[int], bool], least: int) -> int | None:
    if not fits(least):
        return None
    low, high = least, least * 2
    while high < _MOST and fits(high):
        low, high = high, high * 2
    while high - low > max(1, low // 64):
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def with_values(request: PlanRequest, **values: Any) -> PlanRequest:
    return replace(request, **values)
