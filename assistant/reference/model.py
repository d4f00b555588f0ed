"""What is known of the installed libraries' names, and what an answer from it is: plain frozen data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from assistant.answering import Citation, Part, Statement

Kind = Literal["class", "function", "method", "enum"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument. `default` is source text ("" where it must be given), `doc` plain text, `owner` the
    class that declares it, `line` its line in the owner's file, `settled` what a default of None becomes
    when the object is made ("" where that is not written so)."""

    name: str
    kind: str = ""
    default: str = ""
    doc: str = ""
    owner: str = ""
    line: int = 0
    settled: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One public class, function or method as it is installed. `path` is how it is imported, `file` is
    relative to the folder of packages. `members` are a class's public methods (with the class that
    declares each) or an enumeration's values; `models` are, for an Auto class, the class by model type."""

    path: str
    package: str
    version: str
    kind: Kind
    file: str
    line: int
    doc: str = ""
    base: str = ""
    parameters: tuple[Parameter, ...] = ()
    members: tuple[tuple[str, str], ...] = ()
    models: tuple[tuple[str, str], ...] = ()
    open: bool = False

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]

    @property
    def short(self) -> str:
        """The name as people write it: a method with its class."""
        return ".".join(self.path.split(".")[-2 if self.kind == "method" else -1 :])

    def parameter(self, name: str) -> Parameter | None:
        """The argument of this name."""
        return next((each for each in self.parameters if each.name == name), None)


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """An answer to a question on an API. `asked` is what kind of question it is (a table of asking.toml);
    `confidence` the chance that the message asks just this and that this answers it; `names` the full names
    that it is about; `versions` those that it rests on; `stated` whether the user named one of them;
    `topic` an id of corpus/topics.toml, None where no one topic fits; `follow_ups` questions that this
    module answers too."""

    lang: str
    asked: str
    confidence: float
    names: tuple[str, ...]
    versions: Mapping[str, str]
    stated: bool
    parts: tuple[Part, ...]
    citations: tuple[Citation, ...]
    statements: tuple[Statement, ...] = ()
    follow_ups: tuple[str, ...] = ()
    topic: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def markdown(self) -> str:
        return "\n\n".join(part.markdown for part in self.parts)
