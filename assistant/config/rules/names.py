"""Names of arguments and imports that a library does not know: removed, renamed, misspelt, misplaced."""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from assistant.config.edits import Edit
from assistant.config.rules.phrases import Phrase, phrase
from assistant.config.rules.rule import Context, Hit, family, hit, on
from assistant.config.rules.versions import patched, versioned, versions
from assistant.config.settings import Item, Settings
from assistant.config.signatures.lookup import Taken, came, ever, taken, went

_CLOSE = 0.8


@cache
def table() -> Mapping[str, Any]:
    """renames.toml."""
    return tomllib.loads((Path(__file__).parent / "renames.toml").read_text(encoding="utf-8"))


@on("training", "trainer", "lora", "peft", "callback", "collator", "accelerator", "wrapping")
def unknown_arguments(settings: Settings, context: Context) -> Iterator[Hit]:
    """C01, C26, L20, S11: arguments that the call does not take in this version."""
    known = taken(settings.kind, versions(context))
    if known is None or known.open or not settings.checked or patched(context):
        return
    for item in settings:
        if item.layout == "positional" or item.perhaps or item.key in known.names or item.key in settings.own:
            continue
        yield from _unknown(settings, item, known, context)


def _unknown(settings: Settings, item: Item, known: Taken, context: Context) -> Iterator[Hit]:
    call, package = settings.kind.rsplit(".", 1)[1], settings.kind.split(".", 1)[0]
    attribute = item.layout == "attribute"
    row = rename(family(settings), item.key)
    gone, arrived = went(settings.kind, item.key), came(settings.kind, item.key)
    owner = _owner(settings, item.key, row, context)
    source = "trl" if _only_in_trl(settings, item.key) else "transformers" if package == "trl" else package
    words: dict[str, Any] = {
        "name": item.key,
        "call": call,
        "version": versioned(context, source),
        "package": source,
    }
    if gone or (row and row.get("new") in known.names):
        if attribute and not row:
            return
        edits, how = _mended(settings, item, row, known, context)
        if owner and settings.kind.endswith("Trainer") and not (row and row.get("new") in known.names):
            yield from _misplaced(settings, item, owner, row, context, words)
            return
        rule = "C01-attribute" if attribute else "C01" if gone else _foreign(settings)
        yield hit(rule, settings, item.key, edits=edits, since=gone, how=how, **words)
    elif owner and not attribute:
        yield from _misplaced(settings, item, owner, row, context, words)
    elif arrived and not attribute:
        yield _too_new(settings, item, known, context, words, arrived)
    else:
        close = difflib.get_close_matches(item.key, known.names, 1, _CLOSE)
        if attribute and not close:
            return  # people keep things of their own there
        rule = "C26-attribute" if attribute else _foreign(settings)
        edits = context.rename(item, close[0]) if close and close[0] not in settings.items else []
        how = _how("spelling", new=close[0]) if close else _how("unknown", call=call)
        yield hit(rule, settings, item.key, edits=edits, how=how, **words)


def _how(name: str, **values: str) -> Phrase:
    return phrase("names", "how", name, **values)


def _foreign(settings: Settings) -> str:
    """The row for a name that the class never had."""
    return "L20" if family(settings) in ("lora", "peft") else "C26"


def rename(of: str, name: str) -> Mapping[str, Any] | None:
    """What the table says of an old name."""
    return next((row for row in table().get(of, ()) if row["old"] == name), None)


def _only_in_trl(settings: Settings, name: str) -> bool:
    return settings.kind.startswith("trl.") and name not in ever("transformers.TrainingArguments")


def _mended(
    settings: Settings, item: Item, row: Mapping[str, Any] | None, known: Taken, context: Context
) -> tuple[list[Edit], Mapping[str, str]]:
    """The old name replaced or taken out, and the sentence that says so."""
    edits, new = renamed_edits(settings, item, row, known.names, context)
    if row and "en" in row:
        return edits, {"en": row["en"], "zh": row["zh"]}
    return edits, _how("rename", new=new) if new else _how("delete")


def renamed_edits(
    settings: Settings, item: Item, row: Mapping[str, Any] | None, names: frozenset[str], context: Context
) -> tuple[list[Edit], str]:
    """How the old argument becomes the new one in place; the new name, "" where there is none."""
    new = str(row["new"]) if row and row.get("new") in names else ""
    if not new:
        return context.remove(item), ""
    if new in settings.items:
        return context.remove(item), new
    value = item.value.data
    if row and "value" in row:
        if value is not True:
            return (context.remove(item) if value in (False, None) else []), new
        data = row["value"]["true"]
        return [*context.rename(item, new), *context.replace(item, data)], new
    if row and "below" in row and not (isinstance(value, (int, float)) and value < row["below"]):
        return [], new
    return context.rename(item, new), new


