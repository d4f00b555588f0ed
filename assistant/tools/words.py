"""The tools' sentences."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def words(lang: str) -> Mapping[str, str]:
    """All of them in a language."""
    text = (files("assistant.tools") / "texts.toml").read_text(encoding="utf-8")
    found: Mapping[str, str] = tomllib.loads(text)["zh" if lang == "zh" else "en"]
    return found
