"""Conversations that users judged, from the store: what was liked becomes a conversation to learn from,
and a correction becomes its reply where the evidence supports it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assistant.store import Store


@dataclass(frozen=True, slots=True)
class Judged:
    """The user's messages of a judged conversation, and what was written as a correction ("" if nothing)."""

    turns: tuple[str, ...]
    liked: bool
    comment: str


def judged(folder: Path) -> Iterator[Judged]:
    """All judged conversations in the store of a data folder, oldest first; nothing where there is no store.
    Raises StoreFault."""
    if not (folder / "tracedoc.sqlite").is_file() and not _has_database():
        return
    from sqlalchemy import select
    from sqlalchemy.orm import Session

    from assistant.store.schema import Judgement, Turn

    with Session(Store.open(folder).engine) as session:
        rows = session.execute(
            select(Turn.turns, Judgement.value, Judgement.comment)
            .join(Judgement, Judgement.turn_id == Turn.id)
            .order_by(Judgement.id)
        )
        for turns, value, comment in rows:
            yield Judged(tuple(turns), value == "good", (comment or "").strip())


def _has_database() -> bool:
    from assistant.settings import value

    return bool(value("TRACEDOC_DATABASE", ""))
