"""The thread that computes on a device: one for each, so that one reply is written at a time.

A thread of its own, because OpenMP keeps a team of threads for each thread that calls it, and a server has
many that come and go.
"""

import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")

_MANY = 32
"""From so many tokens on a pass is worth all cores."""


def prepare_threads() -> None:
    """Lets OpenMP's threads sleep while they wait. On busy cores, spinning ones made a token take six times
    as long (tests/benchmarks/bench_lm.py). Has an effect only before torch is imported."""
    if "torch" not in sys.modules:
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def thread_count(tokens: int) -> int:
    """Threads to read `tokens` with on a CPU: all cores for a prompt, half of them for what is written. On
    two, one thread wrote as fast as two, whose work on so small matrices is mostly waiting for each other,
    and the other core is left for answers; a prompt was read 1.7 times as fast by two."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores if tokens >= _MANY else max(1, cores // 2)


@dataclass(eq=False)
class _Task:
    make: Callable[[Callable[[], bool]], Iterator[Any]]
    cancelled: Callable[[], bool]
    results: "queue.SimpleQueue[tuple[str, Any]]" = field(default_factory=queue.SimpleQueue)
    gone: threading.Event = field(default_factory=threading.Event)


class Worker:
    """Runs iterators, one after the other."""

    def __init__(self, name: str) -> None:
        self._tasks: queue.SimpleQueue[_Task] = queue.SimpleQueue()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def iterate(
        self, make: Callable[[Callable[[], bool]], Iterator[T]], cancelled: Callable[[], bool]
    ) -> Iterator[T]:
        """What an iterator gives that is made and run in the worker's thread. It is made with a function
        that says whether it should end: because of `cancelled`, or as nobody listens any more."""
        task = _Task(make, cancelled)
        self._tasks.put(task)
        try:
            while True:
                kind, value = task.results.get()
                if kind == "item":
                    yield value
                elif kind == "error":
                    raise value
                else:
                    return
        finally:
            task.gone.set()

    def call(self, function: Callable[[], T]) -> T:
        """The result of a function that is run in the worker's thread."""
        return next(self.iterate(lambda ended: iter((function(),)), lambda: False))

    def _run(self) -> None:
        while True:
            task = self._tasks.get()

            def ended(task: _Task = task) -> bool:
                return task.gone.is_set() or task.cancelled()

            try:
                for item in task.make(ended):
                    task.results.put(("item", item))
                    if task.gone.is_set():
                        break
                task.results.put(("end", None))
            except BaseException as error:  # it is raised where the results are read
                task.results.put(("error", error))
            del task, ended


_WORKERS: dict[str, Worker] = {}
_STARTING = threading.Lock()


def worker_for(device: str) -> Worker:
    """The worker of a device, started when it is first needed."""
    with _STARTING:
        if device not in _WORKERS:
            _WORKERS[device] = Worker(f"lm-{device}")
        return _WORKERS[device]
