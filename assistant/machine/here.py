"""Inspects this machine: all probes at once, NVML and torch in processes of their own."""

import json
from pathlib import Path
from typing import Any

from assistant.machine.data import from_data
from assistant.machine.model import Report
from assistant.machine.paste.signs import measured_signs
from assistant.machine.probes import gpu_tools, network, packages, privacy, storage, system, variables
from assistant.machine.probes.collecting import collect, merge, python_output
from assistant.machine.probes.torch_process import TORCH_SECONDS, torch

_SECONDS, _NVML_SECONDS = 1.6, 1.4


def inspect_machine(*, torch_too: bool = True, hub: bool = True) -> Report:
    """This machine's report, within 2 seconds; within 8 with `torch_too`, which imports torch in a
    process of its own. `hub` asks whether the Hub can be reached. Nothing is written, nothing raised:
    what gave no answer is named in `unanswered`."""
    probes = [
        ("system", system.system, _SECONDS),
        ("surroundings", system.surroundings, _SECONDS),
        ("memory", system.memory, _SECONDS),
        ("storage", storage.storage, _SECONDS),
        ("variables", variables.variables, _SECONDS),
        ("packages", packages.packages, _SECONDS),
        ("NVIDIA", nvidia, _SECONDS),
        ("AMD", gpu_tools.amd_tool, _SECONDS),
        ("Apple", gpu_tools.apple, _SECONDS),
        ("devices", gpu_tools.listed_devices, _SECONDS),
        ("other tools", gpu_tools.other_tools, _SECONDS),
        ("ports", network.ports, _SECONDS),
    ]
    if hub:
        probes.append(("hub", network.hub, _SECONDS))
    if torch_too:
        probes.append(("torch", torch, TORCH_SECONDS + 0.5))
    found = privacy.private(collect(probes))
    return from_data({"source": "this machine", "measured": True, "signs": measured_signs(found), **found})


def nvidia() -> dict[str, Any]:
    """NVIDIA's GPUs by NVML, else by `nvidia-smi`."""
    program = Path(__file__).parent / "probes" / "nvml.py"
    found: dict[str, Any] = {"gpus": [], "environment": {}}
    for line in python_output([str(program)], _NVML_SECONDS).splitlines():
        said = json.loads(line)
        if "gpu" in said:
            found["gpus"].append(said["gpu"])
        elif "nvml_error" in said:
            found["environment"]["nvml"] = said["nvml_error"]
        else:
            merge(found, said)
    if found["gpus"]:
        return found
    by_tool = gpu_tools.nvidia_tool()
    merge(by_tool, {"environment": found["environment"]})
    return by_tool


def this_machine() -> str:
    """This machine as a text that is read like a pasted report; torch is not imported, the Hub not asked."""
    report = inspect_machine(torch_too=False, hub=False)
    lines = [f"Python version: {report.python}", f"OS: {report.os}"]
    lines += [f"{name}=={version}" for name, version in report.packages.items()]
    if report.driver:
        lines.append(
            f"NVIDIA-SMI {report.driver} Driver Version: {report.driver} CUDA Version: {report.cuda_driver}"
        )
    for place, gpu in enumerate(report.gpus):
        total, free = gpu.vram_gib or 0, gpu.free_gib if gpu.free_gib is not None else gpu.vram_gib or 0
        lines.append(f"|   {place}  {gpu.name or 'GPU'}  On  |")
        if total:
            lines.append(f"| {round((total - free) * 1024)}MiB / {round(total * 1024)}MiB |")
    return "\n".join(lines)
