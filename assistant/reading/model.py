"""What a paste is, once read: plain frozen data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["traceback", "log", "config", "report", "question"]
Lang = Literal["en", "zh"]
Fact = str | float | bool
WRAPPER_PROJECTS = frozenset({"llamafactory", "llmtuner", "axolotl", "fastchat", "xtuner"})
"""Packages around the libraries that users run as their own program; a frame in them is the user's."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a traceback. `library` is the package the file belongs to, "" for the user's
    own file, "python" for the standard library, "remote code" for code fetched from the Hub."""

    file: str
    line: int | None
    function: str
    code: str
    library: str


@dataclass(frozen=True, slots=True)
class ExceptionInfo:
    """One exception as printed. `type` has its module if that was printed; `cause` is true where
    a later exception was raised from this one or while it was handled."""

    type: str
    message: str
    frames: tuple[Frame, ...] = ()
    rank: int | None = None
    cause: bool = False

    @property
    def name(self) -> str:
        return self.type.rpartition(".")[2]

    @property
    def user_frame(self) -> Frame | None:
        """The innermost frame in the user's own code, if any was printed."""
        return next(
            (
                frame
                for frame in reversed(self.frames)
                if not frame.library or frame.library in WRAPPER_PROJECTS
            ),
            None,
        )


@dataclass(frozen=True, slots=True)
class LogEvent:
    """A warning or error line of a log; level is "warning" or "error"."""

    level: str
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One message of the user, read. All texts are cleaned; `facts` are what it states outright
    (numbers, GPU, model, mode), `settings` what it sets (`do_sample` → "False"). `has_report`: the report of a machine
    stands in it."""

    text: str
    prose: str
    config: str
    kind: Kind
    lang: Lang
    exceptions: tuple[ExceptionInfo, ...] = ()
    main: ExceptionInfo | None = None
    events: tuple[LogEvent, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)
    has_report: bool = False
    length: int = 0
    narrowed: bool = False
