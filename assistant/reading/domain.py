"""Signs in a text of our field and of other software."""

import math
import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import re2

_WORD = re.compile(r"[A-Za-z_]+|[\u3400-\u9fff]")


def domain_signs(text: str) -> tuple[float, float, float]:
    """How much a text speaks of our field: kinds of its words, of its libraries, and of other software
    (each 0 to 1). The longer the text, the more kinds it takes to fill a sign: one word of our field
    says much in a short question and little in a long log."""
    length = math.sqrt(len(_WORD.findall(text)))
    return (
        min(1.0, _count("words", text) / (1.5 + 0.25 * length)),
        min(1.0, _count("libraries", text) / (1.0 + 0.15 * length)),
        min(1.0, _count("foreign", text) / (1.0 + 0.1 * length)),
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
