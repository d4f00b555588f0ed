"""The same sample about other names: identifiers and numbers of the evidence get others, wherever they
stand. What then is right can only be copied from the evidence, never remembered from the corpus.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from random import Random

from finetune.sample import Sample

_CODE = re.compile(r"`([^`\n]+)`")
_NAME = re.compile(r"(?<![\w./:-])(?:--)?[A-Za-z][\w]*(?:[._-][A-Za-z0-9]+)*(?![\w])")
_NUMBER = re.compile(r"(?<![\w.])\d{2,5}(?![\w.])")
_PARTS = [
    "cache",
    "batch",
    "layer",
    "token",
    "head",
    "block",
    "shard",
    "rank",
    "scale",
    "prompt",
    "graph",
    "chunk",
    "frame",
    "mask",
    "pool",
    "slice",
    "stage",
    "group",
    "trace",
    "seed",
    "input",
    "output",
    "sample",
    "window",
    "buffer",
    "loader",
    "state",
    "config",
    "weight",
    "merge",
    "split",
    "align",
    "pack",
    "clip",
    "warm",
    "drop",
    "keep",
    "fuse",
    "tied",
    "eager",
    "lazy",
    "strict",
    "local",
]
_KEPT = frozenset(
    [
        "True",
        "False",
        "None",
        "import",
        "from",
        "for",
        "in",
        "if",
        "not",
        "and",
        "or",
        "print",
        "model",
        "tokenizer",
        "python",
        "pip",
        "install",
        "export",
    ]
)
_MOST = 4


def renamed(sample: Sample, random: Random) -> Sample | None:
    """The sample with some names and numbers of its reply replaced throughout; None where it has none."""
    codes = _CODE.findall(sample.reply)
    names = {name for code in codes for name in _NAME.findall(code) if _tells(name)}
    numbers = set(_NUMBER.findall(sample.reply))
    chosen = random.sample(sorted(names), min(_MOST, len(names)))
    changes = {name: _like(name, random) for name in chosen}
    changes |= {
        number: _number(number, random) for number in random.sample(sorted(numbers), min(2, len(numbers)))
    }
    if not changes:
        return None
    messages = tuple(replace(each, content=_replaced(each.content, changes)) for each in sample.messages)
    evidence = {n: _replaced(text, changes) for n, text in sample.evidence.items()}
    return replace(
        sample, id=f"{sample.id}~", kind=f"{sample.kind}, renamed", messages=messages, evidence=evidence
    )


def _tells(name: str) -> bool:
    return (
        name not in _KEPT
        and len(name) > 3
        and ("_" in name or "." in name or name.startswith("--") or not name.islower())
    )


def _like(name: str, random: Random) -> str:
    """Another name in the same style: as many parts, the same joints and capitals."""
    words = iter(random.sample(_PARTS, len(_PARTS)))

    def part(match: re.Match[str]) -> str:
        old, new = match[0], next(words)
        if old.isupper() and len(old) > 1:
            return new.upper()
        return new.capitalize() if old[0].isupper() else new

    return re.sub(r"[A-Z][A-Z0-9]+(?![a-z])|[A-Z]?[a-z]+|[A-Z]", part, name)


def _number(number: str, random: Random) -> str:
    low, high = 10 ** (len(number) - 1), 10 ** len(number) - 1
    return str(random.randint(low, high))


def _replaced(text: str, changes: Mapping[str, str]) -> str:
    pattern = "|".join(
        rf"(?<![\w.]){re.escape(name)}(?!\w)" for name in sorted(changes, key=len, reverse=True)
    )
    return re.sub(pattern, lambda found: changes[found[0]], text)
