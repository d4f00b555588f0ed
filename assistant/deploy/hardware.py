"""The hardware that a Space can have, and what runs on it."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from assistant.errors import UserError
from assistant.space.zero import ZERO_MODEL

Kind = Literal["cpu", "gpu", "zero"]


@dataclass(frozen=True, slots=True)
class Flavor:
    """A kind of hardware: its id on the hub, what it is, and US dollars an hour."""

    id: str
    what: str
    kind: Kind
    price: float


@cache
def flavors() -> dict[str, Flavor]:
    """All that can be asked for, by id."""
    return {
        name: Flavor(name, row["what"], row["kind"], row["price"])
        for name, row in _table().items()
        if isinstance(row, dict)
    }


def flavor(name: str) -> Flavor:
    """The hardware of an id. Raises UserError."""
    found = flavors().get(name)
    if found is None:
        raise UserError(f"there is no hardware {name[:40]!r}: use {', '.join(flavors())}.")
    return found


def checked() -> str:
    """The day when the prices were read."""
    return str(_table()["checked"])


def model_on(flavor: Flavor, model: str) -> str:
    """What replies there, as people read it; `model` is what TRACEDOC_MODEL will say ("auto" for nothing)."""
    if model != "auto":
        return model
    return {
        "cpu": "the embedded 4-bit model with our adapter",
        "gpu": "the largest model of our table that fits the GPU in 4 bits (NF4)",
        "zero": f"{ZERO_MODEL} in bf16",
    }[flavor.kind]


def _table() -> dict[str, object]:
    return tomllib.loads((files("assistant.deploy") / "hardware.toml").read_text(encoding="utf-8"))
