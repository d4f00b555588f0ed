"""A large paste is narrowed to what matters, in bounded time."""

import signal
from collections.abc import Iterator
from types import FrameType

import pytest

from assistant.reading import read
from assistant.reading.focus import LIMIT
from tests.benchmarks.bench_reading import INPUTS

TRACE = """Traceback (most recent call last):
  File "/home/ann/train.py", line 12, in <module>
    trainer.train()
  File "/opt/lib/python3.10/site-packages/torch/_tensor.py", line 3, in backward
    torch.autograd.backward(self)
RuntimeError: expected scalar type Half but found Float
"""


@pytest.fixture(autouse=True)
def watchdog() -> Iterator[None]:
    """Fails a test that runs for a minute: no measure of speed, only a stop."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError("reading took more than 60 seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def steps(first: int, last: int) -> str:
    return "".join(
        f"{{'loss': 1.{n % 997}, 'grad_norm': 0.{n % 89}, 'epoch': {n / 1e4:.4f}}}\n"
        for n in range(first, last)
    )


def test_early_warning_and_late_crash_stay() -> None:
    warning = "/opt/x.py:3: UserWarning: `use_cache=True` is incompatible with gradient checkpointing.\n"
    reading = read(steps(0, 300) + warning + steps(300, 60_000) + TRACE)
    assert reading.narrowed
    assert reading.length > 2_500_000
    assert "use_cache=True" in reading.text
    assert any("use_cache" in event.text for event in reading.events)
    assert reading.main
    assert reading.main.message == "expected scalar type Half but found Float"
    assert reading.main.user_frame
    assert reading.main.user_frame.line == 12
    assert len(reading.text) <= LIMIT


@pytest.mark.parametrize(
    "noise",
    [
        "ERROR: worker {n} lost connection, retrying\n",
        "[rank{n}]: torch.distributed.DistBackendError: NCCL error {n}\n",
        "WARNING step {n}: loss is nan\n",
        "/a/b.py:{n}: UserWarning: deprecated\n  warnings.warn(\n",
        "INFO {n} all fine\n",
        "{n} Error in module_{n}: failed to load shard " + "y" * 400 + "\n",
    ],
)
def test_root_cause_in_the_middle_survives(noise: str) -> None:
    around = "".join(noise.format(n=n) for n in range(20_000))
    reading = read(around + TRACE + around)
    assert "expected scalar type Half but found Float" in reading.text
    assert 'File "/home/ann/train.py", line 12' in reading.text
    assert any(each.message == "expected scalar type Half but found Float" for each in reading.exceptions)


def test_many_tracebacks_keep_first_and_last() -> None:
    texts = [
        TRACE.replace("expected scalar type Half but found Float", f"number {word}")
        for word in ["alpha", *["same again"] * 5_000, "omega"]
    ]
    text = read("".join(texts)).text
    assert "number alpha" in text
    assert "number omega" in text


def test_small_pastes_are_kept_whole() -> None:
    assert read(TRACE).text == TRACE.rstrip("\n") + "\n"
    assert not read(TRACE).narrowed


def test_long_lines_do_not_push_out_the_cause() -> None:
    blob = "x" * 3_900 + "\n"
    reading = read(blob * 300 + TRACE + blob * 300)
    assert "expected scalar type Half but found Float" in reading.text


@pytest.mark.parametrize("name", INPUTS)
def test_hostile_inputs_end(name: str) -> None:
    make, size = INPUTS[name]
    for length in (20_000, 23_990, size // 2):
        assert len(read(make(length)).text) <= LIMIT
