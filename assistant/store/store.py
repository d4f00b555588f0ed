"""Opening the store, and writing turns and judgements."""

import hashlib
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant import __version__
from assistant.answering import Answer
from assistant.reading.secrets import without_secrets
from assistant.settings import value

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

KEPT = 20_000
"""Characters that are kept of one message."""

_LOCK_SECONDS = 15
"""How long a write waits for another server that writes the same SQLite file."""


class StoreFault(Exception):
    """The store cannot be written; the message is one sentence without its full stop."""


class Store:
    """The store of one server. It is opened, and migrated, when it is first used: SQLAlchemy need
    not be imported before the first page."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opening = threading.Lock()
        self._said: str | None = None

    @classmethod
    def open(cls, folder: Path) -> "Store":
        """The store at TRACEDOC_DATABASE, else `tracedoc.sqlite` in a folder."""
        return cls(value("TRACEDOC_DATABASE", f"sqlite:///{folder / 'tracedoc.sqlite'}"))

    def add_turn(self, turns: Sequence[str], answer: Answer) -> None:
        """Keeps an answered message. A store that fails must not cost the answer: it is said on
        stderr, once for each reason."""
        try:
            self._write(lambda session: _turn(session, turns, answer))
            self._said = None
        except StoreFault as fault:
            if self._said != str(fault):
                print(f"tracedoc: conversations are not kept: {fault}.", file=sys.stderr, flush=True)
            self._said = str(fault)

    def add_judgement(self, turns: Sequence[str], answer: Answer, judgement: str, comment: str = "") -> None:
        """Keeps what the user said of an answer. Raises StoreFault."""
        from assistant.store.schema import Judgement

        def add(session: "Session") -> None:
            turn = _turn(session, turns, answer)
            session.add(
                Judgement(
                    turn_id=turn, created=_now(), value=judgement[:32], comment=without_secrets(comment)
                )
            )

        self._write(add)

    def session(self) -> "Session":
        """A session on the store, which is opened first. Raises StoreFault."""
        from sqlalchemy.orm import Session

        with self._opening:
            return Session(self.engine)

    def _write(self, work: "Callable[[Session], object]") -> None:
        """Runs a transaction. It is run a second time where another server added the same turn first."""
        from sqlalchemy.exc import IntegrityError, SQLAlchemyError

        for last in (False, True):
            try:
                with self.session() as session, session.begin():
                    work(session)
                return
            except IntegrityError as error:
                if last:
                    raise StoreFault(_sentence(error)) from None
            except SQLAlchemyError as error:
                raise StoreFault(_sentence(error)) from None

    @cached_property
    def engine(self) -> "Engine":
        """The database, its folder made and its schema brought up to date. Raises StoreFault."""
        from alembic.util.exc import CommandError
        from sqlalchemy import create_engine, event
        from sqlalchemy.exc import SQLAlchemyError

        from assistant.store.migrate import migrate

        try:
            sqlite = self.url.startswith("sqlite")
            if self.url.startswith("sqlite:///"):
                Path(self.url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
            engine = create_engine(self.url, connect_args={"timeout": _LOCK_SECONDS} if sqlite else {})
            if sqlite:
                event.listen(engine, "connect", _write_ahead)
            migrate(engine)
            return engine
        except (SQLAlchemyError, CommandError, OSError, ImportError) as error:
            raise StoreFault(_sentence(error)) from None


def _turn(session: "Session", turns: Sequence[str], answer: Answer) -> int:
    """The id of an answered message, which is added if it is not there yet."""
    from sqlalchemy import select

    from assistant.store.schema import Turn

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
        turns=[_kept(turn) for turn in turns],
        passages=[citation.passage for citation in answer.citations],
        facts={name: _kept(fact) if isinstance(fact, str) else fact for name, fact in answer.facts.items()},
        answer=_kept(answer.markdown),
    )
    session.add(row)
    session.flush()
    return row.id


def _kept(text: str) -> str:
    """A text as it is kept: without secrets, not endless, and without what databases refuse."""
    clean = without_secrets(text[:KEPT]).replace("\0", "")
    return clean.encode(errors="replace").decode()


def _write_ahead(connection: Any, _: object) -> None:
    """Lets several servers read and write one SQLite file. A file system without shared memory keeps
    the usual journal."""
    connection.execute("PRAGMA journal_mode=WAL").close()


def _sentence(error: BaseException) -> str:
    text = str(getattr(error, "orig", None) or error).splitlines()[0]
    return f"the database says: {text.rstrip('.')}"


def _now() -> datetime:
    return datetime.now(UTC)
