"""The words around what the evidence says: frames with alternatives, and light rewordings."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import product
from random import Random
from typing import Any

_ALTERNATIVES = re.compile(r"\(([^()]*\|[^()]*)\)")
_FIRST = re.compile(r"^[A-Z][a-z]*\b(?![./_(])")


@cache
def frames(lang: str, slot: str) -> tuple[str, ...]:
    """All the frames of a slot (see frames.toml), their alternatives written out."""
    return tuple(
        dict.fromkeys(written for frame in _table("frames")[lang][slot] for written in _written_out(frame))
    )


def framed(slot: str, lang: str, text: str, random: Random, fact: str = "") -> str:
    """A sentence (without its stop) in one of a slot's frames. Each line of frames.toml is as likely as the
    others, however many alternatives it has."""
    frame = random.choice(_written_out(random.choice(_table("frames")[lang][slot])))
    small = lowered(text)
    return frame.format(T=text, t=small, S=text, s=small, C=text, fact=fact)


def reworded(sentence: str, lang: str, random: Random) -> str:
    """The sentence with one or two light changes, or as it is where none applies. Code stays."""
    swaps = list(_table("wording")[lang]["swaps"])
    random.shuffle(swaps)
    changed, left = sentence, random.choice((1, 1, 2))
    for pattern, replacement in swaps:
        if not left:
            break
        new = _outside_code(changed, pattern, replacement)
        if new != changed and len(new) > 12:
            changed, left = new, left - 1
    return changed


def lowered(text: str) -> str:
    """The text as it stands after a colon: its first word small, unless that is a name."""
    first = _FIRST.match(text)
    if first and first[0] in _names_not():
        return text[0].lower() + text[1:]
    return text


def is_closed(text: str) -> bool:
    """Whether no code, bracket or quotation is left open at the end of a text."""
    pairs = (("(", ")"), ("[", "]"), ("（", "）"), ("「", "」"), ("“", "”"))
    return (
        text.count("`") % 2 == 0
        and text.count('"') % 2 == 0
        and all(text.count(a) == text.count(b) for a, b in pairs)
    )


def _outside_code(text: str, pattern: str, replacement: str) -> str:
    if replacement == "{1}":  # "If A, B" the other way round
        found = re.match(pattern, text)
        return f"{found[2][0].upper()}{found[2][1:]} if {found[1]}" if found else text
    if pattern.endswith("$"):
        cut = re.search(pattern, text)
        return text[: cut.start()] if cut and is_closed(text[: cut.start()]) else text
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(
        part if n % 2 else re.sub(pattern, replacement, part, count=1) for n, part in enumerate(parts)
    )


@cache
def _written_out(frame: str) -> tuple[str, ...]:
    parts = _ALTERNATIVES.split(frame)
    options: Sequence[Sequence[str]] = [
        part.split("|") if place % 2 else [part] for place, part in enumerate(parts)
    ]
    return tuple("".join(chosen) for chosen in product(*options))


@cache
def _names_not() -> frozenset[str]:
    return frozenset(_table("lowerable")["words"].split())


@cache
def _table(name: str) -> Mapping[str, Any]:
    return tomllib.loads((files("finetune") / f"{name}.toml").read_text(encoding="utf-8"))
