"""Labelled cases: what one is, and what an answer must contain for it.

A case is a JSON object: `id`, `input` or `turns` (the user's messages of one conversation), `topic` (and `also`:
topics just as right), `lang`, `kind`; `must`, groups of alternatives of which an answer satisfies a group by
containing one (case-insensitive text, or a regular expression after `re:`); `never`, what a right answer
must not contain. What is out of scope has the topic "out-of-scope" and wants an abstention.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from assistant.errors import UserError

OUTSIDE = "out-of-scope"


def turns_of(case: Mapping[str, Any]) -> list[str]:
    """The user's messages, oldest first. Raises UserError for what is no case."""
    fault = fault_of(case)
    if fault:
        raise UserError(f"the case {case.get('id', '?')!r} is {fault}.")
    turns: list[str] = case.get("turns", [case.get("input")])
    return turns


def fault_of(case: Mapping[str, Any]) -> str:
    """Why an object is no case, as the end of a sentence; "" if it is one."""
    turns = case.get("turns", [case.get("input")])
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, str) for turn in turns):
        return "no case: it needs `input` (a text) or `turns` (a list of texts)"
    if not isinstance(case.get("topic"), str):
        return "no case: it needs `topic`, the id of a topic"
    groups = case.get("must", [])
    if not isinstance(groups, list) or not all(isinstance(group, list) for group in groups):
        return "no case: `must` is a list of groups, each a list of texts"
    lists = {"never": case.get("never", []), "also": case.get("also", [])}
    for name, texts in lists.items():
        if not isinstance(texts, list):
            return f"no case: `{name}` is a list of texts"
    for wanted in (text for group in (*groups, *lists.values()) for text in group):
        try:
            pattern(wanted.removeprefix("re:") if wanted.startswith("re:") else "")
        except (re.error, AttributeError) as error:
            return f"no case: {wanted!r} is not a text or pattern ({error})"
    return ""


def contains(text: str, wanted: str) -> bool:
    """Whether a text holds what a case asks for: plain text, or a regular expression after `re:`."""
    if wanted.startswith("re:"):
        return bool(pattern(wanted[3:]).search(text))
    return wanted.lower() in text.lower()


@lru_cache(maxsize=4_096)
def pattern(text: str) -> re.Pattern[str]:
    """A regular expression of a case, compiled as it is searched. Raises re.error."""
    return re.compile(text, re.IGNORECASE | re.DOTALL)
