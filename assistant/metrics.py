"""What a server counts, for `GET /metrics` in Prometheus's text format: how many answers and replies, how
they came about, how long they took. Nothing of what anybody wrote is in it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

if TYPE_CHECKING:
    from assistant.answering import Answer
    from assistant.generation.reply import Reply

CONTENT_TYPE = CONTENT_TYPE_LATEST

_ANSWER_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
_FIRST_TOKEN_SECONDS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 30)


class Metrics:
    """The counters of one server; `index_ready` and `model_ready` are asked when they are read."""

    def __init__(self, index_ready: Callable[[], bool], model_ready: Callable[[], bool]) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._answers = Counter(
            "tracedoc_answers", "Grounded answers", ["basis", "lang"], registry=self._registry
        )
        self._seconds = Histogram(
            "tracedoc_answer_seconds",
            "Time to a grounded answer",
            buckets=_ANSWER_SECONDS,
            registry=self._registry,
        )
        self._replies = Counter(
            "tracedoc_replies", "Replies of the language model", ["outcome", "lang"], registry=self._registry
        )
        self._tokens = Counter("tracedoc_reply_tokens", "Tokens that it wrote", registry=self._registry)
        self._writing = Counter(
            "tracedoc_reply_writing_seconds", "Time that it wrote for", registry=self._registry
        )
        self._first = Histogram(
            "tracedoc_reply_first_token_seconds",
            "Time from a reply's turn to its first token",
            buckets=_FIRST_TOKEN_SECONDS,
            registry=self._registry,
        )
        for name, what, ready in (
            ("tracedoc_index_ready", "Whether the index answers", index_ready),
            ("tracedoc_model_ready", "Whether a language model replies", model_ready),
        ):
            Gauge(name, what, registry=self._registry).set_function(ready)

    def answered(self, answer: "Answer") -> None:
        """Counts an answer."""
        self._seconds.observe(answer.ms / 1000)
        self._answers.labels(answer.basis, answer.lang).inc()

    def replied(self, reply: "Reply") -> None:
        """Counts a reply that has ended."""
        ended = reply.finished
        if ended is None:
            return
        outcome = "folded" if reply.folded else {"end": "shown"}.get(ended.stopped, ended.stopped)
        self._replies.labels(outcome, reply.lang).inc()
        self._tokens.inc(ended.new_tokens)
        if ended.tokens_per_s > 0:
            self._writing.inc(ended.new_tokens / ended.tokens_per_s)
        if ended.first_token_ms > 0:
            self._first.observe(ended.first_token_ms / 1000)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)
