"""Runs `torch_state.py` in a process of its own and reads what it says."""

from __future__ import annotations

import json
from importlib import metadata
from typing import TYPE_CHECKING

from assistant.machine.probes.collecting import python_output
from assistant.machine.probes.sources import source_of

if TYPE_CHECKING:
    from typing import Any

TORCH_SECONDS = 6.3


def torch() -> dict[str, Any]:
    """torch's build, whether it sees and can use the GPU, and whether bitsandbytes works."""
    try:
        metadata.version("torch")
    except metadata.PackageNotFoundError:
        return {}
    state: dict[str, Any] = {}
    for line in python_output(["-c", source_of("torch_state")], TORCH_SECONDS).splitlines():
        try:
            state.update(json.loads(line))
        except ValueError:
            continue
    finished = state.pop("done", False)
    found: dict[str, Any] = {}
    if state:
        found["torch"] = {key: value for key, value in state.items() if value is not None}
    if not finished and "version" not in state:
        found["unanswered"] = [f"torch: no answer within {TORCH_SECONDS:g} s"]
    if state.get("cuda"):
        found["cuda_torch"] = state["cuda"]
    return found
