"""What an answer is: plain frozen data, ready for every face (page, terminal, JSON)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from assistant.reading.model import Fact

if TYPE_CHECKING:
    from assistant.memory import Plan

Basis = Literal["signature", "retrieval", "source", "none"]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the answer as Markdown, in the order shown. `kind` is a key of texts.toml:
    "happened", "why", "fix", "also", "others", "more", "versions", "sources", or "abstention"; or of what
    the case itself adds: "run", "config", "machine"."""

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
    `confidence` is the calibrated probability that the corpus covers the input; `plan` is of the user's run,
    where the answer speaks of it; `origins` says of each fact where it came from (see assistant.case)."""

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
    plan: "Plan | None" = None
    origins: Mapping[str, str] = field(default_factory=dict)
    preset: str = "factual"
    ms: float = 0.0

    @property
    def markdown(self) -> str:
        return "\n\n".join(part.markdown for part in self.parts)
