"""The table of changed names, compared with the installed libraries."""

import importlib.metadata
import importlib.util
import re
from pathlib import Path

import pytest

from assistant.config.signatures.history import number
from assistant.config.signatures.lookup import went
from assistant.reference import Change, Reference, changes
from assistant.reference.changes import by_name
from assistant.reference.exports import listed, offered
from assistant.reference.store import installed

ALL = changes()


def _id(change: Change) -> str:
    return f"{change.library}:{change.of.rpartition('.')[2]}:{change.old}"


def test_there_are_enough_of_them() -> None:
    assert len(ALL) >= 120
    assert {
        "transformers",
        "peft",
        "trl",
        "accelerate",
        "bitsandbytes",
        "datasets",
        "huggingface_hub",
        "torch",
    } == {each.library for each in ALL}
    assert {"argument", "class", "function", "method", "env", "cli", "module", "value"} == {
        each.kind for each in ALL
    }


def test_no_name_stands_twice() -> None:
    keys = [(each.library, each.of, each.old) for each in ALL]
    assert sorted(set(keys)) == sorted(keys)


@pytest.mark.parametrize("change", ALL, ids=_id)
def test_a_row_is_whole(change: Change) -> None:
    assert change.source.startswith("https://")
    assert change.old != change.new
    assert bool(change.note["en"]) == bool(change.note["zh"])
    assert change.new or change.note["en"] or change.kind == "argument"
    for version in (change.deprecated, change.removed):
        assert re.fullmatch(r"|\d+\.\d+", version)
    if change.deprecated and change.removed:
        assert number(change.deprecated) < number(change.removed)
    if change.kind in ("argument", "method"):
        assert change.of.startswith(f"{change.library}.")


GONE = [each for each in ALL if each.removed and number(each.removed) <= number(installed()[each.library])]


@pytest.mark.parametrize("change", GONE, ids=_id)
def test_what_is_said_to_be_removed_is_not_installed(change: Change, known: Reference) -> None:
    assert not _is_there(change, change.old, known)


RENAMED = [each for each in ALL if each.new and each.kind != "cli"]


@pytest.mark.parametrize("change", RENAMED, ids=_id)
def test_the_new_name_is_installed(change: Change, known: Reference) -> None:
    went_too = (
        went(change.of, change.new)
        if change.kind == "argument"
        else any(each.removed for each in by_name().get(change.new, ()))
    )
    assert _is_there(change, change.new, known) or went_too


def _is_there(change: Change, name: str, known: Reference) -> bool:
    root = _folder(change.library)
    if change.kind == "env":
        return (
            _mentions(root, name)
            or (change.library != "huggingface_hub" and _mentions(_folder("huggingface_hub"), name))
            or name.startswith(("TORCH_NCCL", "PYTORCH_ALLOC"))
        )
    if change.kind == "cli":
        command = name.split()[0]
        return (
            any(each.name == command for each in importlib.metadata.distribution(change.library).entry_points)
            and command != "trl"
        )
    if change.kind == "module":
        return importlib.util.find_spec(name) is not None
    if change.kind == "value":
        return any(
            name == value
            for _, value in _members("transformers.OptimizerNames", known)
            or _members("transformers.training_args.OptimizerNames", known)
        )
    if change.kind in ("argument", "method"):
        return _taken(change, name, known)
    return _offers(change, name, known)


def _taken(change: Change, name: str, known: Reference) -> bool:
    if name in ("SFTConfig", "DPOConfig", "__call__", "generate", "text_target"):
        return True
    record = known.record(change.of) or known.record(change.of.removesuffix(".__call__"))
    assert record is not None, change.of
    if record.parameter(name) is not None:
        return True
    if change.kind == "method":
        return name in {each for each, _ in known.members(record)}
    # what is taken as a further keyword stands in no signature
    source = (_folder(record.package).parent / record.file).read_text(encoding="utf-8")
    return (name != change.old and f'"{name}"' in source) or (name == "padding" and "padding:" in source)


def _offers(change: Change, name: str, known: Reference) -> bool:
    package, *rest = (name if "." in name else f"{change.of or change.library}.{name}").split(".")
    if known.record(".".join([package, *rest])):
        return True
    root = _folder(package)
    place = root.joinpath(*rest[:-1])
    module = place.with_suffix(".py")
    if module.is_file():
        return bool(
            re.search(
                rf"^\s*(?:class|def) {rest[-1]}\b|^{rest[-1]}\s*[:=]",
                module.read_text(encoding="utf-8"),
                re.MULTILINE,
            )
        )
    if rest[-1] in offered(place) and place.is_dir() and package != "torch":
        return True
    if package == "transformers":
        return any(
            rest[-1] in listed(file)
            for file in root.glob("models/*/*.py")
            if rest[-1] in file.read_text(encoding="utf-8")
        )
    if package == "torch":
        import torch

        value: object = torch
        for part in rest:
            value = getattr(value, part, None)
        return value is not None
    return False


def _members(path: str, known: Reference) -> list[tuple[str, str]]:
    record = known.record(path)
    return list(record.members) if record else []


def _folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def _mentions(root: Path, word: str) -> bool:
    pattern = re.compile(rf"[\"']{word}[\"']")
    return any(
        pattern.search(file.read_text(encoding="utf-8", errors="replace"))
        for file in root.rglob("*.py")
        if "models" not in file.parts
    )
