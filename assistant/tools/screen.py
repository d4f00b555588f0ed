"""Keeps the markup of calls from the user while a reply streams."""

from collections.abc import Collection
from typing import Any

from assistant.generation.model import ToolCall
from assistant.tools.parse import OPENERS, first_opener, may_be_bare, parse_calls

_BARE_START = '```json {"function'


class Screen:
    """Takes a reply's text as it streams, gives what is certainly no call. `said` is what it gave."""

    def __init__(self, known: Collection[str], tokenizer: Any = None) -> None:
        self.said = ""
        self._known = known
        self._tokenizer = tokenizer
        self._held = ""
        self._called = False
        self._begins = True

    def feed(self, text: str) -> str:
        """The text that can be shown now."""
        self._held += text
        if self._called:
            return ""
        if self._begins:
            if self._may_be_bare():
                return ""
            self._begins = False
        # the character before an opener tells code that quotes one
        before = self.said[-1:]
        at = first_opener(before + self._held) - len(before)
        if at >= 0:
            self._called = True
            return self._give(at)
        return self._give(len(self._held) - self._tail())

    def end(self) -> tuple[str, tuple[ToolCall, ...]]:
        """What is left to be shown when the reply has ended, and its calls."""
        if not self._called and not self._begins:
            return self._give(len(self._held)), ()
        rest, calls = parse_calls(self._held, self._tokenizer, known=self._known)
        if calls or self._called:
            self._held = ""
            return "", calls
        return self._give(len(rest)), ()

    def _give(self, length: int) -> str:
        text, self._held = self._held[:length], self._held[length:]
        self.said += text
        return text

    def _may_be_bare(self) -> bool:
        """Whether the reply is, or could still become, an object that is a call."""
        start = "".join(self._held.split())
        if len(start) < len(_BARE_START):
            return not start or start[0] == "{" or "```json"[: len(start)] == start[:7]
        return may_be_bare(self._held)

    def _tail(self) -> int:
        """How many characters at the end may be the beginning of an opener."""
        return max(
            (
                length
                for opener in OPENERS
                for length in range(1, len(opener))
                if self._held.endswith(opener[:length])
            ),
            default=0,
        )
