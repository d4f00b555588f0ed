"""Opening the store, and writing turns and judgements."""

import hashlib
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from assistant import __version__
from assistant.answering import Answer
from assistant.reading.secrets import without_secrets
from assistant.settings import value

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

KEPT = 20_000
"""Characters that are kept of one message."""


class StoreFault(Exception):
    """The store cannot be written; the message is one sentence without its full stop."""


class Store:
    """The store of one server. It is opened, and migrated, when it is first used: SQLAlchemy need
    not be imported before the first page."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._lock = threading.Lock()

    @classmethod
    def open(cls, folder: Path) -> "Store":
        """The store at TRACEDOC_DATABASE, else `tracedoc.sqlite` in a folder."""
        return cls(value("TRACEDOC_DATABASE", f"sqlite:///{folder / 'tracedoc.sqlite'}"))

    def add_turn(self, turns: Sequence[str], answer: Answer) -> None:
        """Keeps an answered message. A store that fails must not cost the answer: it is said on
        stderr only."""
        try:
            with self._session() as session, session.begin():
                self._turn(session, turns, answer)
        except StoreFault as error:
            print(f"tracedoc: this conversation is not kept: {error}.", file=sys.stderr)

    def add_judgement(self, turns: Sequence[str], answer: Answer, judgement: str, comment: str = "") -> None:
        """Keeps what the user said of an answer. Raises StoreFault."""
        from assistant.store.schema import Judgement

        with self._session() as session, session.begin():
            turn = self._turn(session, turns, answer)
            session.add(
                Judgement(
                    turn_id=turn, created=_now(), value=judgement[:32], comment=without_secrets(comment)
                )
            )

    def _turn(self, session: "Session", turns: Sequence[str], answer: Answer) -> int:
        from sqlalchemy import select

        from assistant.store.schema import Turn

        kept = [without_secrets(turn[:KEPT]) for turn in turns]
        key = hashlib.sha256("\0".join([answer.lang, *turns]).encode(errors="replace")).hexdigest()
        found = session.scalar(select(Turn.id).where(Turn.key == key))
        if found is not None:
            return found
        row = Turn(
            key=key,
            created=_now(),
            version=__version__,
            lang=answer.lang,
            kind=answer.kind,
            topic=answer.topic,
            entry=answer.entry,
            point=answer.point,
            confidence=answer.confidence,
            basis=answer.basis,
            turns=kept,
            passages=[citation.passage for citation in answer.citations],
            facts=dict(answer.facts),
            answer=answer.markdown,
        )
        session.add(row)
        session.flush()
        return row.id

    def _session(self) -> "_Session":
        return _Session(self)

    @cached_property
    def engine(self) -> "Engine":
        """The database, its folder made and its schema brought up to date. Raises StoreFault."""
        from sqlalchemy import create_engine
        from sqlalchemy.exc import SQLAlchemyError

        from assistant.store.migrate import migrate

        try:
            if self.url.startswith("sqlite:///"):
                Path(self.url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
            engine = create_engine(self.url)
            migrate(engine)
            return engine
        except (SQLAlchemyError, OSError) as error:
            raise StoreFault(_sentence(error)) from None


class _Session:
    """A session whose database errors are StoreFaults."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __enter__(self) -> "Session":
        from sqlalchemy.orm import Session

        with self._store._lock:
            engine = self._store.engine
        self._session = Session(engine)
        return self._session

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        from sqlalchemy.exc import SQLAlchemyError

        self._session.close()
        if isinstance(error, SQLAlchemyError):
            raise StoreFault(_sentence(error)) from None


def _sentence(error: BaseException) -> str:
    text = str(getattr(error, "orig", None) or error).splitlines()[0]
    return f"the database says: {text.rstrip('.')}"


def _now() -> datetime:
    return datetime.now(UTC)
