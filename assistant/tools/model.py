"""What tools are given and give: plain frozen data."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from assistant.answering import Citation
from assistant.settings import cache_folder

if TYPE_CHECKING:
    from pydantic import BaseModel

    from assistant.case import Case
    from assistant.pipeline import Engine

Status = Literal["running", "done", "failed"]


@dataclass(frozen=True)
class Context:
    """What a tool may look at. `citations` are the sources that were given to the model already: a
    passage among them keeps its number, others are numbered on from there. `here` says that this process runs
    on the user's own machine."""

    engine: "Engine"
    lang: str = "en"
    citations: tuple[Citation, ...] = ()
    case: "Case | None" = None
    cache: Path = field(default_factory=cache_folder)
    here: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """What a tool's function returns: a text for the model, and the sources that it numbers as [n].
    `ok` is False where there is nothing, and the text says so."""

    text: str
    citations: tuple[Citation, ...] = ()
    ok: bool = True


@dataclass(frozen=True)
class Tool:
    """One row of the table. `parameters` is a pydantic model: the schema for the language model and the
    check of what it sends. `shown` is the parameter that a step shows. `run` may raise UserError."""

    name: str
    description: str
    parameters: "type[BaseModel]"
    run: Callable[[Any, Context, threading.Event], Found]
    shown: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came of one call: `text` for the model, framed as data; `short` for people, one line."""

    name: str
    text: str
    short: str
    ok: bool = True
    citations: tuple[Citation, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Step:
    """A call as the chat shows it: first "running", then again with the same `id` and its outcome.
    `title` says what is done, in the user's language."""

    id: str
    name: str
    title: str
    status: Status
    short: str = ""
    seconds: float = 0.0
    result: ToolResult | None = None
