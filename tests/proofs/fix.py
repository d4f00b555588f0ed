"""The code of an entry's own fix, run as it stands in the corpus, so that a proof fails when the advice does."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from corpus import Corpus, Section, load
from corpus.code import code_blocks

_NOTHING = Section({"en": (), "zh": ()})


@cache
def _corpus() -> Corpus:
    return load()


def fix_blocks(entry: str, point: str) -> list[str]:
    """The Python blocks under a point, in the order of the English text."""
    whole = _corpus().by_id[entry]
    only = replace(
        whole,
        points=(whole.point_by_id[point],),
        overview=_NOTHING,
        more=_NOTHING,
        versions=_NOTHING,
        check=_NOTHING,
    )
    return [block.code for block in code_blocks(only) if block.lang == "en" and not block.old]


def apply_fix(
    entry: str, point: str, block: int = 0, *, paths: Mapping[str, Path] | None = None, **names: Any
) -> dict[str, Any]:
    """Runs a block of a point's fix and gives all names after it. `names` are defined before; `paths` says
    which folder stands for a name like "your-model" in the code."""
    code = fix_blocks(entry, point)[block]
    for name, path in (paths or {}).items():
        code = code.replace(f'"{name}"', repr(str(path)))
    space: dict[str, Any] = dict(names)
    exec(compile(code, f"{entry}#{point}", "exec"), space)
    return space
