"""The one model of a server: made ready in the background while the chat already answers, exchanged
for another at the user's wish, and shared by all visitors through a queue.
"""

import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from assistant.errors import UserError
from assistant.generation.model import Finished, Generator
from assistant.generation.turnstile import Ticket, Turnstile, Waiting

T = TypeVar("T")
Stream = Callable[[Generator], Iterator[T]]
State = Literal["off", "preparing", "loading", "ready", "failed"]
Report = Callable[[str, int, int], None]
"""Called with a stage ("verify", "convert", "trim", "quantize", "store", "merge", "download", "load"),
bytes done and bytes in all (0 where unknown)."""
Load = Callable[[Report, threading.Event], Generator]
"""Makes a generator, reporting progress; ends with an exception soon after the event is set."""


@dataclass(frozen=True, slots=True)
class Status:
    """What the host is doing. `model` is the name to show; bytes `done` of `total` of a stage, and the
    seconds that are left of it, where known; `reason` is one sentence where there is no model."""

    state: State
    model: str = ""
    stage: str = ""
    done: int = 0
    total: int = 0
    seconds_left: float | None = None
    reason: str = ""


class ModelHost:
    """Holds the generator of a process. Thread-safe."""

    def __init__(self) -> None:
        self.turnstile = Turnstile()
        self.status = Status("off")
        self._generator: Generator | None = None
        self._lock = threading.Lock()
        self._cancel = threading.Event()
        self._worker: threading.Thread | None = None

    @property
    def generator(self) -> Generator | None:
        """The model, once it is ready."""
        return self._generator

    def use(self, name: str, load: Load | None) -> None:
        """Exchanges the model for the one that `load` makes (None: for none), in the background. What was
        under way is cancelled; the old model answers until it has finished its reply."""
        with self._lock:
            self._cancel.set()
            self._cancel = cancelled = threading.Event()
            before = self._worker
            self.status = Status("preparing" if load else "off", name)
            self._worker = threading.Thread(
                target=self._exchange, args=(name, load, cancelled, before), name="model", daemon=True
            )
            self._worker.start()

    def cancel(self) -> None:
        """Gives up what is being made ready."""
        with self._lock:
            self._cancel.set()
            if self.status.state in ("preparing", "loading"):
                self.status = Status("off")

    def wait(self, seconds: float | None = None) -> Status:
        """Waits until the model is ready, or will not be."""
        worker = self._worker
        if worker:
            worker.join(seconds)
        return self.status

    def close(self) -> None:
        """Ends background work and gives the model's memory back."""
        self._cancel.set()
        generator, self._generator = self._generator, None
        if generator:
            generator.close()

    def write(
        self, stream: Stream[T], visitor: str, cancelled: threading.Event
    ) -> "Iterator[Waiting | T | Finished]":
        """Runs `stream` with the model when it is this visitor's turn: places in the queue, then what the
        stream yields, which ends with Finished."""
        generator = self._generator
        if generator and generator.quantization == "remote":  # a server has a queue of its own
            yield from self._stream(stream, generator)
            return
        for place in self.turnstile.enter(visitor, cancelled):
            if isinstance(place, Ticket):
                yield from self._write(stream, place)
                return
            yield place
        yield Finished("user")

    def _write(self, stream: Stream[T], ticket: Ticket) -> "Iterator[T | Finished]":
        started = time.monotonic()
        try:
            yield from self._stream(stream, self._generator)
        finally:
            self.turnstile.leave(ticket, time.monotonic() - started)

    def _stream(self, stream: Stream[T], generator: Generator | None) -> "Iterator[T | Finished]":
        try:
            if generator is None:
                yield Finished("error", error="there is no model any more.")
            else:
                yield from stream(generator)
        except Exception as error:  # whatever it is, the grounded answer stands and the next one is let in
            traceback.print_exc()
            yield Finished("error", error=str(error) or type(error).__name__)

    def _exchange(
        self, name: str, load: Load | None, cancelled: threading.Event, before: threading.Thread | None
    ) -> None:
        if before:
            before.join()
        if cancelled.is_set():
            return
        self._let_go(cancelled)
        if load is None:
            return
        try:
            generator = load(self._reporter(name, cancelled), cancelled)
        except Exception as error:
            if not cancelled.is_set():
                if not isinstance(error, UserError):
                    traceback.print_exc()
                sentence = str(error) or type(error).__name__
                self.status = Status("failed", name, reason=sentence)
            return
        with self._lock:
            if cancelled.is_set():
                generator.close()
                return
            self._generator = generator
            self.status = Status("ready", generator.name)

    def _let_go(self, cancelled: threading.Event) -> None:
        """Closes the old model once its reply is finished: two at once may not fit."""
        if self._generator is None:
            return
        for place in self.turnstile.enter("", cancelled):
            if isinstance(place, Ticket):
                generator, self._generator = self._generator, None
                if generator:
                    generator.close()
                self.turnstile.leave(place, None)

    def _reporter(self, name: str, cancelled: threading.Event) -> Report:
        started: dict[str, float] = {}

        def report(stage: str, done: int, total: int) -> None:
            if cancelled.is_set():
                return
            now = time.monotonic()
            begun = started.setdefault(stage, now)
            left = (now - begun) / done * (total - done) if done and total and now > begun else None
            state: State = "loading" if stage == "load" else "preparing"
            status = Status(state, name, stage, done, total, left)
            self.status = status if state == "preparing" else replace(status, seconds_left=None)

        return report
