"""The thread that computes."""

import subprocess
import sys
import threading

import pytest

from assistant.generation.worker import Worker


def test_one_after_the_other_in_one_thread() -> None:
    worker = Worker("test")
    names: list[str] = []

    def make(ended):  # type: ignore[no-untyped-def]
        for number in range(3):
            names.append(threading.current_thread().name)
            yield number

    assert list(worker.iterate(make, lambda: False)) == [0, 1, 2]
    assert list(worker.iterate(make, lambda: False)) == [0, 1, 2]
    assert set(names) == {"test"}


def test_what_it_raises_is_raised_where_it_is_read() -> None:
    worker = Worker("test")

    def make(ended):  # type: ignore[no-untyped-def]
        yield 1
        raise ValueError("no")

    stream = worker.iterate(make, lambda: False)
    assert next(stream) == 1
    with pytest.raises(ValueError, match="no"):
        next(stream)
    assert worker.call(lambda: 5) == 5


def test_it_ends_when_nobody_listens() -> None:
    worker = Worker("test")
    ends = threading.Event()

    def make(ended):  # type: ignore[no-untyped-def]
        try:
            while not ended():
                yield 1
        finally:
            ends.set()

    stream = worker.iterate(make, lambda: False)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert ends.wait(5)
    assert worker.call(lambda: 5) == 5


def test_waiting_threads_are_to_sleep() -> None:
    code = (
        "import os, sys; from assistant.generation.worker import prepare_threads; prepare_threads();"
        "assert 'torch' not in sys.modules; print(os.environ['OMP_WAIT_POLICY'])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "PASSIVE"
