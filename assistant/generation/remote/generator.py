"""A Generator whose model is on a server."""

import os
import re
import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any

from assistant.errors import UserError
from assistant.generation.model import Finished, Job, Stopped
from assistant.generation.remote.address import parse_address
from assistant.generation.remote.estimate import estimate
from assistant.generation.remote.faults import Fault
from assistant.generation.remote.models import UNKNOWN, Card, Choice, cards, choose
from assistant.generation.remote.reply import Reply, at_most
from assistant.generation.remote.request import also_refused, body_of
from assistant.generation.remote.text import cleaned, until_stop, without_overlap, without_thoughts
from assistant.generation.remote.wire import Timeouts, Wire

_ATTEMPTS = 6
_LISTLESS = ("not_found", "failed", "rejected", "garbage")
"""What a server without a list of models answers: one is used all the same if it is named."""
_BYTES_PER_TOKEN, _BYTES = 4_096, 1 << 18
_CHARACTERS_PER_TOKEN, _CHARACTERS = 16, 256
_CHINESE = re.compile(r"[\u3400-\u9fff]")


def connect(
    url: str,
    model: str = "",
    *,
    adapter: str = "auto",
    key: str | None = None,
    timeouts: Timeouts = Timeouts(),
    cancelled: threading.Event | None = None,
) -> "Remote":
    """A model that is ready: the server was asked, and answers (unless `cancelled`). Raises UserError: 2 for an address that
    cannot be read, 3 where the server cannot be used."""
    remote = Remote(url, model, adapter=adapter, key=key, timeouts=timeouts)
    try:
        remote.discover(cancelled)
    except BaseException:
        remote.close()
        raise
    return remote


