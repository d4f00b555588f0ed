"""Texts made comparable: white space and quoting marks that a paste loses do not count; and their words."""

import re
from collections.abc import Iterator

from assistant.messages.model import Hole, Template

_WORD = re.compile(r"[^\W_]\w*", re.ASCII)
_LOST = str.maketrans({"`": "", "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\xa0": " "})


def plain(text: str) -> str:
    """A message as it is compared: one space for any white space, no backticks."""
    return " ".join(text.translate(_LOST).split())


def literals(template: Template) -> tuple[str | None, ...]:
    """A template as it is compared: plain literals, None for a hole; neighbouring holes are one."""
    out: list[str | None] = []
    for part in template:
        if isinstance(part, Hole):
            if not out or out[-1] is not None:
                out.append(None)
        elif text := plain(part):
            out.append(text)
    return tuple(out)


def words(text: str) -> list[str]:
    """The words of a plain text, in lower case; names with `_` are one."""
    return [word.lower() for word in _WORD.findall(text)]


def fixed_words(template: Template) -> Iterator[str]:
    """The words that every message of this template has; a word that touches a hole may be longer there."""
    last = len(template) - 1
    for number, part in enumerate(template):
        if not isinstance(part, str):
            continue
        text = plain(part)
        found = list(_WORD.finditer(text))
        for place in found:
            open_start = place.start() == 0 and number > 0 and not part[:1].isspace()
            open_end = place.end() == len(text) and number < last and not part[-1:].isspace()
            if not (open_start or open_end):
                yield place.group().lower()
