"""Inspects this machine: all probes at once, NVML and torch in processes of their own."""

import json
from pathlib import Path
from typing import Any

from assistant.machine.data import as_json, from_data
from assistant.machine.model import Report
from assistant.machine.paste.signs import measured_signs
from assistant.machine.probes import gpu_tools, network, packages, privacy, storage, system, variables
from assistant.machine.probes.collecting import collect, merge, python_output
from assistant.machine.probes.torch_process import TORCH_SECONDS, torch

_SECONDS, _NVML_SECONDS = 1.6, 1.4
MEASURED_HERE = "# measured on this machine by tracedoc"
"""Stands below the report of this machine where it is handed on as a text."""


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
    """This machine's report as JSON text, as it may be pasted; torch is not imported, the Hub not asked."""
    found = json.dumps(as_json(inspect_machine(torch_too=False, hub=False)), ensure_ascii=False)
    return f"{found}\n{MEASURED_HERE}"
