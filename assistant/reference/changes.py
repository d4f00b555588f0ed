"""What became of names: renamed, moved and removed, with the versions.

Two tables: changes.toml here, and the checker's renames.toml with the versions of its history, which
holds the training arguments and removed imports (`assistant.config`). No name stands in both.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from assistant.config.rules.names import table as checked
from assistant.config.signatures.history import lives, number
from assistant.config.signatures.lookup import went
from assistant.reference.store import installed

Kind = Literal["argument", "class", "function", "method", "module", "env", "cli", "value"]
State = Literal["works", "deprecated", "removed", "unknown"]
_RELEASES: Mapping[str, str] = {
    "transformers": "https://github.com/huggingface/transformers/releases/tag/v{version}.0",
    "trl": "https://github.com/huggingface/trl/releases/tag/v{version}.0",
    "peft": "https://github.com/huggingface/peft/releases/tag/v{version}.0",
    "accelerate": "https://github.com/huggingface/accelerate/releases/tag/v{version}.0",
    "datasets": "https://github.com/huggingface/datasets/releases/tag/{version}.0",
    "huggingface_hub": "https://github.com/huggingface/huggingface_hub/releases/tag/v{version}.0",
    "bitsandbytes": "https://github.com/bitsandbytes-foundation/bitsandbytes/releases/tag/{version}.0",
    "torch": "https://github.com/pytorch/pytorch/releases/tag/v{version}.0",
}
_GUIDE = "https://github.com/huggingface/transformers/blob/main/MIGRATION_GUIDE_V5.md"
_TRAINING = (
    "transformers.TrainingArguments",
    "trl.SFTConfig",
    "trl.GRPOConfig",
    "trl.DPOConfig",
    "trl.KTOConfig",
    "trl.RewardConfig",
)


@dataclass(frozen=True, slots=True)
class Change:
    """One name that changed. `of` is what it belonged to ("" for what stands alone), `new` what to write
    instead ("" where nothing replaces it), `deprecated` and `removed` versions ("" where that did not
    happen, or is not known), `note` a sentence by language ("" where the new name says it all)."""

    library: str
    kind: Kind
    of: str
    old: str
    new: str
    deprecated: str
    removed: str
    note: Mapping[str, str]
    source: str

    def at(self, version: str) -> State:
        """What a version of the library makes of the old name."""
        here = number(version)
        if self.removed and here >= number(self.removed):
            return "removed"
        if self.deprecated:
            return "deprecated" if here >= number(self.deprecated) else "works"
        return "works" if self.removed else "unknown"


@cache
def changes() -> Sequence[Change]:
    """All of them."""
    return (*_training(), *_others(), *_own(), *_gone())


@cache
def by_name() -> Mapping[str, Sequence[Change]]:
    """Changes by the old name, the likeliest meaning first."""
    found: dict[str, list[Change]] = {}
    for change in changes():
        found.setdefault(change.old, []).append(change)
    return found


@cache
def by_new_name() -> Mapping[str, Sequence[Change]]:
    """Changes by the new name."""
    found: dict[str, list[Change]] = {}
    for change in changes():
        if change.new:
            found.setdefault(change.new, []).append(change)
    return found


def _own() -> Iterator[Change]:
    text = (files("assistant.reference") / "changes.toml").read_text(encoding="utf-8")
    for library, kinds in tomllib.loads(text).items():
        for kind, rows in kinds.items():
            for row in rows:
                deprecated, removed = row.get("deprecated", ""), row.get("removed", "")
                source = row.get("source") or _release(library, removed or deprecated)
                yield Change(
                    library, kind, row.get("of", ""), row["old"], row.get("new", ""), deprecated, removed, _note(row), source
                )  # fmt: skip


def _training() -> Iterator[Change]:
    """Training arguments, each with the class that had it."""
    since = {row["old"]: row for row in checked()["deprecated"] if row["of"] == "training"}
    for row in checked()["training"]:
        owner = next((call for call in _TRAINING if row["old"] in lives(call)), "")
        if owner:
            yield _argument(owner, row, since.get(row["old"], {}))
    listed = {row["old"] for row in checked()["training"]}
    for old, row in since.items():
        if old not in listed:
            yield _argument(
                "transformers.TrainingArguments" if row["package"] == "transformers" else "trl.SFTConfig",
                row,
                row,
            )


def _argument(owner: str, row: Mapping[str, Any], since: Mapping[str, Any]) -> Change:
    library = owner.partition(".")[0]
    deprecated, removed = since.get("since", ""), went(owner, row["old"])
    note = _note(row if "en" in row and row is not since else {})
    return Change(
        library,
        "argument",
        owner,
        row["old"],
        row.get("new", ""),
        deprecated,
        removed,
        note,
        _release(library, removed or deprecated),
    )


def _others() -> Iterator[Change]:
    """Arguments of loading and of trainers."""
    owners = {"loading": "transformers.PreTrainedModel.from_pretrained", "trainer": "transformers.Trainer"}
    for row in checked()["deprecated"]:
        if row["of"] in owners:
            owner = owners[row["of"]]
            yield Change(
                "transformers",
                "argument",
                owner,
                row["old"],
                row["new"],
                row["since"],
                went(owner, row["old"]),
                _note({}),
                _release("transformers", row["since"]),
            )


def _gone() -> Iterator[Change]:
    for row in checked()["gone"]:
        note = {lang: row[lang][1] for lang in ("en", "zh")} if "new" not in row else _note({})
        for name in row["names"]:
            kind: Kind = "class" if name[0].isupper() else "function"
            yield Change(
                row["package"],
                kind,
                "",
                name,
                row.get("new", ""),
                "",
                row["since"],
                note,
                _release(row["package"], row["since"]),
            )


def _note(row: Mapping[str, Any]) -> Mapping[str, str]:
    return {lang: str(row.get(lang, "")) for lang in ("en", "zh")}


def _release(library: str, version: str) -> str:
    if not version:
        return _RELEASES[library].partition("/tag/")[0]
    if library == "transformers" and number(version) == (5, 0):
        return _GUIDE
    return _RELEASES[library].format(version=version)


def installed_version(library: str) -> str:
    """The installed version, "" if there is none."""
    return installed().get(library, "")
