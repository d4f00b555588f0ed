"""JSON with the place of each name and value, read on past what `json.load` refuses.

What a person writes by hand has comments, trailing commas, Python's words and quotes. They are read
for what they mean, and each is told, because the libraries refuse the file.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from assistant.config.settings import UNKNOWN, Item, Settings, Value, is_placeholder
from assistant.config.source.text import Span

MAX_DEPTH = 100

_SPACE = re.compile(r"[ \t\r\n\ufeff]*")
_COMMENT = re.compile(r"//[^\r\n]*|#[^\r\n]*|/\*(?s:.)*?\*/")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SINGLE = re.compile(r"'(?:[^'\\\r\n]|\\.)*'")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])")
_NUMBERS = re.compile(rf"\[\s*{_NUMBER.pattern}(?:\s*,\s*{_NUMBER.pattern})*\s*\]")
_LOOSE_NUMBER = re.compile(r"[+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])")
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_CONSTANTS: Mapping[str, Any] = {
    "true": True,
    "false": False,
    "null": None,
    "NaN": float("nan"),
    "Infinity": float("inf"),
}
_PYTHON: Mapping[str, Any] = {"True": True, "False": False, "None": None}

Fault = Literal["comment", "comma", "no comma", "quotes", "constant", "number", "name", "after"]


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that JSON does not allow: what, where, and what to write instead."""

    fault: Fault
    span: Span
    instead: str


class NotJson(Exception):
    """The text is no JSON even with good will; `offset` is where reading ended."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(slots=True)
class _Reader:
    content: str
    at: int
    flaws: list[Flaw]
    depth: int = 0


def read_json(content: str, start: int = 0) -> tuple[Value, tuple[Flaw, ...]]:
    """The value with its places, and what is wrong with the writing. Raises NotJson."""
    reader = _Reader(content, start, [])
    _skip(reader)
    value = _value(reader)
    _skip(reader)
    if reader.at < len(content):
        reader.flaws.append(Flaw("after", Span(reader.at, len(content)), ""))
    return value, tuple(reader.flaws)


def _skip(reader: _Reader) -> None:
    while True:
        space = _SPACE.match(reader.content, reader.at)
        reader.at = space.end() if space else reader.at
        comment = _COMMENT.match(reader.content, reader.at)
        if not comment:
            return
        reader.flaws.append(Flaw("comment", Span(reader.at, comment.end()), ""))
        reader.at = comment.end()


def _value(reader: _Reader) -> Value:
    head = reader.content[reader.at : reader.at + 1]
    if head == "{":
        return _mapping(reader)
    if head == "[":
        return _list(reader)
    start = reader.at
    data = _scalar(reader, head)
    return Value(data, Span(start, reader.at))


def _scalar(reader: _Reader, head: str) -> Any:
    content, start = reader.content, reader.at
    if head == '"':
        text = _string(reader)
        return UNKNOWN if isinstance(text, str) and len(text) < 200 and is_placeholder(text) else text
    if head == "'" and (match := _SINGLE.match(content, start)):
        reader.at = match.end()
        inside = match.group()[1:-1].replace("\\'", "'")
        reader.flaws.append(Flaw("quotes", Span(*match.span()), json.dumps(inside, ensure_ascii=False)))
        return inside
    if match := _NUMBER.match(content, start):
        reader.at = match.end()
        return json.loads(match.group())
    if match := _LOOSE_NUMBER.match(content, start):
        reader.at = match.end()
        number = float(match.group().replace("_", ""))
        whole = int(number) if number.is_integer() and match.group().strip("+-_0123456789") == "" else number
        reader.flaws.append(Flaw("number", Span(*match.span()), json.dumps(whole)))
        return whole
    word = _WORD.match(content, start)
    if word and word.group() in _CONSTANTS:
        reader.at = word.end()
        return _CONSTANTS[word.group()]
    if word and word.group() in _PYTHON:
        reader.at = word.end()
        data = _PYTHON[word.group()]
        reader.flaws.append(Flaw("constant", Span(*word.span()), json.dumps(data)))
        return data
    _fail(reader, "a value was expected")


def _string(reader: _Reader) -> Any:
    match = _STRING.match(reader.content, reader.at)
    if not match:
        _fail(reader, "a text in quotes does not end")
    reader.at = match.end()
    if "\\" not in match.group():
        return match.group()[1:-1]
    try:
        return json.loads(match.group(), strict=False)
    except ValueError:
        return UNKNOWN


def _mapping(reader: _Reader) -> Value:
    start = _enter(reader)
    items: dict[str, Item] = {}
    repeated: list[Item] = []
    while _more(reader, "}"):
        item = _item(reader)
        if item.key in items:
            repeated.append(items[item.key])
        items[item.key] = item
    span = Span(start, reader.at)
    return Value(Settings("mapping", items, span, "json", repeated=tuple(repeated)), span)


def _item(reader: _Reader) -> Item:
    start = reader.at
    word = _WORD.match(reader.content, reader.at)
    if word:
        reader.at, key = word.end(), word.group()
        reader.flaws.append(Flaw("name", Span(*word.span()), json.dumps(key)))
    else:
        head = reader.content[reader.at : reader.at + 1]
        if head not in ("'", '"'):
            _fail(reader, "a name in quotes was expected")
        key = str(_string(reader) if head == '"' else _scalar(reader, head))
    key_span = Span(start, reader.at)
    _skip(reader)
    if reader.content[reader.at : reader.at + 1] != ":":
        _fail(reader, "a colon was expected")
    reader.at += 1
    _skip(reader)
    value = _value(reader)
    return Item(key, value, Span(start, reader.at), key_span, "json")


def _list(reader: _Reader) -> Value:
    if numbers := _NUMBERS.match(reader.content, reader.at):  # a picture's data: millions of them
        reader.at = numbers.end()
        return Value(json.loads(numbers.group()), Span(*numbers.span()))
    start = _enter(reader)
    parts = []
    while _more(reader, "]"):
        parts.append(_value(reader).data)
    return Value(parts, Span(start, reader.at))


def _enter(reader: _Reader) -> int:
    reader.depth += 1
    if reader.depth > MAX_DEPTH:
        _fail(reader, f"it is nested deeper than {MAX_DEPTH} levels")
    reader.at += 1
    return reader.at - 1


def _more(reader: _Reader, close: str) -> bool:
    """Whether another part follows; steps over what stands between, and over the end."""
    before = reader.at
    opened = reader.content[before - 1] in "{["
    _skip(reader)
    comma = None
    if not opened and reader.content[reader.at : reader.at + 1] == ",":
        comma = Span(reader.at, reader.at + 1)
        reader.at += 1
        _skip(reader)
    if reader.content[reader.at : reader.at + 1] == close:
        if comma:
            reader.flaws.append(Flaw("comma", comma, ""))
        reader.at += 1
        reader.depth -= 1
        return False
    if reader.at >= len(reader.content):
        _fail(reader, f"it ends before its last “{close}”")
    if not opened and not comma:
        if reader.content[reader.at] not in "\"'{[" and not _WORD.match(reader.content, reader.at):
            _fail(reader, "a comma was expected")
        reader.flaws.append(Flaw("no comma", Span(before, before), ","))
    return True


def _fail(reader: _Reader, message: str) -> NoReturn:
    raise NotJson(message, min(reader.at, len(reader.content)))
