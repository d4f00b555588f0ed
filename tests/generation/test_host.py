"""The one model of a server: made ready, exchanged, given up, shared. With tiny real models."""

import threading
from collections.abc import Iterator
from functools import partial

import pytest

from assistant.errors import UserError
from assistant.generation.choice import loader
from assistant.generation.host import ModelHost, Report
from assistant.generation.local import open_model
from assistant.generation.model import Finished, Generator, Job, Message, Sampling
from tests.generation import tiny

JOB = Job((Message("user", "Why is it slow? " * 8),), Sampling(max_new_tokens=12))


@pytest.fixture
def host() -> Iterator[ModelHost]:
    opened = ModelHost()
    yield opened
    opened.close()


def tiny_load(kind: str, report: Report, cancelled: threading.Event) -> Generator:
    return open_model(str(tiny.folder(kind)), precision="fp32", name=kind, report=report, cancelled=cancelled)


def write(host: ModelHost, cancelled: threading.Event | None = None) -> tuple[str, Finished]:
    stop = cancelled or threading.Event()
    *parts, finished = host.write(lambda generator: generator.stream(JOB, stop), "me", stop)
    assert isinstance(finished, Finished)
    return "".join(part for part in parts if isinstance(part, str)), finished


def test_a_model_gets_ready_in_the_background_and_writes(host: ModelHost) -> None:
    host.use("gemma", partial(tiny_load, "gemma"))
    assert host.wait(60).state == "ready"
    _, finished = write(host)
    assert finished.stopped in ("length", "end")
    assert 0 < finished.new_tokens <= 12


def test_another_model_takes_its_place(host: ModelHost) -> None:
    for kind in ("gemma", "qwen"):
        host.use(kind, partial(tiny_load, kind))
        assert host.wait(60).model == kind
    assert host.generator is not None
    assert host.generator.name == "qwen"
    host.use("", None)
    host.wait(60)
    assert host.generator is None
    assert write(host)[1].stopped == "error"


def test_why_there_is_no_model_is_one_sentence(host: ModelHost) -> None:
    def load(report: Report, cancelled: threading.Event) -> Generator:
        raise UserError("the disk is full: 300 MB are needed.", 3)

    host.use("m", load)
    status = host.wait(10)
    assert (status.state, status.reason) == ("failed", "the disk is full: 300 MB are needed.")


def test_a_preparation_can_be_given_up(host: ModelHost) -> None:
    begun = threading.Event()

    def load(report: Report, cancelled: threading.Event) -> Generator:
        report("convert", 1 << 20, 10 << 20)
        begun.set()
        cancelled.wait(30)
        raise RuntimeError("given up")

    host.use("m", load)
    assert begun.wait(10)
    assert (host.status.state, host.status.stage, host.status.done) == ("preparing", "convert", 1 << 20)
    host.cancel()
    assert host.wait(10).state == "off"


def test_a_model_that_breaks_ends_its_reply_and_lets_the_next_one_in(host: ModelHost) -> None:
    host.use("gemma", partial(tiny_load, "gemma"))
    host.wait(60)

    def breaks(generator: Generator) -> Iterator[str | Finished]:
        yield "text"
        raise RuntimeError("out of memory")

    *parts, finished = host.write(breaks, "me", threading.Event())
    assert parts == ["text"]
    assert finished == Finished("error", error="out of memory")
    assert write(host)[1].new_tokens > 0


def test_two_visitors_write_one_after_the_other(host: ModelHost) -> None:
    host.use("gemma", partial(tiny_load, "gemma"))
    host.wait(60)
    found: list[Finished] = []
    threads = [threading.Thread(target=lambda: found.append(write(host)[1])) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [each.stopped != "error" for each in found] == [True] * 3


@pytest.mark.parametrize("model", ["no such model", "a b/c", "ftp://x"])
def test_what_cannot_be_a_model_is_said(model: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UserError, match="is no model"):
        loader(model, "auto", tmp_path)


def test_an_adapter_must_be_a_folder(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UserError, match="not a folder"):
        loader("auto", str(tmp_path / "none"), tmp_path)
