"""One line on stderr that says how far something is, and how long it still takes."""

import sys
import time
from types import TracebackType
from typing import TextIO

_EVERY = 0.5
_EVERY_LOGGED = 30.0


class Line:
    """`with Line("training") as line: line.step(done, total, "loss 1.2")`. On a terminal the line is
    rewritten; in a log it is printed now and then."""

    def __init__(self, what: str, stream: TextIO | None = None) -> None:
        self._what = what
        self._stream = stream or sys.stderr
        self._started = time.monotonic()
        self._shown = 0.0
        self._first: int | None = None

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        if self._shown and self._stream.isatty():
            print(file=self._stream)

    def step(self, done: int, total: int, more: str = "") -> None:
        """Says that `done` of `total` is done; what was done before the first call (a resumed run) does
        not count for the time that is left."""
        now = time.monotonic()
        if self._first is None:
            self._first, self._started = max(0, done - 1), now
        terminal = self._stream.isatty()
        if now - self._shown < (_EVERY if terminal else _EVERY_LOGGED) and done < total:
            return
        self._shown = now
        share = f"{self._what}: {done} of {total} ({done / max(1, total):.0%})"
        text = ", ".join(part for part in (share, more, self._left(done, total, now)) if part)
        print(
            f"\r{text}\x1b[K" if terminal else text,
            end="" if terminal else "\n",
            file=self._stream,
            flush=True,
        )

    def _left(self, done: int, total: int, now: float) -> str:
        new = done - (self._first or 0)
        if new < 2 or done >= total:
            return ""
        return f"{_clock((now - self._started) / (new - 1) * (total - done))} left"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
