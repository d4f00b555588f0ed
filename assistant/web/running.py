"""The replies that are being written now, by page, so that Stop acts at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Running:
    """Which page's reply can be ended by which event. Thread-safe."""

    def __init__(self) -> None:
        self._events: dict[str, set[threading.Event]] = {}
        self._lock = threading.Lock()

    @contextmanager
    def reply(self, page: str) -> Iterator[threading.Event]:
        """An event for one reply of a page; set when the page stops it, and when the reply is left."""
        cancelled = threading.Event()
        with self._lock:
            self._events.setdefault(page, set()).add(cancelled)
        try:
            yield cancelled
        finally:
            cancelled.set()
            with self._lock:
                left = self._events.get(page, set())
                left.discard(cancelled)
                if not left:
                    self._events.pop(page, None)

    def stop(self, page: str) -> None:
        """Ends all replies of a page."""
        with self._lock:
            for event in self._events.get(page, ()):
                event.set()
