"""Module names of the model families that transformers has: for LoRA targets and FSDP wrapping.

Read from the modeling files by patterns. What a family lacks is certain (an attribute that is nowhere
assigned does not exist), what it has is not (one class of several may have it).
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from assistant.config.signatures.installed import installed_version, package_folder

_ATTRIBUTE = re.compile(r"self\.(\w+)\s*(?::[^=\n]+)?=[^=]")
_NAMED = re.compile(r"""add_module\(\s*["'](\w+)["']|^\s+["'](\w+)["']:\s*nn\.""", re.MULTILINE)
_BLOCKS = re.compile(r"_no_split_modules\s*(?::[^=\n]+)?=\s*\[([^\]]*)\]")
_CLASS = re.compile(r"^class (\w+)\(", re.MULTILINE)
HEADS = frozenset({"lm_head", "score", "classifier", "qa_outputs"})
"""Output layers, which some classes of a family have."""
_TABLE = Path(__file__).parent / "families.toml"


@dataclass(frozen=True, slots=True)
class Family:
    """A model family as transformers implements it: names of attributes that can be modules, classes,
    and the blocks that are not split."""

    name: str
    attributes: frozenset[str]
    classes: frozenset[str]
    blocks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the models whose ids look so: family, LoRA targets that fit it, largest
    position, whether it was trained in bf16, has experts, shares input and output embeddings."""

    family: str
    pattern: re.Pattern[str]
    targets: tuple[str, ...] = ()
    positions: int = 0
    bf16: bool = False
    experts: bool = False
    encoder: bool = False


@cache
def family(name: str) -> Family | None:
    """The family of the installed transformers; None if it is not installed or does not have it."""
    folder = package_folder("transformers")
    files = sorted((folder / "models" / name).glob("modeling_*.py")) if folder and name else []
    if not files:
        return None
    text = "\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files)
    named = {word for pair in _NAMED.findall(text) for word in pair if word}
    blocks = [word for inside in _BLOCKS.findall(text) for word in re.findall(r"""["'](\w+)["']""", inside)]
    return Family(
        name,
        frozenset(_ATTRIBUTE.findall(text)) | named,
        frozenset(_CLASS.findall(text)),
        tuple(dict.fromkeys(blocks)),
    )


@cache
def every_class() -> frozenset[str]:
    """Names of all model classes of the installed transformers."""
    folder = package_folder("transformers")
    names: set[str] = set()
    for file in (folder / "models").glob("*/modeling_*.py") if folder else ():
        names.update(_CLASS.findall(file.read_text(encoding="utf-8", errors="replace")))
    return frozenset(names)


@cache
def _known() -> tuple[Known, ...]:
    rows = tomllib.loads(_TABLE.read_text(encoding="utf-8"))["families"]
    return tuple(
        Known(
            row["family"],
            re.compile(row["ids"], re.IGNORECASE),
            tuple(row.get("targets", ())),
            row.get("positions", 0),
            row.get("bf16", False),
            row.get("experts", False),
            row.get("encoder", False),
        )
        for row in rows
    )


def known(model_id: str) -> Known | None:
    """What is known of a model by its hub id or the name of its folder."""
    name = model_id.rstrip("/").rsplit("/", 1)[-1]
    return next((row for row in _known() if row.pattern.search(name)), None)


def transformers_version() -> str:
    """The version whose modeling files are read."""
    return installed_version("transformers") or ""
