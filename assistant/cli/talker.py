"""The language model as the command line uses it: prepared with progress on stderr, waited for. Without
a model nothing of it is imported.
"""

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.answering import Answer
from assistant.cli.engine import progress
from assistant.errors import UserError
from assistant.pipeline import Engine, Options

if TYPE_CHECKING:
    from assistant.generation.host import ModelHost, Report
    from assistant.generation.reply import Reply


class Talker:
    """An engine with the model that talks its answers through, if there is one."""

    def __init__(self, engine: Engine, host: "ModelHost | None") -> None:
        self.engine = engine
        self._host = host

    def reply(self, turns: Sequence[str | bytes], answer: Answer, options: Options) -> "Reply | None":
        """The model's whole reply; None without a model, or where the answer abstains."""
        *_, last = [None, *self._replies(turns, answer, options)]
        return last

    def speak(self, turns: Sequence[str | bytes], answer: Answer, options: Options) -> None:
        """Prints the reply as its sentences are checked, and what became of it."""
        shown, last = "", None
        for last in self._replies(turns, answer, options):
            if not shown and last.markdown:
                print(f"\n---\n{last.model}:\n", flush=True)
            new = last.markdown[len(shown) :] if last.markdown.startswith(shown) else ""
            print(new, end="", flush=True)
            shown += new
        if last is not None:
            print(flush=True)
            for note in _notes(last):
                print(f"({note})", flush=True)

    def _replies(self, turns: Sequence[str | bytes], answer: Answer, options: Options) -> "Iterator[Reply]":
        if self._host is None:
            return iter(())
        from assistant.explain import explain
        from assistant.generation.talk import Memory

        texts = [turn if isinstance(turn, str) else turn.decode("utf-8", errors="replace") for turn in turns]
        cancelled = threading.Event()
        return explain(self._host, self.engine, texts, answer, options, "terminal", cancelled, Memory())


@contextmanager
def command_talker(model: str, adapter: str, engine: Engine, cache: Path) -> Iterator[Talker]:
    """A talker whose model is ready. Raises UserError (code 3) where it cannot be made ready."""
    if model == "none":
        yield Talker(engine, None)
        return
    from assistant.generation.choice import loader
    from assistant.generation.host import ModelHost

    host = ModelHost()
    name, load = loader(model, adapter, cache)
    if load is not None:
        print(f"tracedoc: preparing {name}", file=sys.stderr, flush=True)
        host.use(name, lambda report, cancelled: load(_shown(report), cancelled))
        status = host.wait()
        if status.state == "failed":
            raise UserError(status.reason, 3)
    try:
        yield Talker(engine, host)
    finally:
        host.close()


def _notes(reply: "Reply") -> list[str]:
    from assistant.generation.words import words

    said = words(reply.lang)
    folded = [said["folded"].format(reason=reply.folded)] if reply.folded else []
    error = reply.finished.error if reply.finished else None
    return [*folded, *reply.notes, *([said["stopped_error"].format(reason=error)] if error else [])]


def _shown(report: "Report") -> "Report":
    show = progress()

    def both(stage: str, done: int, total: int) -> None:
        report(stage, done, total)
        show(stage, done >> 20, total >> 20)

    return both
