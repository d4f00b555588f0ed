"""Where this process runs: whether on a Hugging Face Space, and on which hardware.

Found from the variables that Spaces sets and from NVML; torch is not imported.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assistant.errors import UserError
from assistant.settings import on_space, value

Kind = Literal["cpu", "gpu", "zero"]
_KINDS: dict[str, Kind] = {"cpu": "cpu", "gpu": "gpu", "zero": "zero"}
_NUMBER = re.compile(r"[\d.]+")


@dataclass(frozen=True, slots=True)
class Hardware:
    """What the process computes on. `gpu` is the GPU's name ("" for none, or where it is lent for each reply);
    `memory_gib` is 0 where it is not known; `unused` names a GPU that is there and cannot be used."""

    kind: Kind
    cores: int
    memory_gib: float
    gpu: str = ""
    unused: str = ""


def proxies() -> int:
    """How many proxies before this server may name the visitor's address in X-Forwarded-For. Raises UserError."""
    return whole_number("TRACEDOC_PROXIES", 1 if on_space() else 0)


def whole_number(variable: str, default: int) -> int:
    """A setting that is a whole number. Raises UserError."""
    stated = value(variable, str(default))
    if not stated.isdigit():
        raise UserError(f"{variable} must be a whole number, not {stated[:40]!r}.")
    return int(stated)


def hardware() -> Hardware:
    """The hardware, TRACEDOC_HARDWARE overriding what is found. Raises UserError."""
    stated = value("TRACEDOC_HARDWARE", "auto").lower()
    if stated != "auto" and stated not in _KINDS:
        raise UserError(f"TRACEDOC_HARDWARE must be auto, cpu, gpu or zero, not {stated[:40]!r}.")
    name = _gpu_name()
    found: Kind = "zero" if _lends_gpus() else "gpu" if name and _torch_has_cuda() else "cpu"
    kind = _KINDS.get(stated, found)
    return Hardware(
        kind=kind,
        cores=_cores(),
        memory_gib=_memory(),
        gpu=name if kind == "gpu" else "",
        unused=name if kind == "cpu" and stated == "auto" else "",
    )


def _lends_gpus() -> bool:
    """Whether this is ZeroGPU."""
    return value("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")


def _gpu_name() -> str:
    if not Path("/dev/nvidiactl").exists():
        return ""
    try:
        import pynvml  # type: ignore[import-untyped]

        pynvml.nvmlInit()
        name = pynvml.nvmlDeviceGetName(pynvml.nvmlDeviceGetHandleByIndex(0))
        return name.decode() if isinstance(name, bytes) else str(name)
    except Exception:  # no driver, no device, no rights: then there is no GPU for us
        return ""


def _torch_has_cuda() -> bool:
    """Whether torch is a build with CUDA, from its files alone."""
    from importlib.util import find_spec

    spec = find_spec("torch")
    places = spec.submodule_search_locations if spec else None
    return any((Path(each) / "lib" / "libtorch_cuda.so").exists() for each in places or ())


def _cores() -> int:
    stated = _NUMBER.match(value("CPU_CORES", ""))
    if stated:
        return max(1, round(float(stated[0])))
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _memory() -> float:
    stated = _NUMBER.match(value("MEMORY", ""))  # "16Gi"
    if stated:
        return float(stated[0])
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (ValueError, OSError, AttributeError):
        return 0.0
