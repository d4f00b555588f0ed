"""The page's words in both languages, and which of them a browser is shown."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import gradio as gr

from assistant.settings import on_space

LANGS = ("en", "zh")


@dataclass(frozen=True, slots=True)
class Example:
    """Something to try: its label and its text by language."""

    labels: Mapping[str, str]
    texts: Mapping[str, str]


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """The page's words by language."""
    by_lang: Mapping[str, Mapping[str, str]] = _toml("texts.toml")
    if not on_space():
        return by_lang
    return {
        **by_lang,
        **{lang: {**by_lang[lang], "thanks": by_lang[lang]["thanks_space"]} for lang in LANGS},
    }


@cache
def examples() -> tuple[Example, ...]:
    """What the empty chat offers to try."""
    return tuple(
        Example(
            labels={lang: row[lang] for lang in LANGS},
            texts={lang: (row.get(f"text_{lang}") or row["text"]).strip() for lang in LANGS},
        )
        for row in _toml("examples.toml")["example"]
    )


def translations(more: Mapping[str, Mapping[str, str]]) -> gr.I18n:
    """The layout's words for the browser to choose from; `more` are words that stand elsewhere."""
    by_lang = {
        lang: {
            **words()[lang],
            **{f"example_{n}": each.labels[lang] for n, each in enumerate(examples())},
            **more[lang],
        }
        for lang in LANGS
    }
    chinese = dict.fromkeys(("zh", "zh-CN", "zh-TW", "zh-HK", "zh-Hans", "zh-Hant"), by_lang["zh"])
    return gr.I18n(en=by_lang["en"], **chinese)


def lang_of_browser(request: gr.Request | None) -> str:
    """The language that the page is shown in: "zh" where the browser asks for Chinese first."""
    wanted = request.headers.get("accept-language", "") if request else ""
    return "zh" if wanted.lower().lstrip().startswith("zh") else "en"


def _toml(name: str) -> Any:
    return tomllib.loads((files("assistant.web") / name).read_text(encoding="utf-8"))