class Remote:
    """A model on an OpenAI-compatible server. Thread-safe; many replies may be written at once.

    `url` is as in `parse_address`, `model` goes before a model named in it, `adapter` is "auto" (ours, if
    the server has it), "none", or the name that the server gives it; `key` is TRACEDOC_API_KEY where it
    is None. The server is first asked by `discover` or the first reply.
    """

    quantization = "remote"
    small = False

    def __init__(
        self,
        url: str,
        model: str = "",
        *,
        adapter: str = "auto",
        key: str | None = None,
        timeouts: Timeouts = Timeouts(),
    ) -> None:
        self.address = parse_address(url)
        self._wanted = model or self.address.model
        self._adapter = adapter
        key = os.environ.get("TRACEDOC_API_KEY", "").strip() if key is None else key
        self._wire = Wire(self.address, key or None, timeouts)
        self._choice: Choice | None = None
        self._refused: frozenset[str] = frozenset()
        self._ratio = 1.0
        self._limit = 0

    def __repr__(self) -> str:
        return f"Remote({self.address.name!r}, {self.name!r})"

    @property
    def name(self) -> str:
        """The model as the server calls it; before the server was asked, what was wished for."""
        return self._choice.base if self._choice else self._wanted or self.address.name

    @property
    def adapter(self) -> str | None:
        """The adapter as the server calls it."""
        return self._choice.adapter if self._choice else None

    @property
    def context(self) -> int:
        """Tokens, as the server says; 8192 where it does not."""
        return self._limit or (self._choice.context if self._choice else UNKNOWN)

    @property
    def tools(self) -> bool:
        """Whether tools may be given: true until the server has rejected them."""
        return "tools" not in self._refused

    @property
    def ignored(self) -> frozenset[str]:
        """What this server does not heed of a Job, by the names of the request ("top_k", "seed", …), and
        what none heeds."""
        return self._refused | {"repetition_penalty", "no_repeat_ngram"}

    def discover(self, cancelled: threading.Event | None = None) -> None:
        """Asks the server for its models and chooses. Raises UserError (3)."""
        try:
            self._chosen(cancelled)
        except Fault as fault:
            raise UserError(fault.sentence(self.address.name), code=3) from None

    def count(self, text: str) -> int:
        """About how many tokens a text has, by what the server counted before."""
        return round(estimate(text) * self._ratio)

    def stream(self, job: Job, cancelled: threading.Event) -> Iterator[str | Finished]:
        """See Generator. `job.lexicon` is not enforced while the model writes: check its text after."""
        lang = _language(job)
        reply = Reply()
        stopped: Stopped = "end"
        error = None
        try:
            with closing(self._text(job, reply, lang, cancelled)) as texts:
                for text in texts:
                    if cancelled.is_set():
                        break
                    yield text
            stopped = "length" if reply.reason == "length" else "end"
        except Fault as fault:
            if fault.values.get("limit"):
                self._limit = int(fault.values["limit"])
            stopped, error = "error", fault.sentence(self.address.name, lang)
        if cancelled.is_set():
            stopped, error = "user", None
        if reply.prompt_tokens and not job.tools:
            self._learn(job, reply.prompt_tokens)
        yield self._finished(job, reply, stopped, error)

    def close(self) -> None:
        """Closes the connections; a reply under way ends with an error."""
        self._wire.close()

    def _text(self, job: Job, reply: Reply, lang: str, cancelled: threading.Event) -> Generator[str]:
        """The reply's text as it is shown."""
        tokens = job.sampling.max_new_tokens
        with closing(self._objects(job, lang, cancelled)) as objects:
            most = _CHARACTERS_PER_TOKEN * tokens + _CHARACTERS
            texts = at_most(reply.texts(objects), reply, tokens, most)
            texts = without_thoughts(cleaned(texts))
            texts = without_overlap(texts, job.begun, lambda: "continue" in self._refused)
            yield from until_stop(texts, job.stop)

    def _objects(self, job: Job, lang: str, cancelled: threading.Event) -> Generator[dict[str, Any]]:
        """What the server sends, asked anew without what it rejects, as long as nothing was shown."""
        choice = self._chosen(cancelled)
        if choice is None:
            return
        model = choice.adapter if job.adapter and choice.adapter else choice.base
        largest = _BYTES_PER_TOKEN * job.sampling.max_new_tokens + _BYTES
        for attempt in range(_ATTEMPTS):
            body = body_of(job, model, self._refused, lang)
            try:
                yield from self._wire.stream(body, largest, cancelled)
                return
            except Fault as fault:
                if attempt == 0 and fault.kind == "disconnected":
                    continue  # a connection that was kept open may have been closed meanwhile
                if fault.kind not in ("rejected", "failed") or attempt == _ATTEMPTS - 1:
                    raise
                detail, guess = str(fault.values["detail"]), fault.kind == "rejected"
                more = also_refused(body, detail, self._refused, guess=guess)
                if not more:
                    raise
                self._refused |= more

    def _chosen(self, cancelled: threading.Event | None) -> Choice | None:
        """The model to use; None if cancelled. A server without a list is used where a model is named."""
        if self._choice is None:
            listed: tuple[Card, ...] = ()
            try:
                listed = cards(self._wire.fetch("/models", cancelled))
            except Fault as fault:
                if cancelled is not None and cancelled.is_set():
                    return None
                if fault.kind not in _LISTLESS or not self._wanted:
                    raise
            self._choice = choose(listed, self._wanted, self._adapter)
            self._limit = self._limit or self._llama_context(listed, cancelled)
        return self._choice

    def _llama_context(self, listed: tuple[Card, ...], cancelled: threading.Event | None) -> int:
        """llama.cpp lists what a model was trained with; what it was started with stands elsewhere."""
        if not any(card.owner == "llamacpp" and not card.context for card in listed):
            return 0
        try:
            found: Any = self._wire.fetch("../props", cancelled)
        except Fault:
            return 0
        settings = found.get("default_generation_settings")
        size = settings.get("n_ctx") if isinstance(settings, dict) else None
        return size if isinstance(size, int) and size >= 256 else 0

    def _learn(self, job: Job, counted: int) -> None:
        """Brings the estimate nearer to what the server counted."""
        guessed = _guessed(job)
        if guessed >= 50:
            self._ratio += 0.3 * (min(max(counted / guessed, 0.6), 2.0) - self._ratio)

    def _finished(self, job: Job, reply: Reply, stopped: Stopped, error: str | None) -> Finished:
        new = reply.new_tokens or reply.parts
        seconds = reply.last_at - reply.first_at
        return Finished(
            stopped=stopped,
            prompt_tokens=reply.prompt_tokens or (_guessed(job) if reply.parts else 0),
            new_tokens=new,
            first_token_ms=round((reply.first_at - reply.started) * 1000, 1) if reply.first_at else 0.0,
            tokens_per_s=round((new - 1) / seconds, 1) if new > 1 and seconds > 0 else 0.0,
            reused_tokens=reply.cached_tokens,
            error=error,
            calls=reply.calls if stopped == "end" else (),
        )


def _guessed(job: Job) -> int:
    return sum(estimate(message.content) for message in job.messages) + estimate(job.begun)


def _language(job: Job) -> str:
    """The language of the conversation: our rules stand first, in the language of the answer."""
    first = job.messages[0].content if job.messages else ""
    return "zh" if len(_CHINESE.findall(first[:2_000])) > 8 else "en"
