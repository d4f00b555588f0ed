"""Which model: from what the user writes (`auto`, `none`, a hub id, a folder, a URL) to what loads it.

`auto` takes the largest model of the table that fits the free memory of a GPU, and the embedded one
elsewhere. Nothing here imports torch before a model is loaded.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

from assistant.errors import UserError
from assistant.generation.host import Load, Report
from assistant.generation.model import Generator

EMBEDDED = "embedded"
"""The packaged model by name, whatever else would fit."""

_URL = re.compile(r"https?://", re.IGNORECASE)
_HUB_ID = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}")


@dataclass(frozen=True, slots=True)
class Choice:
    """A model to choose on the page: its value for `--model`, and what people read."""

    value: str
    label: str


def loader(model: str, adapter: str, cache: Path, *, with_key: bool = True) -> tuple[str, Load | None]:
    """The name to show and what loads the model (None for none). `adapter` is "auto", "none" or a
    folder; `with_key` sends TRACEDOC_API_KEY to a server, which only whoever set it may ask for. Raises
    UserError for what cannot be meant."""
    model = model.strip() or "none"
    if model == "none":
        return "", None
    if adapter not in ("auto", "none") and not Path(adapter).expanduser().is_dir():
        raise UserError(f"the adapter {adapter} is not a folder: give one with adapter_config.json in it.")
    if _URL.match(model):
        return urlsplit(model).hostname or model, _remote(model, adapter, with_key)
    if model in ("auto", EMBEDDED):
        return embedded_name(), _automatic(model, adapter, cache)
    if Path(model).expanduser().is_dir():
        return Path(model).name, _local(str(Path(model).expanduser()), adapter)
    if _HUB_ID.fullmatch(model):
        return model, _local(model, adapter)
    raise UserError(
        f"{model[:120]!r} is no model: use auto, none, a hub id (owner/name), a folder, or the URL of an "
        "OpenAI-compatible server."
    )


def embedded_name() -> str:
    """The packaged model's name."""
    from assistant.generation.embedded import NAME

    return NAME


def choices() -> tuple[Choice, ...]:
    """What the page offers: our own choice, the packaged model, none, and the table's models with what they
    need and whether that is free here."""
    from assistant.generation.embedded import NAME
    from assistant.generation.models import table
    from assistant.generation.need import free_memory, serving_need

    device = _device()
    free = free_memory(device)
    found = [Choice("auto", "auto"), Choice(EMBEDDED, f"{NAME} · 0.3 GB"), Choice("none", "none")]
    for row in table():
        need = serving_need(row.model, device=device)
        fits = "✓" if need <= free else "✗"
        found.append(Choice(row.id, f"{row.id} · {row.licence} · {need / 1e9:.1f} GB {fits}"))
    return tuple(found)


def _automatic(model: str, adapter: str, cache: Path) -> Load:
    def load(report: Report, cancelled: Event) -> Generator:
        from assistant.generation.models import choose
        from assistant.generation.need import free_memory

        device = _device()
        row = choose(free_memory(device), device) if model == "auto" else None
        if row is not None and _reachable(row.id):
            return _local(row.id, "none" if adapter == "auto" else adapter, row.revision)(report, cancelled)
        return _embedded(adapter, cache, report, cancelled)

    return load


def _embedded(adapter: str, cache: Path, report: Report, cancelled: Event) -> Generator:
    from assistant.generation.adapters import OURS
    from assistant.generation.embedded import NAME
    from assistant.generation.local import open_model, open_pair
    from assistant.generation.stored import ensure, ensure_merged

    base = ensure(cache, report, cancelled)
    folder = OURS if adapter == "auto" else None if adapter == "none" else Path(adapter).expanduser()
    if folder is None or not folder.is_dir():
        return open_model(str(base), name=NAME, report=report, cancelled=cancelled)
    merged = ensure_merged(cache, folder, report, cancelled)
    return open_pair(base, merged, adapter=folder.name, name=NAME, report=report, cancelled=cancelled)


def _local(model: str, adapter: str, revision: str | None = None) -> Load:
    def load(report: Report, cancelled: Event) -> Generator:
        from assistant.generation.local import open_model
        from assistant.generation.models import row

        known = row(model)
        return open_model(
            model,
            adapter=None if adapter in ("auto", "none") else str(Path(adapter).expanduser()),
            revision=revision or (known.revision if known else None),
            name=model if known else Path(model).name if Path(model).is_dir() else model,
            report=report,
            cancelled=cancelled,
        )

    return load


def _remote(url: str, adapter: str, with_key: bool) -> Load:
    def load(report: Report, cancelled: Event) -> Generator:
        from assistant.generation.remote import connect

        report("load", 0, 0)
        return connect(url, adapter=adapter, key=None if with_key else "", cancelled=cancelled)

    return load


def _device() -> str:
    """Where a local model would run, without importing torch for machines that have no GPU."""
    if not Path("/dev/nvidiactl").exists() and not Path("/dev/kfd").exists():
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _reachable(model: str) -> bool:
    """Whether a hub model can be had: it is in the cache, or the hub may be asked."""
    import os

    from huggingface_hub import try_to_load_from_cache

    if isinstance(try_to_load_from_cache(model, "config.json"), str):
        return True
    return os.environ.get("HF_HUB_OFFLINE", "").strip().upper() not in ("1", "TRUE", "YES", "ON")
