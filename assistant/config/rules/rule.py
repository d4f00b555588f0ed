"""What a rule is, what it may ask, and what it gives."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import Any

from assistant.config.edits import Edit, added, inserted, removed, renamed, replaced
from assistant.config.memory import Memory
from assistant.config.python.code import Code
from assistant.config.python.names import objects
from assistant.config.report import Facts, Severity
from assistant.config.settings import Item, Settings
from assistant.config.signatures.history import Version, known_versions, number
from assistant.config.signatures.installed import installed_version
from assistant.config.source.text import Span, Text

_MODULES = (
    *("names", "imports", "values", "combos", "training", "schedule", "evaluation", "saving", "quantization"),
    *(
        "lora",
        "adapters",
        "generation",
        "decoding",
        "loading",
        "loaded",
        "trl",
        "deepspeed",
        "accelerate",
        "targets",
    ),
    "memory",
)
_FILE_FAMILIES = {
    "file.training": "training",
    "llamafactory.training": "training",
    "file.adapter": "lora",
    "file.generation": "generation",
    "file.quantization": "quantization",
}


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule's finding before it is put into words. `words` fill the texts' placeholders; `severity`
    where it is not the rule's usual one; not `sure`: it rests on a default that a caller can change."""

    rule: str
    at: Span
    words: Mapping[str, Any] = field(default_factory=dict)
    edits: Sequence[Edit] = ()
    severity: Severity | None = None
    sure: bool = True


@dataclass(frozen=True)
class Context:
    """The whole file and what is known beside it."""

    text: Text
    kind: str
    settings: Sequence[Settings]
    facts: Facts
    code: Code | None = None
    stated: Mapping[str, str] = field(default_factory=dict)
    """Versions that the file itself asks for."""
    memory: Memory | None = None
    """Answers whether a run fits."""

    def version(self, package: str) -> str:
        """The version that counts: said, asked for by the file, installed here, or the latest known."""
        given = self.facts.versions.get(package) or self.stated.get(package) or installed_version(package)
        known = known_versions(package)
        return given or (f"{known[1]}" if known else "")

    def assumed(self, package: str) -> bool:
        """Whether that version is only assumed, because nobody said one."""
        return not (self.facts.versions.get(package) or self.stated.get(package))

    def number(self, package: str) -> Version:
        return number(self.version(package) or "0")

    def from_version(self, package: str, version: str) -> bool:
        return self.number(package) >= number(version)

    def of(self, *families: str) -> Iterator[Settings]:
        """All settings of these families, in the order of the text."""
        return (one for one in self.settings if family(one) in families)

    @cached_property
    def distributed(self) -> bool:
        """Whether the file says that several processes train."""
        return any(
            one.given("deepspeed") or one.given("fsdp") or one.given("fsdp_config")
            for one in self.of("training")
        )

    def add(self, settings: Settings, name: str, data: Any, near: str = "") -> list[Edit]:
        """Writes a further setting beside another."""
        return added(self.text, settings, name, data, settings.items.get(near))

    def insert(self, settings: Settings, name: str, written: str) -> list[Edit]:
        """Writes a further setting whose value is already text."""
        return inserted(self.text, settings, name, lambda _: written)

    def insert_near(self, settings: Settings, name: str, written: str, near: str) -> list[Edit]:
        """The same beside another setting."""
        return inserted(self.text, settings, name, lambda _: written, settings.items.get(near))

    def add_dtype(self, settings: Settings, name: str, dtype: str, near: str = "") -> list[Edit]:
        """The same for a type of torch: by name where torch is imported, else as a string."""

        def written(layout: str) -> str:
            python = layout not in ("yaml", "flow", "json")
            imported = python and self.code is not None and "torch" in self.code.libraries
            return f"torch.{dtype}" if imported else (dtype if layout in ("yaml", "flow") else f'"{dtype}"')

        return inserted(self.text, settings, name, written, settings.items.get(near))

    def remove(self, item: Item) -> list[Edit]:
        return [] if item.layout == "positional" else removed(self.text, item)

    def rename(self, item: Item, name: str) -> list[Edit]:
        return [] if item.layout == "positional" else renamed(item, name)

    def replace(self, item: Item, data: Any) -> list[Edit]:
        layout = "call" if item.layout in ("positional", "attribute", "item") else item.layout
        return replaced(item.value, data, layout)

    def replace_text(self, item: Item, written: str) -> list[Edit]:
        """The value written exactly so."""
        return [Edit(item.value.span, written)]


Check = Callable[[Settings, Context], Iterable[Hit]]
FileCheck = Callable[[Context], Iterable[Hit]]
_CHECKS: list[tuple[frozenset[str], Check]] = []
_FILE_CHECKS: list[FileCheck] = []


def on(*families: str) -> Callable[[Check], Check]:
    """Makes a function a check of every settings object of these families."""

    def register(check: Check) -> Check:
        _CHECKS.append((frozenset(families), check))
        return check

    return register


def on_file(check: FileCheck) -> FileCheck:
    """Makes a function a check of the file as a whole."""
    _FILE_CHECKS.append(check)
    return check


def checks(context: Context) -> Iterator[Hit]:
    """Runs every rule."""
    for module in _MODULES:
        import_module(f"assistant.config.rules.{module}")
    for settings in context.settings:
        mine = family(settings)
        for families, check in _CHECKS:
            if mine in families:
                yield from check(settings, context)
    for file_check in _FILE_CHECKS:
        yield from file_check(context)


def family(settings: Settings) -> str:
    """The family of a settings object: training, lora, …; its kind where it is a file of its own."""
    found = objects().get(settings.kind)
    return found[0] if found else _FILE_FAMILIES.get(settings.kind, settings.kind)


def hit(
    rule: str,
    settings: Settings,
    *names: str,
    edits: Sequence[Edit] = (),
    severity: Severity | None = None,
    at: Span | None = None,
    **words: Any,
) -> Hit:
    """A finding at the first of these settings, resting on all of them."""
    place = next((settings.items[name].span for name in names if name in settings.items), settings.span)
    return Hit(rule, at or place, words, edits, severity, settings.sure(*names))
