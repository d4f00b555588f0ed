"""Looks one name up."""

import threading
from pathlib import Path

from assistant.tools.api.catalogue import from_catalogue
from assistant.tools.api.process import ask
from assistant.tools.api.record import Answer, Record

SECONDS = 10.0
_KEPT = 512
_lock = threading.Lock()
_looked_up: dict[str, Answer] = {}


def look_up(
    name: str, folder: Path, cancelled: threading.Event | None = None, seconds: float = SECONDS
) -> Answer:
    """Looks a name up: in the catalogue of a cache folder, else in the libraries themselves."""
    known = from_catalogue(name, folder)
    if known:
        return known
    with _lock:
        if name in _looked_up:
            return _looked_up[name]
    found = ask({"names": [name], "members": False}, seconds, cancelled)
    if found is None:
        return Answer(asked=False)
    record = found["found"].get(name)
    owner, near = found["missed"].get(name, ("", ()))
    answer = Answer(Record(**record) if record else None, owner, tuple(near))
    with _lock:
        if len(_looked_up) >= _KEPT:
            _looked_up.clear()
        _looked_up[name] = answer
    return answer
