"""What a long-running server shares between all its requests: the engine, and the index that is made
ready in the background. Answers never wait for the index.
"""

import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from assistant.answering import Answer
from assistant.explain import explain
from assistant.generation.choice import loader
from assistant.generation.host import ModelHost
from assistant.generation.talk import Memory
from assistant.metrics import Metrics
from assistant.pipeline import Engine, Options, answer_turns, load_engine
from assistant.settings import cache_folder, data_folder, embedder
from assistant.settings import model as configured_model

if TYPE_CHECKING:
    from assistant.generation.reply import Reply
    from index.search import Index

_RETRY_SECONDS = 60
_FIRST_SECONDS = 4
_STAGES = {
    "starting": "starting",
    "building": "building the index: {reason}",
    "loading": "loading the index",
    "failed": "no index: {reason}",
    "ready": "ready",
}


State = Literal["starting", "building", "loading", "failed", "ready"]


class Service:
    """The engine of one server process. `state` is what it is doing until the index answers, and
    `reason` why it builds one, or why there is none; `here`, whether it runs on its users' own machine."""

    def __init__(self, cache: Path | None = None, *, here: bool = True) -> None:
        self.cache = cache or cache_folder()
        self.host = ModelHost()
        self.model_choice = "none"
        self.here = here
        self._adapter = "auto"
        self._memory = Memory()
        self.state: State = "starting"
        self.reason = ""
        self._index: Index | None = None
        self._stop = threading.Event()
        self._builder: subprocess.Popen[bytes] | None = None
        self.engine: Engine = load_engine(self.cache, lambda: self._index)
        self.metrics = Metrics(lambda: self.ready, lambda: self.host.status.state == "ready")

    @property
    def ready(self) -> bool:
        """Whether the index answers."""
        return self._index is not None

    @property
    def stage(self) -> str:
        """What the server is doing, for `/health`."""
        return _STAGES[self.state].format(reason=self.reason)

    def answer(self, turns: Sequence[str | bytes], options: Options) -> Answer:
        answer = answer_turns(self.engine, turns, replace(options, here=self.here))
        self.metrics.answered(answer)
        return answer

    def explain(
        self,
        turns: Sequence[str],
        answer: Answer,
        options: Options,
        visitor: str,
        cancelled: threading.Event,
        *,
        go_on: bool = False,
    ) -> "Iterator[Reply]":
        """What the language model says to an answer, as it grows; nothing where there is no model."""
        reply = None
        for reply in explain(
            self.host,
            self.engine,
            turns,
            answer,
            replace(options, here=self.here),
            visitor,
            cancelled,
            self._memory,
            go_on=go_on,
        ):
            yield reply
        if reply is not None:
            self.metrics.replied(reply)

    def use_model(self, model: str, adapter: str | None = None, *, by_visitor: bool = False) -> None:
        """Makes another language model ready in the background; the adapter stays as chosen if none is
        named. A server that a visitor names does not get the API key of ours. Raises UserError for a
        choice that cannot be meant."""
        adapter = adapter or self._adapter
        ours = not by_visitor or model == configured_model("")
        self.host.use(*loader(model, adapter, self.cache, with_key=ours))
        self.model_choice, self._adapter = model, adapter

    def start(self) -> None:
        """Makes the index ready in the background; where that fails it is tried again later."""
        threading.Thread(target=self._prepare, name="index", daemon=True).start()

    def close(self) -> None:
        """Stops the background work; a build under way is ended (the old index stays)."""
        self.host.close()
        self._stop.set()
        if self._builder and self._builder.poll() is None:
            self._builder.terminate()

    def _prepare(self) -> None:
        while not self._stop.is_set() and not self.ready:
            try:
                self._load_or_build()
            except Exception as error:  # whatever it is, answers go on without the index
                self._failed(str(error) or type(error).__name__)
            if not self.ready:
                self._stop.wait(_RETRY_SECONDS)

    def _failed(self, reason: str) -> None:
        reason = reason.strip().rstrip(".")
        if (self.state, self.reason) != ("failed", reason) and not self._stop.is_set():
            print(f"tracedoc: answering without the index: {reason}.", file=sys.stderr, flush=True)
        self.state, self.reason = "failed", reason

    def _load_or_build(self) -> None:
        from index import IndexFault, load, state

        folder = self.cache / "index"
        now = state(folder, self.engine.corpus, embedder(), notes=data_folder() / "notes")
        if now.status != "fresh":
            self.state, self.reason = "building", now.reason
            failed = self._build_apart()
            if failed:
                raise IndexFault(failed)
        self.state = "loading"
        index = load(folder)
        index.scores("warm up")
        self._index, self.state = index, "ready"
        while self.host.status.state in ("preparing", "loading") and not self._stop.is_set():
            self._stop.wait(0.5)  # the model is what people wait for
        self._stop.wait(_FIRST_SECONDS)  # and its first reply
        self._prepare_libraries()
        if self.model_choice != "none":
            self._prepare_tools()

    def _prepare_libraries(self) -> None:
        """Reads the installed libraries' messages and names, once for each set of their versions, each in a
        process of its own."""
        from assistant import messages, reference

        messages.start_scan(self.cache)
        reference.prepare(self.cache)

    def _prepare_tools(self) -> None:
        """Reads what the installed libraries say of themselves, for the model's tools, once."""
        from assistant.tools.api import prepare
        from corpus.passages import passages

        prepare(self.cache, (passage.text for passage in passages(self.engine.corpus)))

    def _build_apart(self) -> str:
        """Builds in a process of its own, so that torch's memory is given back. Returns why it
        failed, "" if it did not."""
        command = [sys.executable, "-m", "assistant", "index", "build"]
        self._builder = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        _, errors = self._builder.communicate()
        if self._builder.returncode == 0:
            return ""
        lines = errors.decode(errors="replace").strip().splitlines()
        return lines[-1].removeprefix("tracedoc: ") if lines else "the build stopped"
