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
class Answer:
    """The grounded answer. `entry` and `point` name what it was made from ("" if abstained);
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
    preset: str = "factual"
    ms: float = 0.0

    @property
    def markdown(self) -> str:
        return "\n\n".join(part.markdown for part in self.parts)
