"""The names of a question, found in the reference and among the changes."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.config.signatures.lookup import ever
from assistant.reference.asking import Asked, words_of
from assistant.reference.changes import Change, by_name, changes
from assistant.reference.homes import names as api_names
from assistant.reference.model import Parameter, Record
from assistant.reference.store import Reference, installed


@dataclass(frozen=True, slots=True)
class Subject:
    """One name: what changed about it, and what is installed of it. `record` is the class or function, or
    the one that takes `parameter`; `owners` are all that take it; `past` a class that is known to have
    taken the name in other versions."""

    name: str
    change: Change | None = None
    record: Record | None = None
    parameter: Parameter | None = None
    owners: tuple[str, ...] = ()
    past: str = ""
    sure: bool = True

    @property
    def path(self) -> str:
        """The full name."""
        if self.record is not None:
            return f"{self.record.path}.{self.parameter.name}" if self.parameter else self.record.path
        if self.change is not None:
            return f"{self.change.of}.{self.change.old}" if self.change.of else self.change.old
        return f"{self.past}.{self.name}" if self.past else self.name


def subjects(asked: Asked, reference: Reference) -> Sequence[Subject]:
    """What the names of a question mean, in the order written; names that mean nothing are left out. A
    class that is only named as the owner of an argument comes last."""
    commands = list(_commands(asked.text))
    if commands:
        return commands
    classes = [record for name in asked.names for record in _owners(name, reference)[:_SAME_NAME]]
    found: list[Subject] = []
    libraries = [library for library in installed() if library in words_of(asked.text)]
    functions = [
        word
        for word in words_of(asked.text)
        if any(each.kind == "function" for each in by_name().get(word, ()))
    ]
    old = [
        word
        for word in _CAPITAL.findall(asked.text)
        if any(each.library in libraries for each in by_name().get(word, ()))
    ]
    for name in dict.fromkeys((*asked.names, *old, *functions, *asked.plain)):
        subject = _subject(name, classes, reference, libraries, told=name in asked.plain)
        if subject is not None and subject not in found:
            found.append(subject)
    owners = {record.path for record in classes}
    return sorted(
        found,
        key=lambda each: each.parameter is None and each.record is not None and each.record.path in owners,
    )


def _commands(text: str) -> Iterator[Subject]:
    """A command that changed, the longest that the text has."""
    said = f" {' '.join(text.replace('`', ' ').split())} "
    found = [each for each in changes() if each.kind == "cli" and f" {each.old}" in said]
    for change in sorted(found, key=lambda each: -len(each.old))[:1]:
        yield Subject(change.old, change)


def _owners(name: str, reference: Reference) -> list[Record]:
    """What a name may be the owner of arguments as: a class or function, or the class of a dotted name."""
    found = _named(name, reference)
    if "." not in name:
        return found
    return found + [record for record in _named(name.rpartition(".")[0], reference) if record.kind != "enum"]


def _named(name: str, reference: Reference) -> list[Record]:
    """Records by an import path, or by the end of one."""
    first, _, rest = name.partition(".")
    aliases: dict[str, str] = api_names()["aliases"]
    if rest and first in aliases:
        name = f"{aliases[first]}.{rest}"
    exact = reference.record(name)
    if exact:
        return [exact]
    parts = name.split(".")
    for length in (2, 1):
        found = reference.named(".".join(parts[-length:])) if len(parts) >= length else []
        if len(parts) > 1:
            wanted = parts[-2] if len(parts) > 1 else ""
            found = [
                each
                for each in found
                if each.path.split(".")[-2:-1] == [wanted] or (parts[0] == each.package and len(parts) == 2)
            ]
        if found:
            return found
    return []


def _subject(
    name: str, classes: Sequence[Record], reference: Reference, libraries: Sequence[str], *, told: bool
) -> Subject | None:
    owner, _, last = name.rpartition(".")
    named = [record for record in classes if record.kind != "enum" and record.name != last]
    change = _change(name, named, libraries)
    records = [] if told else _named(name, reference)
    parameter = _parameter(last, owner, named, reference, plain=told)
    if parameter is not None and not (
        records and not owner and records[0].kind in ("class", "enum", "function")
    ):
        return _with_change(parameter, change, named)
    if records:
        return Subject(name, change, records[0])
    if change is not None:
        return Subject(name, change, sure=not told)
    for record in named:
        if last in ever(record.path):
            return Subject(last, None, record, None, past=record.path)
    if not named and not owner:
        past = next((call for call in _HOMES if last in ever(call)), "")
        if past:
            return Subject(last, past=past)
    return None


_HOMES = (
    "transformers.TrainingArguments",
    "trl.SFTConfig",
    "trl.DPOConfig",
    "trl.GRPOConfig",
    "peft.LoraConfig",
    "accelerate.Accelerator",
)


_SAME_NAME = 6
_CAPITAL = re.compile(r"(?<![\w.])[A-Z][a-z]{3,}(?![\w.])", re.ASCII)


def _with_change(subject: Subject, change: Change | None, named: Sequence[Record]) -> Subject:
    """An argument that is installed, with its change where that is of the same class (or no class is named)."""
    same = (
        change is not None and subject.record is not None and (change.of == subject.record.path or not named)
    )
    return Subject(subject.name, change if same else None, subject.record, subject.parameter, subject.owners)


def _parameter(
    name: str, owner: str, named: Sequence[Record], reference: Reference, *, plain: bool
) -> Subject | None:
    """An argument: of what is named beside it, else of what people mean by it alone. A plain word counts
    only for configurations, whose arguments are few other things."""
    for record in named:
        found = reference.parameter(record, name)
        if found and not (plain and not record.name.endswith(("Config", "Arguments"))):
            return Subject(name, None, record, found, (record.path,))
    if named or owner:
        return None
    owners = reference.taking(name)
    if plain:
        owners = [
            path for path in owners if path in api_names()["homes"] and path.endswith(("Config", "Arguments"))
        ]
    record_ = reference.record(owners[0]) if owners else None
    found = reference.parameter(record_, name) if record_ else None
    return Subject(name, None, record_, found, tuple(owners)) if found else None


def _change(name: str, named: Sequence[Record], libraries: Sequence[str]) -> Change | None:
    """The change of a name: of a class that is named with it first, then of what people mean by it alone."""
    owner, _, last = name.rpartition(".")
    known = by_name()
    found = [*known.get(name, ())]
    if "." in name:
        found += [each for each in changes() if each.old.endswith(f".{name}")]
        found += [
            each
            for each in known.get(last, ())
            if each.of.endswith(owner)
            or owner in ("transformers", "trl", "peft", "datasets", "huggingface_hub", "accelerate")
        ]
    found.sort(key=lambda each: each.library not in libraries)
    paths = {record.path for record in named}
    of_named = [
        each for each in found if each.of in paths or any(each.of.startswith(f"{path}.") for path in paths)
    ]
    if of_named:
        return of_named[0]
    if paths and any(each.of for each in found):
        inherited = [each for each in found if not each.of or any(last in ever(path) for path in paths)]
        return inherited[0] if inherited else None
    return found[0] if found else None
