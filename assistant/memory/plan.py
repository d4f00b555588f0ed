"""A plan: plain data, from which JSON, words and the picture are made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from assistant.memory.architecture import Architecture
from assistant.memory.request import PlanRequest
from assistant.memory.settings import Origin, Settings

Verdict = Literal["fits", "borderline", "does not fit"]
PARTS = ("weights", "gradients", "optimizer", "activations", "logits", "kv_cache", "runtime")


@dataclass(frozen=True, slots=True)
class Model:
    """The model of a plan: its name as given, its shapes, whether they are assumed from a size, its
    config, and the name that was asked for where ours is another."""

    id: str
    shape: Architecture
    assumed: bool = False
    config: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    asked: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Lever:
    """A change, by its id in texts.toml and what is filled into its sentences; `saves_gib` beyond the
    changes before it; `fits_after` is None where no GPU is known; `request` is the changed request."""

    id: str
    values: Mapping[str, str]
    saves_gib: float
    fits_after: bool | None
    request: PlanRequest


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence of texts.toml, with what is filled in."""

    id: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """Peak memory of one GPU, in GiB. `parts` at the peak (runtime is beside torch's allocator);
    `weights` breaks that part down; `needed` is what must be free: the reserved memory that cannot be given
    back; `interval` is around `reserved`; `gpu` is what is free, None where no GPU is known."""

    model: Model
    request: PlanRequest
    settings: Settings
    origins: Mapping[str, Origin]
    trained: int
    parts: Mapping[str, float]
    weights: Mapping[str, float]
    allocated: float
    reserved: float
    device: float
    interval: tuple[float, float]
    needed: tuple[float, float]
    gpu: float | None
    gpu_name: str
    verdict: Verdict | None
    notes: tuple[Note, ...] = ()
    levers: tuple[Lever, ...] = ()
