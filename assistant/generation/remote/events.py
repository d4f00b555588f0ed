"""Bytes of an HTTP response → the JSON objects in it: server-sent events, or one JSON document.

Bounded: a line has a longest length, a response a largest size, and the work is linear in it.
"""

import codecs
import json
from collections.abc import Iterator
from typing import Any

from assistant.generation.remote.faults import Fault

LINE = 1 << 18
"""Characters that a line (one event) may have."""
END: dict[str, Any] = {"choices": []}
"""Given at last where the server says that this was all."""
_DONE = "[DONE]"
_TRIES = 32
"""Lines that an object of one event may stand on."""
_FIELDS = ("", "event", "id", "retry")


class Events:
    """Takes a response's bytes as they come, gives the objects that are complete. A server that was
    asked to stream and sends one document instead is understood as well."""

    def __init__(self, largest: int) -> None:
        self.done = False
        self._largest = largest
        self._size = 0
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._pending: list[str] = []
        self._length = 0
        self._event = ""
        self._tries = 0
        self._document: bool | None = None

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """Raises Fault where it is too much, or no JSON."""
        self._size += len(data)
        if self._size > self._largest:
            raise Fault("flood")
        text = self._decode(data)
        if self._document is None:
            text = text.lstrip("\ufeff \r\n\t")
            if not text:
                return
            if text[0] == "<":
                raise Fault("garbage", what="no_json")
            self._document = text[0] in "{["
        self._pending.append(text)
        self._length += len(text)
        if self._document:
            return
        if "\n" in text:
            *lines, rest = "".join(self._pending).split("\n")
            self._pending, self._length = [rest], len(rest)
            for line in lines:
                yield from self._line(line.rstrip("\r"))
        if self._length > LINE:
            raise Fault("garbage", what="long_line")

    def end(self) -> Iterator[dict[str, Any]]:
        """What is complete only now that the response has ended."""
        rest = "".join(self._pending)
        if self._document and not self.done:
            self.done = True
            yield _object(rest)
            yield END
        elif rest.strip() and rest.partition(":")[0] not in (*_FIELDS, "data"):
            raise Fault("garbage", what="no_json")

    def _line(self, line: str) -> Iterator[dict[str, Any]]:
        if self.done:
            return
        name, _, value = line.partition(":")
        if name == "data":
            self._event += value.strip()
            if self._event == _DONE:
                self.done = True
                yield END
            elif self._event.endswith("}"):
                # Not all servers put an empty line after an event, and few an event on several lines.
                try:
                    found = _object(self._event)
                except Fault:
                    self._tries += 1
                    if self._tries > _TRIES or len(self._event) > LINE:
                        raise
                    return
                self._event, self._tries = "", 0
                yield found
        elif name not in _FIELDS or (not line and self._event):
            raise Fault("garbage", what="no_json")


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise Fault("garbage", what="no_json") from None
    if not isinstance(found, dict):
        raise Fault("garbage", what="no_json")
    return found
