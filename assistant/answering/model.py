"""What an answer is: plain frozen data, ready for every face (page, terminal, JSON)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from assistant.reading.model import Fact

Basis = Literal["signature", "retrieval", "source", "none"]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the answer as Markdown, in the order shown. `kind` is a key of texts.toml:
    "happened", "why", "fix", "also", "others", "more", "versions", "sources", or "abstention"."""

    kind: str
    markdown: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A source of the answer: its number in the text, and the passage that it stands for."""

    n: int
    passage: str
    text: str
    section: str
    title: str
    source: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What the answer says from the source of number `n`, in the order said, with this case's facts
    filled in: the steps that explain, the fixes, and how to tell that it is this one."""

    n: int
    title: str
    why: tuple[str, ...] = ()
    fix: tuple[str, ...] = ()
    tell: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The grounded answer. `entry` and `point` name what it was made from ("" if abstained), and
    `statements` hold it in pieces, as evidence for a language model;
    `confidence` is the calibrated probability that the corpus covers the input."""

    lang: str
    kind: str
    topic: str | None
    confidence: float
    abstained: bool
    parts: tuple[Part, ...]
    basis: Basis
    citations: tuple[Citation, ...] = ()
    facts: Mapping[str, Fact | Mapping[str, str]] = field(default_factory=dict)
    entry: str = ""
    point: str = ""
    statements: tuple[Statement, ...] = ()
    preset: str = "factual"
    ms: float = 0.0

    @property
    def markdown(self) -> str:
        return "\n\n".join(part.markdown for part in self.parts)
