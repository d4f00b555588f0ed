"""Flags in, JSON out: what `plan --json`, `plan --from` and POST /api/plan share."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assistant.errors import UserError
from assistant.memory.catalog import find_model
from assistant.memory.contract import as_json
from assistant.memory.gpus import find_gpu
from assistant.memory.levers import levers
from assistant.memory.picture import picture
from assistant.memory.plan import Model, Plan
from assistant.memory.planner import GIB, plan_for
from assistant.memory.read_config import read_architecture
from assistant.memory.request import read_request
from assistant.memory.weights import weigh
from assistant.memory.words import Lang

_SHOWN = ("bf16", "int8", "nf4-dq")


def plan_json(body: Mapping[str, Any]) -> dict[str, Any]:
    """POST /api/plan: the object of `plan --json` with a `picture` (SVG), for a JSON object of flags,
    optional `lang`, and `config` (a config.json's object) in place of a file. Reads no local files.
    Raises UserError."""
    flags = dict(body)
    lang = flags.pop("lang", "en")
    if lang not in ("en", "zh"):
        raise UserError("`lang` must be en or zh.")
    config = flags.pop("config", None)
    if config is not None:
        flags.setdefault("model", "config")
        request = read_request(flags)
        model = Model(request.model, read_architecture(config), config=config)
    else:
        request = read_request(flags)
        model = find_model(request.model, files=False)
    plan = plan_for(model, request)
    plan = replace(plan, levers=levers(plan))
    named = {"id": body["id"]} if "id" in body else {}
    return {**named, **as_json(plan, lang), "picture": picture(plan, lang)}


def plan_line(flags: Mapping[str, Any], lang: Lang = "en") -> dict[str, Any]:
    """One line of `plan --from`: the plan, or `error` with what is known all the same."""
    named = {"id": flags["id"]} if "id" in flags else {}
    try:
        request = read_request(flags)
        plan = plan_for(find_model(request.model), request)
        plan = replace(plan, levers=levers(plan))
    except UserError as error:
        return {"id": flags.get("id"), "error": str(error), **known(flags)}
    why = unknown_gpu(plan)
    return {**named, **({"error": why} if why else {}), **as_json(plan, lang)}


def unknown_gpu(plan: Plan) -> str:
    """Why a plan has no verdict although a GPU was named; "" otherwise."""
    return next((note.values["why"] for note in plan.notes if note.id == "unknown_gpu"), "")


def known(flags: Mapping[str, Any]) -> dict[str, Any]:
    """What a request that cannot be planned still says: its model's weights, its GPU's memory."""
    found: dict[str, Any] = {}
    try:
        model = find_model(str(flags.get("model") or ""), hub=False)
        sizes = {p: weigh(model.shape, p, rest=None, fused_experts=True).total / GIB for p in _SHOWN}
        found["model"] = {"id": model.id, "params": model.shape.params, "assumed": model.assumed}
        found["weights_by_precision_gib"] = {name: round(size, 2) for name, size in sizes.items()}
    except UserError:
        pass
    try:
        if isinstance(flags.get("gpu"), str):
            found["gpu_gib"] = find_gpu(flags["gpu"]).usable_gib
    except UserError:
        pass
    return found
