"""Which words of a sentence stand in a text."""

import re

_WORD = re.compile(r"[A-Za-z_][\w.]*|\d[\d.]*|[\u3400-\u9fff]")
_STOP = frozenset(
    [
        "the",
        "a",
        "an",
        "of",
        "to",
        "in",
        "is",
        "are",
        "it",
        "its",
        "be",
        "and",
        "or",
        "for",
        "with",
        "that",
        "this",
        "on",
        "as",
        "by",
        "at",
        "if",
        "not",
        "you",
        "your",
    ]
)
_NAME = re.compile(r"[_.\d]|[a-z][A-Z]")


def covered(sentence: str, text: str) -> float:
    """The share of a sentence's words that are in a text; names and numbers count twice."""
    words = _words(sentence)
    if not words:
        return 0.0
    there = set(_words(text))
    weights = {word: 2.0 if re.search(r"[_.\d]|[a-z][A-Z]", word) else 1.0 for word in words}
    return sum(weights[word] for word in weights if word in there) / sum(weights.values())


def _words(text: str) -> list[str]:
    found = _WORD.findall(text)
    return [word.rstrip(".") for word in found if word.lower() not in _STOP]
