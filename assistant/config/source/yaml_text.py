"""YAML with the place of each name and value.

Nodes are read, objects are never made: tags run nothing, and an alias that multiplies itself costs no
memory. Aliases, depth and size are limited all the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from assistant.config.settings import UNKNOWN, Item, Layout, Settings, Value, is_placeholder
from assistant.config.source.text import Span, Text
from assistant.errors import UserError

MAX_DEPTH = 60
MAX_ALIASES = 500
MAX_NODES = 200_000

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CONSTRUCT = yaml.constructor.SafeConstructor()
_SCALARS = {
    "tag:yaml.org,2002:int": _CONSTRUCT.construct_yaml_int,
    "tag:yaml.org,2002:float": _CONSTRUCT.construct_yaml_float,
    "tag:yaml.org,2002:bool": _CONSTRUCT.construct_yaml_bool,
}


@dataclass(frozen=True, slots=True)
class YamlFault:
    """Where and why reading stopped; what stands before is known all the same."""

    message: str
    line: int


@dataclass(slots=True)
class _Reader:
    text: Text
    left: int = MAX_NODES


def read_yaml(content: str) -> tuple[Value | None, YamlFault | None]:
    """The first document, and what stopped the reading of the rest. Raises UserError for what is made
    to be too large."""
    text = Text(content)
    fault: YamlFault | None = None
    part, last = content, len(text.starts) + 1
    for _ in range(6):
        try:
            _within_limits(part)
            node = yaml.compose(part, Loader=_Loader)
        except yaml.YAMLError as error:
            line = min(_line(error), len(text.starts))
            fault = fault or YamlFault(_problem(error), line)
            last = min(line, last - 1)
            part = content[: text.offset(last, 0)] if last > 1 else ""
            continue
        return (_value(node, _Reader(text), 0) if node is not None else None), fault
    return None, fault


def _within_limits(content: str) -> None:
    depth = aliases = nodes = 0
    for event in yaml.parse(content, Loader=_Loader):
        if isinstance(event, yaml.events.AliasEvent):
            aliases += 1
        elif isinstance(event, yaml.events.NodeEvent):
            nodes += 1
            depth += isinstance(event, yaml.events.CollectionStartEvent)
        elif isinstance(event, yaml.events.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise UserError(f"this YAML is nested deeper than {MAX_DEPTH} levels, so it is no configuration.")
        if aliases > MAX_ALIASES or nodes > MAX_NODES:
            raise UserError(
                f"this YAML has more than {MAX_ALIASES} aliases or {MAX_NODES} values, so it is no configuration."
            )


def _line(error: yaml.YAMLError) -> int:
    if not isinstance(error, yaml.MarkedYAMLError):
        return 1
    mark = error.problem_mark or error.context_mark
    return int(mark.line) + 1 if mark else 1


def _problem(error: yaml.YAMLError) -> str:
    """The parser's own words in one line."""
    words = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
    return " ".join(str(words).split())


def _value(node: Node, reader: _Reader, depth: int) -> Value:
    reader.left -= 1
    if depth > MAX_DEPTH or reader.left < 0:  # an alias that holds itself, or aliases of aliases
        raise UserError("this YAML's aliases expand without end, so it is no configuration.")
    start, end = _offset(reader, node.start_mark), _offset(reader, node.end_mark)
    span = Span(start, max(start, _trimmed(reader.text.content, start, end)))
    if isinstance(node, ScalarNode):
        return Value(_scalar(node), span)
    if isinstance(node, SequenceNode):
        parts = [_value(part, reader, depth + 1) for part in node.value]
        return Value([part.data for part in parts], _around(span, parts, node))
    if isinstance(node, MappingNode):
        layout: Layout = "flow" if node.flow_style else "yaml"
        items: dict[str, Item] = {}
        repeated: list[Item] = []
        for item in _items(node, reader, depth, layout):
            if item.key in items:
                repeated.append(items[item.key])
            items[item.key] = item
        inside = _around(span, [Value(None, item.span) for item in items.values()], node)
        return Value(Settings("mapping", items, inside, layout, repeated=tuple(repeated)), inside)
    return Value(UNKNOWN, span)


def _items(node: MappingNode, reader: _Reader, depth: int, layout: Layout) -> Iterator[Item]:
    own = {key.value for key, _ in node.value if isinstance(key, ScalarNode)}
    for key, inner in node.value:
        if not isinstance(key, ScalarNode):
            continue
        value = _value(inner, reader, depth + 1)
        if key.tag == "tag:yaml.org,2002:merge":
            for merged in value.data if isinstance(value.data, list) else [value.data]:
                if isinstance(merged, Settings):
                    yield from (item for item in merged if item.key not in own)
            continue
        begin, stop = _offset(reader, key.start_mark), _offset(reader, key.end_mark)
        end = value.span.end if value.span.start >= begin else stop  # an alias stands elsewhere
        yield Item(key.value, value, Span(begin, max(end, stop)), Span(begin, stop), layout)


def _scalar(node: ScalarNode) -> Any:
    if node.tag == "tag:yaml.org,2002:null":
        return None
    if construct := _SCALARS.get(node.tag):
        try:
            return construct(node)
        except (ValueError, KeyError, IndexError):
            return node.value
    return UNKNOWN if "python" in node.tag or is_placeholder(node.value) else node.value


def _around(span: Span, parts: list[Value], node: Any) -> Span:
    """A block ends with its last part, not where the next token begins."""
    ends = [part.span.end for part in parts if span.start <= part.span.end <= span.end]
    return Span(span.start, max(ends)) if ends and not node.flow_style else span


def _offset(reader: _Reader, mark: Any) -> int:
    return reader.text.offset(mark.line + 1, mark.column)


def _trimmed(content: str, start: int, end: int) -> int:
    return start + len(content[start:end].rstrip())
