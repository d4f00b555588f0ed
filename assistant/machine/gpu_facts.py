"""One GPU of a report as facts for the conditions of findings."""

import re
from collections.abc import Sequence

from assistant.machine.builds import build_for, compiled_for, runs_on, version
from assistant.machine.data import maker
from assistant.machine.model import Gpu, Report

Fact = str | float | bool
Facts = dict[str, Fact]
_DISPLAY = re.compile(
    r"(?i)xorg|gnome|kde|plasma|wayland|explorer|dwm|desktop|browser|chrome|firefox|edge|teams|code\b|steam"
)


def gpu_facts(report: Report, gpu: Gpu, place: int) -> Facts:
    """The facts of one GPU, the `place`-th."""
    found: Facts = {"gpu_index": float(gpu.index if gpu.index is not None else place)}
    if gpu.name:
        found["gpu"] = gpu.name
        found["gpu_maker"] = maker(gpu.name)
    for name, value in (("vram", gpu.vram_gib), ("free", gpu.free_gib)):
        if value is not None:
            found[name] = value
    if gpu.vram_gib and gpu.free_gib is not None:
        found["used_share"] = round(1 - gpu.free_gib / gpu.vram_gib, 3)
        found["used"] = round(gpu.vram_gib - gpu.free_gib, 2)
    if gpu.state.get("utilization") in (0, 1, 2, 3):
        found["idle"] = ""  # chooses among the sentences
    for name, value in gpu.state.items():
        if isinstance(value, str | float | int | bool):
            found[f"gpu_{name}"] = value
        elif isinstance(value, list) and value:
            found[f"gpu_{name}"] = ", ".join(
                str(each) for each in value if not isinstance(each, dict)
            ) or float(len(value))
    if gpu.processes:
        named = sorted(gpu.processes, key=lambda each: -(each.used_gib or 0))
        found["processes"] = ", ".join(_process(each.name, each.pid, each.used_gib) for each in named[:4])
        found["display_only"] = all(_DISPLAY.search(each.name) for each in gpu.processes)
        found["process_count"] = float(len(gpu.processes))
    if gpu.compute_capability:
        found["cc"], found["capability"] = float(gpu.compute_capability), gpu.compute_capability
        found["sm"] = gpu.compute_capability.replace(".", "")
        build = build_for(gpu.compute_capability)
        if build:
            found["build_needed"] = build
        code = _code(report)
        runs = runs_on(gpu.compute_capability, code) if _numbers(code) else None
        if runs is False:
            found["no_code"] = True
            found["newer_than_code"] = float(gpu.compute_capability) * 10 > max(_numbers(code))
            found["code"] = " ".join(f"sm_{number}" for number in _numbers(code))
        least = version(report.signs.get("capability_minimum", ""))
        if not code and least and float(gpu.compute_capability) < float(str(least)):
            found["no_code"] = True
            found["code"] = f"sm_{str(least).replace('.', '')} …"
    return found


def _process(name: str, pid: int | None, used: float | None) -> str:
    size = f" {used:g} GiB" if used is not None else ""
    return f"{name or '?'}{f' ({pid})' if pid is not None else ''}{size}"


def _numbers(code: Sequence[str | int]) -> list[int]:
    return sorted({int(number[0]) for each in code if (number := re.search(r"\d{2,3}", str(each)))})


def _code(report: Report) -> Sequence[str | int]:
    """The architectures that torch has code for: as it says itself, as its warning says, or by its build."""
    said = report.torch.get("architectures")
    if isinstance(said, list) and said:
        return said
    if "architectures" in report.signs:
        return re.findall(r"(?:sm|compute)_\d{2,3}", report.signs["architectures"])
    torch = report.packages.get("torch") or str(report.torch.get("version", ""))
    if not torch or not report.cuda_torch or "aarch64" in str(report.environment.get("machine", "")):
        return ()
    found = version(torch)
    return compiled_for(torch, report.cuda_torch) if found and not found.is_devrelease else ()
