"""What a configuration says, in one form for Python calls, YAML and JSON, with the place of each word."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from assistant.config.source.text import Span

Layout = Literal["call", "dict", "yaml", "flow", "json", "attribute", "item", "positional"]
"""How an item is written: `name=value`, `"name": value` in Python, in YAML, in
YAML's braces, in JSON, `x.name = value`,
`x["name"] = value`, a value alone."""


class _Unknown:
    """The data of a value that only a run could tell."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = _Unknown()


_PLACEHOLDER = re.compile(r"\$\{|\{\{|^<[A-Za-z_ -]+>$|^\$[A-Z_]+$")


def is_placeholder(text: str) -> bool:
    """Whether a text of a file stands for something that is filled in later: `${NAME}`, `{{ name }}`."""
    return _PLACEHOLDER.search(text) is not None


class Symbol(NamedTuple):
    """A name from a library used as a value, by its full name: torch.bfloat16."""

    name: str

    @property
    def last(self) -> str:
        return self.name.rsplit(".", 1)[-1]


@dataclass(frozen=True, slots=True)
class Value:
    """`data` is a constant, Symbol, list, Settings (a mapping or an object) or UNKNOWN; `span` is where
    the data is written, which may be far from where it is used. Not `sure`: a default that the command
    line or a caller can change."""

    data: Any
    span: Span
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Item:
    """One setting: its name, its value, and where both stand."""

    key: str
    value: Value
    span: Span
    key_span: Span
    layout: Layout
    perhaps: bool = False
    """Whether it is set only on some way through the text."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One configuration object. `kind` is the full name of what is called ("transformers.TrainingArguments",
    "transformers.generate"), or the kind of a file ("deepspeed"), or "mapping". Where `open`, there are
    items that could not be read (`**unknown`), so that nothing can be said about what is missing."""

    kind: str
    items: Mapping[str, Item]
    span: Span
    layout: Layout
    open: bool = False
    positional: Sequence[Value] = ()
    own: frozenset[str] = frozenset()
    """Names that a class of the file adds to those of the library."""
    checked: bool = True
    """Whether names that the library does not know fail here: not behind a version test, not in a `try`."""
    name: str = ""
    """The variable that it is assigned to."""
    local: bool = False
    """Whether it is made by a class of this file that inherits from the library's."""
    repeated: Sequence[Item] = field(default=())
    """Items of a name that was given before."""

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items.values())

    def given(self, name: str) -> bool:
        """Whether the name is written here, with something else than None."""
        item = self.items.get(name)
        return item is not None and item.value.data is not None

    def absent(self, name: str) -> bool:
        """Whether the name is surely not given."""
        item = self.items.get(name)
        return item.value.data is None if item else not self.open

    def data(self, name: str, default: Any = None) -> Any:
        """The constant; UNKNOWN where it cannot be known; `default` where it is not given."""
        item = self.items.get(name)
        if item is None:
            return UNKNOWN if self.open else default
        return item.value.data

    def flag(self, name: str, default: bool | None = None) -> bool | None:
        """True or False; None where it cannot be known. Also reads YAML's words for both."""
        data = self.data(name, default)
        if isinstance(data, str) and data.lower() in ("true", "yes", "on", "false", "no", "off"):
            return data.lower() in ("true", "yes", "on")
        return data if isinstance(data, bool) else None

    def number(self, name: str, default: float | None = None) -> float | None:
        """A number that is written as one; None where it is not or cannot be known."""
        data = self.data(name, default)
        return data if isinstance(data, (int, float)) and not isinstance(data, bool) else None

    def text(self, name: str, default: str | None = None) -> str | None:
        """A string, or the last part of a library's name (`IntervalStrategy.STEPS` → "steps")."""
        data = self.data(name, default)
        if isinstance(data, Symbol) and data.last.isupper():
            return data.last.lower()
        return data if isinstance(data, str) else None

    def dtype(self, name: str, default: str | None = None) -> str | None:
        """ "float16", "bfloat16", "float32", "auto" or what else is written as a type."""
        data = self.data(name, default)
        word = data.last if isinstance(data, Symbol) and data.name.startswith("torch.") else data
        return {"half": "float16", "float": "float32"}.get(word, word) if isinstance(word, str) else None

    def names(self, name: str) -> tuple[str, ...] | None:
        """A list of strings; None where it is none or not wholly known."""
        data = self.data(name)
        if isinstance(data, list) and data and all(isinstance(part, str) for part in data):
            return tuple(data)
        return None

    def inner(self, name: str) -> "Settings | None":
        """The mapping or object that stands there."""
        data = self.data(name)
        return data if isinstance(data, Settings) else None

    def sure(self, *names: str) -> bool:
        """Whether none of these is a default that a caller can change."""
        return all(self.items[name].value.sure for name in names if name in self.items)
