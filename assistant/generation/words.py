"""Every sentence of ours about the language model, in both languages."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def words(lang: str) -> Mapping[str, str]:
    """Our sentences in a language."""
    found = tomllib.loads((files("assistant.generation") / "texts.toml").read_text(encoding="utf-8"))
    return {str(key): str(text) for key, text in found[lang].items()}
