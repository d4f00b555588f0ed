"""What a generator is given and gives: plain frozen data, the same for a local model and a remote one."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Role = Literal["system", "user", "assistant", "tool"]
Stopped = Literal["end", "length", "user", "error"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the prompt. `calls` are an assistant message's tool calls; `name` and `call`
    say which tool, and which call of it, a tool message answers."""

    role: Role
    content: str
    calls: "tuple[ToolCall, ...]" = ()
    name: str = ""
    call: str = ""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are chosen. 0 switches a number off (`top_k`, `no_repeat_ngram`), as do `top_p` 1 and
    `repetition_penalty` 1; both penalties look at generated tokens only."""

    max_new_tokens: int = 100
    do_sample: bool = False
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    repetition_penalty: float = 1.0
    no_repeat_ngram: int = 0
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What a reply may name. `texts` are the texts whose identifiers, flags, versions and numbers
    are allowed (evidence, case, question); `citations` the ids that may be cited as [n]."""

    texts: tuple[str, ...] = ()
    citations: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """One reply to be written. `messages` end with the user's; `begun` is the start of a reply that is
    to be continued; `lexicon` None leaves the words free; `tools` are JSON schemas in the OpenAI form."""

    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    lexicon: Lexicon | None = None
    stop: tuple[str, ...] = ()
    tools: tuple[dict[str, Any], ...] = ()
    begun: str = ""
    adapter: bool = True


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model asks for: `arguments` as JSON text, unchecked."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Finished:
    """How a reply ended; the last thing that a stream yields. `error` is one sentence where `stopped`
    is "error"; `calls` are the tools that the model wants before it goes on."""

    stopped: Stopped
    prompt_tokens: int = 0
    new_tokens: int = 0
    first_token_ms: float = 0.0
    tokens_per_s: float = 0.0
    reused_tokens: int = 0
    error: str | None = None
    calls: tuple[ToolCall, ...] = field(default=())


class Generator(Protocol):
    """A model that is ready. `quantization` is "nf4", "none" or "remote"; `context` is in tokens;
    `small` says that it words well and chooses badly, and gets a small prompt and strict checks;
    `tools` that its template (or server) takes tools."""

    @property
    def name(self) -> str: ...
    @property
    def adapter(self) -> str | None: ...
    @property
    def quantization(self) -> str: ...
    @property
    def context(self) -> int: ...
    @property
    def small(self) -> bool: ...
    @property
    def tools(self) -> bool: ...

    def count(self, text: str) -> int:
        """Tokens of a text (an estimate for a remote model)."""
        ...

    def stream(self, job: Job, cancelled: threading.Event) -> "Iterator[str | Finished]":
        """New text as it is written, then one Finished. Ends soon after `cancelled` is set, with
        `stopped` "user". Never raises for what happens to a model: that is "error" with a sentence."""
        ...

    def close(self) -> None:
        """Gives memory back."""
        ...
