"""Pastes that are not anybody's: error texts made from the corpus's signatures, in tracebacks and logs
with the noise that stands around them.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from corpus import Entry, Point
from finetune.pattern_text import text_for

_ERROR = re.compile(r"^(?:[\w.]+\.)?\w*(?:Error|Exception|Warning)\b")
_TYPES = ("RuntimeError", "ValueError", "RuntimeError", "OSError", "TypeError", "ImportError")
_STRONG, _FOR_POINT = 0.8, 1.5


@cache
def talk() -> Mapping[str, Any]:
    """talk.toml."""
    return tomllib.loads((files("finetune") / "talk.toml").read_text(encoding="utf-8"))


def error_texts(entry: Entry, random: Random) -> list[str]:
    """A text for each signature that names the entry."""
    signatures = [
        each for each in entry.signatures if each.weight >= _STRONG and each.where in ("text", "message")
    ]
    found = (text_for(each.pattern, talk()["captures"], random) for each in signatures)
    return [text for text in found if text]


def point_texts(point: Point, random: Random) -> list[str]:
    """Texts that speak for one cause of an entry, as code, log or message may have them."""
    patterns = [
        each.find
        for each in point.evidence
        if each.find
        and each.weight >= _FOR_POINT
        and each.where in ("text", "frames", "message")
        and len(each.find) < 160
    ]
    found = (text_for(pattern, talk()["captures"], random) for pattern in patterns)
    return [text for text in found if text and text.isascii()]


def paste(message: str, beside: Sequence[str], random: Random) -> str:
    """An error as people paste it: its last line, a traceback, or a log with noise. `beside` are texts
    that stand in it too."""
    form = random.random()
    if form < 0.3:
        return "\n".join([*beside, _last_line(message, random)])
    noise = random.sample(talk()["noise"]["lines"], random.choice((0, 0, 1, 2)))
    if form < 0.5:
        return "\n".join([*noise, *beside, _last_line(message, random)])
    return "\n".join([*noise, _traceback(message, beside, random)])


def _traceback(message: str, beside: Sequence[str], random: Random) -> str:
    frames = talk()["frames"]
    code = beside[0] if beside and "\n" not in beside[0] else random.choice(frames["lines"])
    own = (random.choice(frames["files"]), random.choice(frames["functions"]), code)
    shown = [own, *random.sample(frames["libraries"], random.choice((0, 1, 2)))]
    lines = ["Traceback (most recent call last):"]
    for file, function, text in shown:
        lines += [f'  File "{file}", line {random.randint(8, 2400)}, in {function}', f"    {text}"]
    return "\n".join([*lines, _last_line(message, random), *beside[1:]])


def _last_line(message: str, random: Random) -> str:
    return message if _ERROR.match(message) else f"{random.choice(_TYPES)}: {message}"


def setup(random: Random, count: int) -> str:
    """Some facts of a user's setup, as they state them."""
    facts = talk()["facts"]
    kinds = random.sample(("gpus", "models", "packages", "settings"), count)
    return ", ".join(random.choice(facts[kind]) for kind in kinds)
