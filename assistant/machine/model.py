"""What a report holds: plain frozen data. Unknown values are None or absent, never guessed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Source = Literal["this machine", "pasted"]
Backend = Literal["cuda", "rocm", "mps", "xpu", "npu", "cpu"]
Severity = Literal["error", "warning", "advice"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "advice")
"""Worst first."""


@dataclass(frozen=True, slots=True)
class GpuProcess:
    """Who uses a GPU's memory. `name` is the program alone, `used_gib` in GiB."""

    pid: int | None = None
    name: str = ""
    used_gib: float | None = None


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU, sizes in GiB. `state` holds what the driver says beyond that: utilization, temperature_c,
    ecc_errors, throttled, mig, driver_model, compute_mode, integrated, …, as in the schema."""

    index: int | None = None
    name: str = ""
    vram_gib: float | None = None
    free_gib: float | None = None
    compute_capability: str | None = None
    processes: tuple[GpuProcess, ...] | None = None
    state: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """A machine, as measured here or as read from a pasted text.

    `measured` tells a report that this program or its script made (also on another machine) from a text
    that was read. `torch` is what torch says of itself, `environment` what surrounds it (container, disks, limits,
    variables, hub, …), `signs` what a text's messages say beyond facts, `unanswered` the probes that
    failed; `lang` is the language of the words around a pasted report.
    """

    source: Source
    backend: Backend | None = None
    gpus: tuple[Gpu, ...] = ()
    driver: str | None = None
    cuda_driver: str | None = None
    cuda_torch: str | None = None
    python: str | None = None
    os: str | None = None
    packages: Mapping[str, str] = field(default_factory=dict)
    torch: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    signs: Mapping[str, str] = field(default_factory=dict)
    unanswered: tuple[str, ...] = ()
    measured: bool = False
    lang: str = "en"


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem and its way out, in one language. `entry` is the corpus entry that says more."""

    id: str
    severity: Severity
    title: str
    detail: str
    fix: str
    entry: str | None = None