def _owner(settings: Settings, name: str, row: Mapping[str, Any] | None, context: Context) -> str:
    """The class that takes the argument instead of this one, if one does."""
    current = versions(context)
    package, short = settings.kind.split(".", 1)
    if family(settings) == "trainer":
        config = (
            f"{package}.{short.removesuffix('Trainer')}Config"
            if package == "trl"
            else "transformers.TrainingArguments"
        )
        options = [config]
    else:
        options = [
            *([str(row["owner"])] if row and row.get("owner") else []),
            "trl.SFTConfig",
            "transformers.Seq2SeqTrainingArguments",
        ]
    wanted = str(row["new"]) if row and row.get("new") and family(settings) != "training" else name
    for option in options:
        if option != settings.kind and family(settings) in ("training", "trainer"):
            takes = taken(option, current)
            if takes and (wanted in takes.names or name in takes.names):
                return option
    return ""


def _misplaced(
    settings: Settings,
    item: Item,
    owner: str,
    row: Mapping[str, Any] | None,
    context: Context,
    words: Mapping[str, Any],
) -> Iterator[Hit]:
    """S11: an argument of the config class passed elsewhere; moved where that class is called here."""
    takes = taken(owner, versions(context))
    new = str(row["new"]) if row and takes and row.get("new") in takes.names else item.key
    edits: list[Edit] = []
    config = settings.inner("args")
    if config is not None and config.kind == owner and item.layout == "call" and new not in config.items:
        written = context.text.of(item.value.span) if item.value.span.start >= item.span.start else ""
        if written:
            edits = [*context.remove(item), *context.insert(config, new, written)]
    short = owner.rsplit(".", 1)[1]
    how = _how("move", owner=short) if new == item.key else _how("move_as", owner=short, new=new)
    yield hit("S11", settings, item.key, edits=edits, owner=short, how=how, **words)


def _too_new(
    settings: Settings, item: Item, known: Taken, context: Context, words: Mapping[str, Any], arrived: str
) -> Hit:
    """An argument of a later version: the name that it had before, or none."""
    old = next(
        (
            row["old"]
            for row in table().get(family(settings), ())
            if row.get("new") == item.key and row["old"] in known.names and "value" not in row
        ),
        "",
    )
    edits = context.rename(item, old) if old else context.remove(item)
    how = _how("rename", new=old) if old else _how("upgrade", package=words["package"], since=arrived)
    return hit("C01-later", settings, item.key, edits=edits, since=arrived, how=how, **words)


@on("training", "trainer", "loading")
def deprecated(settings: Settings, context: Context) -> Iterator[Hit]:
    """C02: names that still work, with a warning."""
    if patched(context):
        return
    known = taken(settings.kind, versions(context))
    for row in table()["deprecated"]:
        item = settings.items.get(row["old"])
        if row["of"] != family(settings) or item is None or item.layout == "positional":
            continue
        package = row["package"]
        if settings.kind.startswith("file.") or not context.from_version(package, row["since"]):
            continue
        if known is not None and row["old"] not in known.names:
            continue
        names = known.names if known else frozenset({row.get("new", "")})
        edits, new = renamed_edits(settings, item, row, names, context) if row.get("new") else ([], "")
        if row.get("new") and not new:
            continue
        yield hit(
            "C02", settings, row["old"], edits=edits, name=row["old"], version=versioned(context, package),
            why={"en": row["en"], "zh": row["zh"]}, how=_how("rename", new=new) if new else _how("delete"),
        )  # fmt: skip


@on("training")
def removed_in_files(settings: Settings, context: Context) -> Iterator[Hit]:
    """C01 for training arguments in YAML and JSON, where other names may belong to other classes."""
    if settings.kind != "file.training":
        return
    known = taken("transformers.TrainingArguments", versions(context))
    for row in table()["training"]:
        item = settings.items.get(row["old"])
        gone = went("transformers.TrainingArguments", row["old"])
        if item is None or known is None or not gone or row["old"] in known.names:
            continue
        edits, how = _mended(settings, item, row, known, context)
        yield hit(
            "C01-file", settings, row["old"], edits=edits, name=row["old"], since=gone, how=how,
            package="transformers", version=versioned(context, "transformers"),
        )  # fmt: skip
