"""What a library can say and where: plain frozen data."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["raise", "warning", "log", "check", "assert", "text"]


@dataclass(frozen=True, slots=True)
class Hole:
    """What is filled in when a message is made; `name` is the expression's source."""

    name: str


Template = tuple[str | Hole, ...]
"""A message: literal texts and holes in order. No two literals stand beside each other."""


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition on the way to a message: its source, and whether it has to be false."""

    test: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """One place that can raise, warn or log. `file` is relative to where packages are installed and has
    `/`; `first` is the line of the nearest condition (else `line`), `end` the statement's last line;
    `exception` is a class name ("" for a log line or where it is not plain); `arguments` are the
    names that the function takes; guards stand outermost first."""

    file: str
    line: int
    end: int
    first: int
    function: str
    owner: str
    kind: Kind
    exception: str
    guards: tuple[Guard, ...]
    arguments: tuple[str, ...]

    @property
    def package(self) -> str:
        return self.file.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Match:
    """A site whose text a message has. `values` holds what filled the named holes, in order; `exact`:
    the message is that text from the first to the last word; `by_frame`: the traceback names this place;
    `equals`: how many places of the installed libraries have the same text; `version` and `folder` (where
    packages are installed) are of the installed library; `score` is 0 to 1."""

    site: Site
    template: Template
    values: Mapping[str, str]
    score: float
    exact: bool
    by_frame: bool
    equals: int
    version: str
    folder: Path
