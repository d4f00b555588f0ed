"""Reads our own report, as `tracedoc doctor --json` and the script print it; also one that was cut off,
quoted or wrapped on its way."""

import json
import re
from typing import Any

_START = re.compile(r'\{\s{0,40}"(?:tracedoc_report|source)"\s{0,4}:')
_KEYS = {"gpus", "packages", "environment", "python", "os"}
_TRIES = 400


def own_json(text: str) -> dict[str, Any] | None:
    """The report in the text, None where there is none."""
    for start in _START.finditer(text):
        found = _decoded(text[start.start() :])
        if found and len(_KEYS & found.keys()) >= 2:
            return found
    return None


def _decoded(text: str) -> dict[str, Any] | None:
    for attempt in (text, _unwrapped(text)):
        try:
            found = json.JSONDecoder().raw_decode(attempt)[0]
        except (ValueError, RecursionError):
            continue
        return found if isinstance(found, dict) else None
    return _cut_off(text) or _cut_off(_unwrapped(text))


def _unwrapped(text: str) -> str:
    """Without the line ends that a mail program put into strings."""
    parts = re.split(r'("(?:[^"\\]|\\.)*")', text)
    return "".join(" ".join(part.split("\n")) if part.startswith('"') else part for part in parts)


def _cut_off(text: str) -> dict[str, Any] | None:
    """What stands before the cut: the longest beginning that, with its brackets closed, is JSON."""
    open_brackets: list[str] = []
    ends: list[tuple[int, str]] = []
    quoted = escaped = False
    for place, letter in enumerate(text):
        if quoted:
            if escaped:
                escaped = False
            elif letter == "\\":
                escaped = True
            elif letter == '"':
                quoted = False
        elif letter == '"':
            quoted = True
        elif letter in "{[":
            open_brackets.append("}" if letter == "{" else "]")
        elif letter in "}]":
            if not open_brackets:
                break
            open_brackets.pop()
        if not quoted and letter in ",}]":
            end = place if letter == "," else place + 1
            ends.append((end, "".join(reversed(open_brackets))))
    for end, closing in list(reversed(ends))[:_TRIES]:
        try:
            found = json.loads(text[:end] + closing)
        except (ValueError, RecursionError):
            continue
        return found if isinstance(found, dict) else None
    return None
