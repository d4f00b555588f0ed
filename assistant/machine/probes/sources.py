"""The text of a probe that runs in another process; in the joined script these texts stand in the file."""

from __future__ import annotations

import os

SOURCES: dict[str, str] = {}


def source_of(name: str) -> str:
    """The program text of a probe. Raises OSError where the file is gone."""
    if name in SOURCES:
        return SOURCES[name]
    with open(os.path.join(os.path.dirname(__file__), f"{name}.py"), encoding="utf-8") as file:
        return file.read()
