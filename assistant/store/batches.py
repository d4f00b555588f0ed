"""Judgements kept outside of a server whose disk is lost at a restart: in batches, each a file of its own that is
written once, in a private data set on the hub or in the folder of a mounted volume.

A batch is JSON lines, a judgement with its turn each. Files are never changed, so that several servers can
write, and one that is killed in the middle spoils nothing.
"""

import json
import re
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import UserError
from assistant.store.store import Store, StoreFault
from corpus.files import write_atomic

if TYPE_CHECKING:
    from assistant.store.schema import Judgement, Turn

FOLDER = "feedback"
SECONDS = 45.0
"""At most so long after a judgement it is outside: the hub takes some hundred commits an hour."""
_AT_THE_END = 20.0
"""Seconds that the last batch may take: Spaces ends a server half a minute after it asked it to stop."""
_DATASET = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}")

Put = Callable[[str, bytes], None]
"""Writes a new file of a name. Raises StoreFault."""


def destination(where: str) -> Put:
    """What writes batches to a folder (an absolute path) or to a private data set OWNER/NAME. Raises UserError
    for what is neither."""
    if Path(where).is_absolute() or where.startswith(("~", ".")):
        return _to_folder(Path(where).expanduser())
    if _DATASET.fullmatch(where):
        return _to_dataset(where)
    raise UserError(
        f"TRACEDOC_FEEDBACK must be a folder (an absolute path) or a data set OWNER/NAME, not {where[:80]!r}."
    )


class Keeper:
    """Writes what is new in a store to a destination, in the background and when it is closed."""

    def __init__(self, store: Store, put: Put, marker: Path, seconds: float = SECONDS) -> None:
        """`marker` is a file beside the store, in which the last judgement is named that was written."""
        self._store, self._put, self._marker, self._seconds = store, put, marker, seconds
        self._said = ""
        self._stop = threading.Event()
        self._one_at_a_time = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="feedback", daemon=True)
        self._thread.start()

    def flush(self) -> int:
        """Writes what is new; returns how many judgements. Raises StoreFault."""
        with self._one_at_a_time:
            last, lines = self._new(self._written())
            if lines:
                now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
                self._put(f"{FOLDER}/{now}-{uuid.uuid4().hex[:12]}.jsonl", "".join(lines).encode())
                self._mark(last)
            return len(lines)

    def close(self) -> None:
        """Writes the rest, within the time that a Space leaves for it."""
        self._stop.set()
        last = threading.Thread(target=self._try, daemon=True)
        last.start()
        last.join(_AT_THE_END)

    def _run(self) -> None:
        while not self._stop.wait(self._seconds):
            self._try()

    def _try(self) -> None:
        """What fails is said once for each reason, and tried again with the next batch."""
        try:
            self.flush()
            self._said = ""
        except StoreFault as fault:
            if self._said != str(fault):
                print(f"tracedoc: feedback waits to be kept: {fault}.", file=sys.stderr, flush=True)
            self._said = str(fault)

    def _written(self) -> int:
        try:
            return int(self._marker.read_text())
        except (OSError, ValueError):
            return 0

    def _mark(self, last: int) -> None:
        try:
            write_atomic(self._marker, str(last).encode())
        except OSError as error:
            raise StoreFault(f"{self._marker} cannot be written ({error.strerror or error})") from None

    def _new(self, after: int) -> tuple[int, list[str]]:
        from sqlalchemy import func, select
        from sqlalchemy.exc import SQLAlchemyError

        from assistant.store.schema import Judgement, Turn

        try:
            with self._store.session() as session:
                newest = session.scalar(select(func.max(Judgement.id))) or 0
                rows = session.execute(
                    select(Judgement, Turn)
                    .join(Turn, Judgement.turn_id == Turn.id)
                    .where(Judgement.id > (after if after <= newest else 0))  # a store that was made anew
                    .order_by(Judgement.id)
                ).all()
                return newest, [_line(judgement, turn) for judgement, turn in rows]
        except SQLAlchemyError as error:
            raise StoreFault(f"the database says: {str(error).splitlines()[0]}") from None


def read_batches(where: str) -> Iterator[dict[str, Any]]:
    """All judgements of a folder or a data set, oldest batch first. Raises UserError (code 3)."""
    if _DATASET.fullmatch(where) and not Path(where).is_dir():
        from huggingface_hub import snapshot_download

        try:
            where = snapshot_download(where, repo_type="dataset", allow_patterns=f"{FOLDER}/*.jsonl")
        except Exception as error:
            raise UserError(f"the data set {where} cannot be read: {_first_line(error)}.", 3) from error
    for file in sorted((Path(where).expanduser() / FOLDER).glob("*.jsonl")):
        try:
            for line in file.read_text(encoding="utf-8").splitlines():
                yield json.loads(line)
        except (OSError, ValueError) as error:
            raise UserError(f"{file} cannot be read: {_first_line(error)}.", 3) from error


def _line(judgement: "Judgement", turn: "Turn") -> str:
    columns = [each.name for each in turn.__table__.columns if each.name != "id"]
    facts = {name: getattr(turn, name) for name in columns}
    record = {
        "created": judgement.created,
        "value": judgement.value,
        "comment": judgement.comment,
        "turn": facts,
    }
    return json.dumps(record, ensure_ascii=False, default=lambda time: time.isoformat()) + "\n"


def _to_folder(folder: Path) -> Put:
    def put(name: str, data: bytes) -> None:
        try:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            write_atomic(folder / name, data)
        except OSError as error:
            raise StoreFault(f"{folder} cannot be written ({error.strerror or error})") from None

    return put


def _to_dataset(name: str) -> Put:
    """The data set is made, private, with the first batch. One that others can read is refused."""
    known: set[str] = set()

    def put(file: str, data: bytes) -> None:
        from huggingface_hub import HfApi

        hub = HfApi()
        try:
            if name not in known:
                hub.create_repo(name, repo_type="dataset", private=True, exist_ok=True)
                if not hub.repo_info(name, repo_type="dataset").private:
                    raise StoreFault(f"the data set {name} is public: make it private, or name another")
                known.add(name)
            hub.upload_file(path_or_fileobj=data, path_in_repo=file, repo_id=name, repo_type="dataset")
        except StoreFault:
            raise
        except Exception as error:
            raise StoreFault(f"the data set {name} cannot be written ({_first_line(error)})") from None

    return put


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:200]
