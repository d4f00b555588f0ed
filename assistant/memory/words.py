"""The planner's sentences, in both languages, from texts.toml."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from assistant.memory.plan import Lever, Note

Lang = Literal["en", "zh"]


@cache
def texts() -> Mapping[str, Any]:
    """The whole table of sentences, by language."""
    return tomllib.loads((Path(__file__).parent / "texts.toml").read_text("utf-8"))


def word(name: str, lang: Lang, /, **values: str) -> str:
    """One sentence, filled in."""
    return str(texts()[lang]["words"][name]).format(**values)


def note_words(note: Note, lang: Lang) -> str:
    return str(texts()[lang]["notes"][note.id]).format(**note.values)


def lever_words(lever: Lever, lang: Lang) -> tuple[str, str]:
    """What to change, and what it costs."""
    row = texts()[lang]["levers"][lever.id]
    return str(row["change"]).format(**lever.values), str(row["costs"]).format(**lever.values)


def lever_code(lever: Lever) -> str:
    """The lines to paste; the same in both languages."""
    return str(texts()["code"].get(lever.id, "")).format(**lever.values)
