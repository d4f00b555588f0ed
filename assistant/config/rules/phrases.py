"""Parts of sentences that several rules share: the tables `words` of the TOML files."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

Phrase = Mapping[str, str]


@cache
def _words(file: str) -> Mapping[str, Mapping[str, Phrase]]:
    table = tomllib.loads((Path(__file__).parent / f"{file}.toml").read_text(encoding="utf-8"))
    found: Mapping[str, Mapping[str, Phrase]] = table["words"]
    return found


def phrase(file: str, group: str, name: str, /, **values: str) -> Phrase:
    """A phrase in both languages, filled in: `phrase("names", "how", "rename", new="fp16")`."""
    return {lang: text.format(**values) for lang, text in _words(file)[group][name].items()}
