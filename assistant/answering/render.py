"""Fills the placeholders of an entry's text with what is known, safely.

A captured value is the user's text: it must not be able to bring markup, links or code fences into
the answer, so it is cut to one short line without the characters that Markdown or HTML act on. In a
code block only one plain word is filled in (a name, a number, a path): whoever copies the code must
not run what stood in somebody's error message.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from assistant.reading.model import Fact
from corpus import Step
from corpus.conditions import holds

_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*(?:\|([^{}]*))?\}\}")
_UNSAFE = re.compile(r"[`<>\[\]*|\\{}\"\s\x00-\x1f\x7f]+|~{2,}|\${2,}")
_PLAIN = re.compile(r"[\w./~][\w./:@+=~-]*")
_CODE = re.compile(
    r"(^[ \t]*(?P<fence>`{3,}|~{3,})[^\n]*\n.*?(?:^[ \t]*(?P=fence)[ \t]*$|\Z))", re.MULTILINE | re.DOTALL
)
_SHOWN = 90


def shown(fact: Fact) -> str:
    """A fact as it may stand in Markdown: 24.0 as "24", text made harmless and short."""
    if isinstance(fact, bool):
        return str(fact)
    if isinstance(fact, float):
        return f"{fact:g}"
    text = _UNSAFE.sub(" ", fact[: 4 * _SHOWN]).strip()
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN].rstrip()}…"


def filled(text: str, facts: Mapping[str, Fact]) -> str:
    """The text with each {{name|fallback}} filled; a name without fact and fallback shows itself."""
    if "{{" not in text:
        return text
    parts, end = [], 0
    for block in _CODE.finditer(text):
        parts += [_filled(text[end : block.start()], facts), _filled(block[0], facts, code=True)]
        end = block.end()
    return "".join([*parts, _filled(text[end:], facts)])


def _filled(text: str, facts: Mapping[str, Fact], *, code: bool = False) -> str:
    def value(match: re.Match[str]) -> str:
        name, fallback = match[1], match[2]
        otherwise = fallback if fallback is not None else name
        if name not in facts:
            return otherwise
        known = shown(facts[name])
        return known if not code or _PLAIN.fullmatch(known) else otherwise

    return _PLACEHOLDER.sub(value, text)


def first_complete(sentences: Sequence[str], facts: Mapping[str, Fact]) -> str:
    """The first sentence whose placeholders are all known, filled; "" if there is none."""
    for sentence in sentences:
        if all(name in facts or fallback for name, fallback in _PLACEHOLDER.findall(sentence)):
            return filled(sentence, facts)
    return ""


def applicable(steps: Iterable[Step], facts: Mapping[str, Fact]) -> list[str]:
    """The texts of the steps whose conditions allow them, placeholders filled."""
    return [
        filled(step.text, facts)
        for step in steps
        if holds(step.when, facts) and not (step.unless and holds(step.unless, facts))
    ]
