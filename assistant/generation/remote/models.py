"""Which of a server's models to use, and what is known of it from the server's list."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from assistant.generation.remote.faults import Fault

UNKNOWN = 8_192
"""Tokens of context that are assumed where the server does not say."""
_CONTEXT = ("max_model_len", "context_length", "context_window", "max_context_length", "n_ctx")
_BY_OWNER = {"library": 4_096}
"""Context of servers that say none and cut a longer prompt without a word: Ollama's models are owned by
"library"."""
_NO_CHAT = re.compile(r"embed|rerank|whisper|tts|moderation|dall-e|clip\b|bge-|gte-|e5-", re.IGNORECASE)
OURS = "tracedoc"
"""What the served name of our adapter has in it: another adapter is taken only when it is named."""


@dataclass(frozen=True, slots=True)
class Card:
    """A model in a server's list. `parent` is the base of an adapter, else ""; `context` in tokens, 0
    where it is not said; `owner` tells servers apart."""

    id: str
    parent: str = ""
    context: int = 0
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """The model to use, the adapter on it as the server calls it (None: none), and the context."""

    base: str
    adapter: str | None = None
    context: int = UNKNOWN


def cards(listing: Mapping[str, Any]) -> tuple[Card, ...]:
    """The models of `/v1/models`. Raises Fault where it is no such list."""
    rows = listing.get("data")
    if rows is None and listing.get("object") == "list":
        rows = []  # Ollama without a model
    if not isinstance(rows, list):
        raise Fault("garbage", what="no_list")
    return tuple(_cards(rows))


def _cards(rows: Sequence[Any]) -> Iterator[Card]:
    for row in rows:
        if isinstance(row, dict) and isinstance(row.get("id"), str) and row["id"]:
            parent, owner = row.get("parent"), row.get("owned_by")
            yield Card(
                id=row["id"],
                parent=parent if isinstance(parent, str) else "",
                context=_context(row),
                owner=owner if isinstance(owner, str) else "",
            )


def _context(row: Mapping[str, Any]) -> int:
    meta = row.get("meta")
    for known in (row, meta if isinstance(meta, dict) else {}):
        for name in _CONTEXT:
            found = known.get(name)
            if isinstance(found, int) and not isinstance(found, bool) and found >= 256:
                return found
    return 0


def choose(listed: Sequence[Card], model: str = "", adapter: str = "auto") -> Choice:
    """The model that is named, else the server's first one for chat, with our adapter if the server has
    it. `adapter` is "auto", "none" or a name. Raises Fault where there is nothing to choose."""
    named = _named(listed, model)
    adapters = [card for card in listed if card.parent]
    if named and named.parent:
        base, wanted = named.parent, named.id if adapter == "auto" else adapter
    elif model:
        base, wanted = named.id if named else model, adapter
    else:
        chat = [
            card for card in listed if not card.parent and not _NO_CHAT.search(PurePosixPath(card.id).name)
        ]
        ours = [card.parent for card in adapters if OURS in card.id.lower()]
        names = [*(ours if adapter == "auto" else ()), *(card.id for card in chat)]
        if not names:
            raise Fault("no_model")
        base, wanted = names[0], adapter
    found = _adapter(adapters, base, wanted)
    known = [card for card in listed if card.id in (found, base)]
    context = next((card.context for card in known if card.context), 0)
    owned = next((_BY_OWNER[card.owner] for card in known if card.owner in _BY_OWNER), UNKNOWN)
    return Choice(base, found, context or owned)


def _named(listed: Sequence[Card], model: str) -> Card | None:
    """The card of a name, as the server writes it: Ollama's `qwen3` is `qwen3:latest`."""
    exact = [card for card in listed if card.id == model]
    tagged = [card for card in listed if card.id == f"{model}:latest"]
    return next(iter((*exact, *tagged)), None) if model else None


def _adapter(adapters: Sequence[Card], base: str, wanted: str) -> str | None:
    if wanted == "none":
        return None
    on_base = [card.id for card in adapters if card.parent == base]
    if wanted == "auto":
        return next((name for name in on_base if OURS in name.lower()), None)
    if wanted not in (card.id for card in adapters):
        raise Fault("no_adapter", adapter=wanted[:80])
    return wanted
