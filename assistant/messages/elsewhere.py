"""Which texts and modules cannot be told from others without a traceback, because they imitate them."""

import tomllib
from functools import cache
from importlib.resources import files

from assistant.messages.fitting import fit
from assistant.messages.words import plain


def said_by_python(text: str) -> bool:
    """Whether a plain message is one that Python or the operating system says too."""
    short = text[:_LONGEST]
    return any(
        found is not None and found.extent == "whole"
        for found in (fit(parts, short) for parts in _tables()[0])
    )


def is_mirror(file: str) -> bool:
    """Whether a library's module repeats what other code says."""
    return file.startswith(_tables()[1])


_LONGEST = 300


@cache
def _tables() -> tuple[tuple[tuple[str | None, ...], ...], tuple[str, ...]]:
    table = tomllib.loads(files(__package__).joinpath("elsewhere.toml").read_text(encoding="utf-8"))
    patterns = (pattern.split("{}") for pattern in table["python"])
    return tuple(tuple(_with_holes(parts)) for parts in patterns), tuple(table["mirrors"])


def _with_holes(parts: list[str]) -> list[str | None]:
    out: list[str | None] = []
    for number, part in enumerate(parts):
        out += [None] * bool(number)
        out += [plain(part)] * bool(plain(part))
    return out
