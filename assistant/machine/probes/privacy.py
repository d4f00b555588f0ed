"""Takes the names of people and machines out of a report before anybody sees it."""

from __future__ import annotations

import getpass
import os
import re
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_HOMES = re.compile(
    r"(?:[A-Za-z]:)?[/\\]{1,2}(?:home|Users|Benutzer|data/home)[/\\]{1,2}[^/\\\s\"':;,]+", re.IGNORECASE
)
_TOKENS = re.compile(
    r"(?<![A-Za-z0-9])(?:hf_[A-Za-z0-9]{16,}|sk-[A-Za-z0-9_-]{16,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|A(?:KI|SI)A[A-Z0-9]{16,}|eyJ[\w-]{10,}\.[\w.-]{10,})"
)


def private(value: Any, names: tuple[str, ...] | None = None) -> Any:
    """The same data without home folders (`~`), user and host names, and tokens."""
    if names is None:
        names = _own_names()
    if isinstance(value, dict):
        return {key: private(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [private(each, names) for each in value]
    if not isinstance(value, str):
        return value
    home = os.path.expanduser("~")
    if len(home) > 3:
        value = value.replace(home, "~")
    value = _TOKENS.sub("[secret]", _HOMES.sub("~", value))
    for name in names:
        value = re.sub(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", "[name]", value)
    return value


def _own_names() -> tuple[str, ...]:
    names = set()
    for ask in (getpass.getuser, socket.gethostname):
        try:
            names.add(ask())
        except Exception:  # no such user in a container, or no name at all
            continue
    ordinary = {"root", "user", "ubuntu", "localhost", "admin", "jovyan", "app"}
    return tuple(name for name in names if len(name) > 2 and name.lower() not in ordinary)
