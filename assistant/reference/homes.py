"""Which packages are looked into, and the classes and modules whose members people name alone."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def names() -> Mapping[str, Any]:
    """The tables of homes.toml: `packages`, `homes` (likeliest first), `aliases`."""
    return tomllib.loads((files("assistant.reference") / "homes.toml").read_text(encoding="utf-8"))
