"""The memory planner: what a run needs, by part, and the least invasive change that makes it fit.

    plan(PlanRequest("Qwen/Qwen2.5-7B", "qlora", gpu="RTX 3090")).verdict

Nothing here imports torch, except `trace`, which is asked for by name.
"""

from dataclasses import replace

from assistant.memory.catalog import find_model
from assistant.memory.contract import as_json
from assistant.memory.from_facts import request_from_facts
from assistant.memory.largest import Largest, largest
from assistant.memory.levers import levers
from assistant.memory.oom import OomCause, explain_oom
from assistant.memory.picture import picture
from assistant.memory.plan import Lever, Model, Plan
from assistant.memory.planner import plan_for
from assistant.memory.request import PlanRequest, read_request


def plan(request: PlanRequest, *, trace: bool = False) -> Plan:
    """The memory of a run, with the changes that make it fit. With `trace`, the installed class is built
    and its activations are measured on the CPU (imports torch).

    Raises UserError for a model that cannot be found or read, and for settings that exclude each other;
    a GPU that is unknown is a note, and the plan has no verdict."""
    model = find_model(request.model)
    traced = None
    if trace:
        from assistant.memory.trace import trace_layer

        traced = trace_layer(model, request)
    found = plan_for(model, request, traced)
    return replace(found, levers=levers(found))


__all__ = [
    "Largest",
    "Lever",
    "Model",
    "OomCause",
    "Plan",
    "PlanRequest",
    "as_json",
    "explain_oom",
    "find_model",
    "largest",
    "levers",
    "picture",
    "plan",
    "read_request",
    "request_from_facts",
]
