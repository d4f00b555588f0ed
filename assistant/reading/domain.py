"""Signs in a text of our field and of other software."""

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import re2


def domain_signs(text: str) -> tuple[float, float, float]:
    """How much a text speaks of our field: kinds of its words (0 to 1, full at 6), of its libraries
    (0 to 1, full at 4), and of other software (0 to 1, full at 3)."""
    return (
        min(_count("words", text), 6) / 6.0,
        min(_count("libraries", text), 4) / 4.0,
        min(_count("foreign", text), 3) / 3.0,
    )


def _count(kind: str, text: str) -> int:
    return len(_set(kind).Match(text) or ())


@cache
def _set(kind: str) -> Any:
    patterns: Sequence[str] = tomllib.loads(
        (files("assistant.reading") / "domain.toml").read_text(encoding="utf-8")
    )[kind]
    options = re2.Options()
    options.case_sensitive = False
    compiled = re2.Set.SearchSet(options)
    for pattern in patterns:
        compiled.Add(pattern)
    compiled.Compile()
    return compiled
