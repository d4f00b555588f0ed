"""What a stream of chat-completion objects says: text as it comes, and at its end how it ended."""

import itertools
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from assistant.generation.model import ToolCall
from assistant.generation.remote.events import END
from assistant.generation.remote.faults import Fault, detail_of

_CALLS = 16
_ARGUMENTS = 32_768


@dataclass(slots=True)
class Reply:
    """Filled while `texts` is read. `parts` counts pieces of text or thought: about the tokens."""

    started: float = field(default_factory=time.monotonic)
    reason: str = ""
    parts: int = 0
    first_at: float = 0.0
    last_at: float = 0.0
    prompt_tokens: int = 0
    new_tokens: int = 0
    cached_tokens: int = 0
    _calls: dict[int, list[str]] = field(default_factory=dict)

    def texts(self, objects: Iterable[Mapping[str, Any]]) -> Iterator[str]:
        """The text of each object. Raises Fault for an error object, for what is no completion, and for
        one that breaks off."""
        ended = False
        for found in objects:
            if found is END:
                ended = True
                continue
            if found.get("error"):
                detail = detail_of(json.dumps(found), None)
                raise Fault("reported", detail=f" ({detail.rstrip('.')})" if detail else "")
            self._count(found.get("usage"))
            choices = found.get("choices")
            if not isinstance(choices, list) or not all(isinstance(each, dict) for each in choices):
                raise Fault("garbage", what="no_chat")
            for choice in choices[:1]:
                yield from self._chosen(choice)
        if not self.reason and not ended:
            raise Fault("dropped" if self.parts else "disconnected")
        if not self.reason and not self.parts:
            raise Fault("garbage", what="no_chat")
        if self.reason == "content_filter":
            raise Fault("filtered")

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The tools that the model asks for."""
        return tuple(
            ToolCall(identity or f"call_{index}", name, arguments or "{}")
            for index, (identity, name, arguments) in sorted(self._calls.items())
            if name
        )

    def _chosen(self, choice: Mapping[str, Any]) -> Iterator[str]:
        reason = choice.get("finish_reason")
        said = choice.get("delta") or choice.get("message") or {}
        if not isinstance(said, dict) or not (said or reason or "delta" in choice):
            raise Fault("garbage", what="no_chat")
        self.reason = reason if isinstance(reason, str) else self.reason
        yield from self._said(said)

    def _said(self, said: Mapping[str, Any]) -> Iterator[str]:
        content = _text(said.get("content"))
        calls = said.get("tool_calls")
        thought = said.get("reasoning_content") or said.get("reasoning")
        if content or thought or calls:
            self.parts += 1
            self.last_at = time.monotonic()
            self.first_at = self.first_at or self.last_at
        if isinstance(calls, list):
            for place, call in enumerate(calls):
                self._add(place, call)
        if content:
            yield content

    def _add(self, place: int, call: Any) -> None:
        """A piece of a call: the first has id and name, the rest more of the arguments."""
        if not isinstance(call, dict):
            return
        index = call.get("index")
        index = index if isinstance(index, int) and not isinstance(index, bool) else place
        if index not in self._calls and len(self._calls) >= _CALLS:
            return
        known = self._calls.setdefault(index, ["", "", ""])
        function = call.get("function")
        function = function if isinstance(function, dict) else {}
        arguments = function.get("arguments")
        if isinstance(arguments, dict):
            arguments = json.dumps(arguments, ensure_ascii=False)
        known[0] = known[0] or _text(call.get("id"))[:100]
        known[1] = known[1] or _text(function.get("name"))[:100]
        known[2] = (known[2] + _text(arguments))[:_ARGUMENTS]

    def _count(self, usage: Any) -> None:
        if not isinstance(usage, dict):
            return
        details = usage.get("prompt_tokens_details")
        self.prompt_tokens = _number(usage.get("prompt_tokens")) or self.prompt_tokens
        self.new_tokens = _number(usage.get("completion_tokens")) or self.new_tokens
        if isinstance(details, dict):
            self.cached_tokens = _number(details.get("cached_tokens"))


def at_most(texts: Iterable[str], reply: Reply, tokens: int, characters: int) -> Iterator[str]:
    """The texts up to a length that no reply of so many tokens has: a server may take no limit from us."""
    length = 0
    for text in texts:
        room = characters - length
        length += len(text)
        yield text[:room]
        if length >= characters or (reply.parts > 2 * tokens + 16 and length > 2 * tokens):
            reply.reason = "length"
            return


def _text(value: Any) -> str:
    """A text, or the texts of a list of content parts."""
    if isinstance(value, list):
        parts = (part.get("text") for part in itertools.islice(value, 64) if isinstance(part, dict))
        return "".join(part for part in parts if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 31 else 0
