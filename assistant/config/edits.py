"""Changes to a text: a setting renamed, removed, added, given another value."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assistant.config.settings import Item, Layout, Settings, Symbol, Value
from assistant.config.source.text import Span, Text

_BLANK_BEFORE = re.compile(r"[ \t]*\Z")
_REST_OF_LINE = re.compile(r"[ \t]*,?[ \t]*(?:#[^\r\n]*)?(?:\r\n?|\n|\Z)")
_COMMA_AFTER = re.compile(r"[ \t]*,[ \t]*")
_COMMA_BEFORE = re.compile(r",[ \t\r\n]*\Z")
_STATEMENTS = ("attribute", "item")
_YAML_WORD = re.compile(r"[A-Za-z_][\w./-]*\Z")
_YAML_SPECIAL = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "~"})


@dataclass(frozen=True, slots=True)
class Edit:
    """Puts `text` in place of what stands in the span."""

    span: Span
    text: str


def literal(data: Any, layout: Layout) -> str:
    """A constant as it is written there."""
    if isinstance(data, Symbol):
        return data.name if layout not in ("yaml", "flow", "json") else json.dumps(data.last)
    if layout == "json":
        return json.dumps(data, ensure_ascii=False)
    if layout in ("yaml", "flow"):
        return _yaml_literal(data)
    if isinstance(data, str):
        return json.dumps(data, ensure_ascii=False)
    if isinstance(data, (list, tuple)):
        return f"[{', '.join(literal(part, layout) for part in data)}]"
    if isinstance(data, dict):
        return f"{{{', '.join(f'{literal(key, layout)}: {literal(part, layout)}' for key, part in data.items())}}}"
    return repr(data)


def _yaml_literal(data: Any) -> str:
    if isinstance(data, str):
        plain = _YAML_WORD.match(data) and data.lower() not in _YAML_SPECIAL
        return data if plain else json.dumps(data, ensure_ascii=False)
    if isinstance(data, float):
        text = repr(data)
        return text.replace("e", ".0e") if "e" in text and "." not in text else text  # YAML 1.1 wants the dot
    return json.dumps(data, ensure_ascii=False)


def replaced(value: Value, data: Any, layout: Layout) -> list[Edit]:
    """Another value, written where the value is."""
    return [Edit(value.span, literal(data, layout))]


def renamed(item: Item, name: str) -> list[Edit]:
    """Another name for the setting."""
    return [Edit(item.key_span, json.dumps(name) if item.layout in ("dict", "json", "item") else name)]


def added(text: Text, settings: Settings, name: str, data: Any, near: Item | None = None) -> list[Edit]:
    """A further setting, written before `near` (default: the first), in its layout."""
    return inserted(text, settings, name, lambda layout: literal(data, layout), near)


def inserted(text: Text, settings: Settings, name: str, render: Any, near: Item | None = None) -> list[Edit]:
    """The same with the value's text given by `render(layout)`."""
    layout = settings.layout
    if near is None or near.layout in _STATEMENTS:
        near = next((item for item in settings if item.layout == layout), None)
    if near is None:
        return _into_empty(text, settings, name, render(layout))
    written = _written(name, render(near.layout), near.layout)
    indent = _indent_if_first(text, near.span.start)
    if near.layout == "yaml" and indent is not None:
        return [Edit(Span(near.span.start, near.span.start), f"{written}\n{indent}")]
    between = ", " if indent is None else f",{_newline(text)}{indent}"
    return [Edit(Span(near.span.start, near.span.start), written + between)]


def _into_empty(text: Text, settings: Settings, name: str, value: str) -> list[Edit]:
    """Before the closing bracket of a call or mapping that has no item of its own."""
    if settings.layout == "yaml":
        return []
    end = settings.span.end - 1
    before = text.content[settings.span.start : end].rstrip()
    comma = "" if before.endswith(("(", "{", ",")) else ", "
    if before.endswith(","):
        comma = " "
    place = settings.span.start + len(before)
    return [Edit(Span(place, place), comma + _written(name, value, settings.layout))]


def _written(name: str, value: str, layout: Layout) -> str:
    if layout in ("dict", "json"):
        return f"{json.dumps(name)}: {value}"
    return f"{name}: {value}" if layout in ("yaml", "flow") else f"{name}={value}"


def removed(text: Text, item: Item) -> list[Edit]:
    """The setting taken out, with its comma, and its line if nothing else stands there."""
    content, span = text.content, item.span
    line_start = text.starts[text.line(span.start) - 1]
    alone = content[line_start : span.start].strip(" \t") == ""
    rest = _REST_OF_LINE.match(content, span.end)
    if item.layout in ("yaml", *_STATEMENTS) and alone:
        end = rest.end() if rest else span.end
        return [Edit(Span(line_start, end), "")]
    before = _COMMA_BEFORE.search(content, max(0, span.start - 400), span.start)
    after = _COMMA_AFTER.match(content, span.end)
    last = after is None
    if alone and rest and not (item.layout == "json" and last):
        return [Edit(Span(line_start, rest.end()), "")]
    if last and before:
        return [Edit(Span(before.start(), span.end), "")]
    if after:
        return [Edit(Span(span.start, after.end()), "")]
    return [Edit(span, "")]


def _indent_if_first(text: Text, offset: int) -> str | None:
    """The white space before this place, if nothing else stands before it in its line."""
    before = text.content[text.starts[text.line(offset) - 1] : offset]
    return before if not before.strip(" \t") else None


def _newline(text: Text) -> str:
    return "\r\n" if "\r\n" in text.content else "\n"


def applied(content: str, edits: Sequence[Edit]) -> str:
    """The text after the changes; of two that overlap, the second is left out."""
    parts, done = [], 0
    for edit in sorted(edits, key=lambda edit: (edit.span.start, edit.span.end)):
        if edit.span.start >= done:
            parts += [content[done : edit.span.start], edit.text]
            done = edit.span.end
    return "".join([*parts, content[done:]])
