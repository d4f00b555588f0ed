"""Our sentences around plans and findings, from texts.toml."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def texts(lang: str) -> Mapping[str, str]:
    """The sentences of a language."""
    found = tomllib.loads((files("assistant.tailoring") / "texts.toml").read_text(encoding="utf-8"))
    return {str(key): str(text) for key, text in found[lang].items()}
