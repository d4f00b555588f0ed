"""The published schema of reports, and data brought into it: what does not conform is left out.

Reports come from anybody's clipboard; after `conforming` every value has the type that the schema states.
It knows the parts of JSON Schema that `doctor.schema.json` uses.
"""

import json
import math
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

_LONGEST, _MOST, _DEEPEST = 400, 512, 8
_NOTHING = object()


def schema_text() -> str:
    """The schema as it is published."""
    return (files("assistant.machine") / "doctor.schema.json").read_text(encoding="utf-8")


@cache
def _schema() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(schema_text())
    return found


def conforming(data: Mapping[str, Any]) -> dict[str, Any]:
    """The part of the data that conforms to the schema; texts and lists cut to what a report may hold."""
    found = _kept(data, _schema(), 0)
    return found if isinstance(found, dict) else {}


def _kept(value: Any, schema: Mapping[str, Any], depth: int) -> Any:
    if depth > _DEEPEST:
        return _NOTHING
    if "$ref" in schema:
        schema = _schema()["$defs"][schema["$ref"].rpartition("/")[2]]
    if ("const" in schema and value != schema["const"]) or ("enum" in schema and value not in schema["enum"]):
        return _NOTHING
    wanted = schema.get("type")
    if wanted is not None and not any(
        _is(value, kind) for kind in ([wanted] if isinstance(wanted, str) else wanted)
    ):
        return _NOTHING
    if isinstance(value, str):
        value = value[:_LONGEST]
        return value if re.search(schema.get("pattern", ""), value) else _NOTHING
    if isinstance(value, list | tuple):
        kept = (_kept(each, schema.get("items", {}), depth + 1) for each in value[:_MOST])
        return [each for each in kept if each is not _NOTHING]
    if isinstance(value, Mapping):
        return _kept_mapping(value, schema, depth)
    return value if _is(value, "boolean") or _is(value, "number") or value is None else _NOTHING


def _kept_mapping(value: Mapping[Any, Any], schema: Mapping[str, Any], depth: int) -> Any:
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", {})
    found: dict[str, Any] = {}
    for key, each in list(value.items())[:_MOST]:
        name = str(key)[:120]
        allowed = properties.get(name, others)
        if allowed is False or not re.search(schema.get("propertyNames", {}).get("pattern", ""), name):
            continue
        kept = _kept(each, allowed if isinstance(allowed, Mapping) else {}, depth + 1)
        if kept is not _NOTHING and kept is not None:
            found[name] = kept
    # at the top the rest is made by us
    return _NOTHING if depth and any(name not in found for name in schema.get("required", ())) else found


def _is(value: Any, kind: str) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 53
        case "number":
            return (
                isinstance(value, int | float)
                and not isinstance(value, bool)
                and math.isfinite(value)
                and abs(value) < 1e15
            )
        case "array":
            return isinstance(value, list | tuple)
        case "object":
            return isinstance(value, Mapping)
        case _:
            return value is None
