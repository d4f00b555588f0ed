"""What the messages in a text say about its machine: signs by name, from `signs.toml`."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import re2


@cache
def _signs() -> tuple[tuple[str, Any], ...]:
    rows = tomllib.loads((files("assistant.machine.paste") / "signs.toml").read_text(encoding="utf-8"))
    return tuple((row["name"], re2.compile(row["pattern"])) for row in rows["signs"])


def signs(text: str) -> Mapping[str, str]:
    """Signs in a text; linear in its length."""
    found: dict[str, str] = {}
    for name, pattern in _signs():
        match = pattern.search(text)
        if match:
            found[name] = next((group for group in match.groups() if group), "yes").strip()[:300]
    return found


def measured_signs(found: Mapping[str, Any]) -> dict[str, str]:
    """What messages of the driver, caught by the probes, say."""
    environment, torch = found.get("environment"), found.get("torch")
    said: list[str] = []
    if isinstance(environment, Mapping):
        said += [str(environment.get(key, "")) for key in ("nvml", "nvidia_smi")]
    if isinstance(torch, Mapping) and torch.get("cuda"):
        said.append(str(torch.get("why", "")))
    return dict(signs("\n".join(said)))
