"""A plan as the JSON that `plan --json` and POST /api/plan give."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from assistant.memory.plan import Plan
from assistant.memory.settings import Settings
from assistant.memory.words import Lang, lever_code, lever_words, note_words

_DIGITS = 3


def as_json(plan: Plan, lang: Lang = "en") -> dict[str, Any]:
    """The contract's object, and beside it what people see too: notes, what must be free, the weights' parts."""
    settings = {
        field.name: {
            "value": getattr(plan.settings, field.name),
            "from": plan.origins.get(field.name, "implied"),
        }
        for field in fields(Settings)
    }
    return {
        "model": {
            "id": plan.model.id,
            "params": plan.model.shape.params,
            "trained": plan.trained,
            "family": plan.model.shape.family,
            "assumed": plan.model.assumed,
        },
        "method": plan.settings.method,
        "settings": settings,
        "parts_gib": _rounded(plan.parts),
        "weights_gib": _rounded(plan.weights),
        "allocated_gib": round(plan.allocated, _DIGITS),
        "reserved_gib": round(plan.reserved, _DIGITS),
        "device_gib": round(plan.device, _DIGITS),
        "interval_gib": [round(bound, _DIGITS) for bound in plan.interval],
        "needed_gib": [round(bound, _DIGITS) for bound in plan.needed],
        "gpu_gib": plan.gpu,
        "gpu": plan.gpu_name or None,
        "verdict": plan.verdict,
        "levers": [
            {
                "change": lever_words(lever, lang)[0],
                "saves_gib": round(lever.saves_gib, _DIGITS),
                "costs": lever_words(lever, lang)[1],
                "code": lever_code(lever),
                "fits_after": lever.fits_after,
            }
            for lever in plan.levers
        ],
        "notes": [note_words(note, lang) for note in plan.notes],
    }


def _rounded(parts: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, _DIGITS) for name, value in parts.items()}
