"""Open instruct models that can be chosen; `choose` takes the largest that fits the free memory."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from assistant.generation.need import serving_need
from assistant.memory.catalog import find_model
from assistant.memory.plan import Model


@dataclass(frozen=True, slots=True)
class Row:
    """A model of the table. `model` has the shapes that the planner counts with; `free`: a licence without
    limits of use, and no consent asked on the hub."""

    id: str
    revision: str
    licence: str
    model: Model
    context: int
    languages: tuple[str, ...]
    tools: bool
    free: bool

    @property
    def params(self) -> int:
        """All weights."""
        return self.model.shape.params


@cache
def table() -> tuple[Row, ...]:
    """All rows, in the order of models.toml."""
    text = (files("assistant.generation") / "models.toml").read_text(encoding="utf-8")
    return tuple(_row(entry) for entry in tomllib.loads(text)["model"])


def row(model: str) -> Row | None:
    """The row of a hub id."""
    return next((each for each in table() if each.id.lower() == model.lower()), None)


def choose(free_bytes: int, device: str = "cuda", rows: Sequence[Row] | None = None) -> Row | None:
    """The largest model that anyone may use, that writes both languages, and that fits (of equally large ones,
    to a billion weights, the first of the table); None where the embedded one is the choice: without a GPU
    larger ones answer too slowly."""
    if device == "cpu":
        return None
    fitting = [
        each
        for each in (table() if rows is None else rows)
        if each.free
        and each.tools
        and {"en", "zh"} <= {*each.languages}
        and serving_need(each.model) <= free_bytes
    ]
    return max(fitting, key=lambda each: round(each.params / 1e9), default=None)


def _row(entry: dict[str, Any]) -> Row:
    return Row(
        entry["id"],
        entry.get("revision", "main"),
        entry["licence"],
        find_model(entry.get("shapes", entry["id"]), files=False, hub=False),
        entry["context"],
        tuple(entry["languages"]),
        entry["tools"],
        entry["free"],
    )
