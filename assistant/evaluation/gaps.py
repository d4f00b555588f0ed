"""What users asked without getting an answer that served them: stored questions that were abstained from or
disliked, alike ones together, the newest first.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from assistant.errors import UserError
from assistant.reading.secrets import without_secrets
from assistant.store import Store, StoreFault

Reason = Literal["abstained", "disliked"]

LIKED = "good"
"""The judgement that is no complaint; whatever else was chosen is one."""

ALIKE = 0.5
"""Share of common words (of the shorter message's) from which two questions are one gap."""

_WORDS = 60  # of a message, what it is compared by; beyond, tracebacks differ by their paths only
_VARIABLE = re.compile(r"0x[0-9a-f]+|[\w.~-]*[/\\][\w./\\~-]+|\d+(?:\.\d+)*", re.IGNORECASE)
_TERM = re.compile(r"[A-Za-z_][\w.]{2,}|[\u4e00-\u9fff]{2}")


@dataclass(frozen=True, slots=True)
class Question:
    """A stored question that was not served: its last message without secrets, when it was asked, in which
    language, and why it is here; of a disliked one also what was answered and what users said of it."""

    text: str
    created: datetime
    lang: str
    reason: Reason
    exception: str = ""
    topic: str | None = None
    entry: str = ""
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions that are alike, newest first (at least one)."""

    questions: tuple[Question, ...]

    @property
    def newest(self) -> Question:
        return self.questions[0]


def gaps(folder: Path) -> tuple[Gap, ...]:
    """The gaps in the store of a data folder, the one asked last first; none where nothing is stored. Raises
    UserError (code 3) for a store that cannot be read."""
    store = Store.open(folder)
    if store.url.startswith("sqlite:///") and not Path(store.url.removeprefix("sqlite:///")).is_file():
        return ()
    try:
        return grouped(_questions(store))
    except StoreFault as fault:
        raise UserError(f"the stored questions cannot be read: {str(fault).rstrip('.')}.", 3) from None


def grouped(questions: Iterable[Question]) -> tuple[Gap, ...]:
    """Questions as gaps. One joins the first gap whose newest question has the same reason, entry and
    exception, and shares ALIKE of its words."""
    groups: list[tuple[frozenset[str], list[Question]]] = []
    for question in sorted(questions, key=lambda each: each.created, reverse=True):
        terms = _terms(question.text)
        for others, group in groups:
            if _kind(group[0]) == _kind(question) and _alike(terms, others):
                group.append(question)
                break
        else:
            groups.append((terms, [question]))
    return tuple(Gap(tuple(group)) for _, group in groups)


def _kind(question: Question) -> tuple[str, str, str]:
    return question.reason, question.entry, question.exception


def _terms(text: str) -> frozenset[str]:
    """The words of a message's telling end without what differs from machine to machine."""
    found = _TERM.findall(_VARIABLE.sub(" ", text[-8_000:].lower()))
    return frozenset(found[-_WORDS:])


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    shorter = min(len(one), len(other))
    return one == other if not shorter else len(one & other) >= ALIKE * shorter


def _questions(store: Store) -> list[Question]:
    from sqlalchemy import select
    from sqlalchemy.exc import SQLAlchemyError

    from assistant.store.schema import Judgement, Turn

    try:
        with store.session() as session:
            complaints: dict[int, list[str]] = {}
            for judgement in session.scalars(
                select(Judgement).where(Judgement.value != LIKED).order_by(Judgement.id.desc())
            ):
                comment = f": {judgement.comment}" if judgement.comment else ""
                complaints.setdefault(judgement.turn_id, []).append(
                    without_secrets(f"{judgement.value}{comment}")
                )
            wanted = select(Turn).where((Turn.basis == "none") | Turn.id.in_(list(complaints)))
            return [
                _question(turn, complaints.get(turn.id, [])) for turn in session.scalars(wanted) if turn.turns
            ]
    except SQLAlchemyError as error:
        raise StoreFault(
            f"the database says: {str(getattr(error, 'orig', None) or error).splitlines()[0]}"
        ) from None


def _question(turn: Any, said: Sequence[str]) -> Question:
    facts: Mapping[str, Any] = turn.facts or {}
    # SQLite gives times back without their zone, which is UTC.
    created = turn.created if turn.created.tzinfo else turn.created.replace(tzinfo=UTC)
    return Question(
        text=without_secrets(turn.turns[-1]),
        created=created,
        lang=turn.lang,
        reason="abstained" if turn.basis == "none" else "disliked",
        exception=str(facts.get("exception") or ""),
        topic=turn.topic,
        entry=turn.entry,
        said=tuple(dict.fromkeys(said)),
    )
