"""Versions that a file asks for: `pip install` lines, script metadata, requirements beside it."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

_PACKAGES = ("transformers", "trl", "peft", "accelerate", "bitsandbytes", "datasets", "torch", "deepspeed")
_REQUIREMENT = re.compile(
    rf"(?<![\w./-])(?P<name>{'|'.join(_PACKAGES)})(?:\[[\w, -]*\])?[ \t]*(?P<rest>(?:[<>=!~]=?=?[ \t]*[\d][\w.*+-]*[ \t]*,?[ \t]*)+)",
    re.IGNORECASE,
)
_BOUND = re.compile(r"(==|~=|<=|<)\s*(\d[\w.]*)")
_INSTALLS = re.compile(r"\b(?:pip3?|uv|conda|mamba|poetry)\b[^\n]{0,40}?\b(?:install|add)\b")
_METADATA = re.compile(r"(?ms)^# /// script\s*$(?P<inside>.*?)^# ///\s*$")


def in_text(text: str) -> Mapping[str, str]:
    """Versions pinned by install lines or by script metadata (PEP 723)."""
    parts = [line for line in _joined(text).splitlines() if _INSTALLS.search(line)]
    parts += [match.group("inside") for match in _METADATA.finditer(text)]
    return dict(_pins("\n".join(parts)))


def beside(path: Path) -> Mapping[str, str]:
    """Versions pinned by a requirements.txt in the same folder."""
    file = path.parent / "requirements.txt"
    try:
        text = file.read_text(encoding="utf-8", errors="replace") if file.stat().st_size < 100_000 else ""
    except OSError:
        return {}
    return dict(_pins("\n".join(line.split("#")[0] for line in text.splitlines())))


def _joined(text: str) -> str:
    return re.sub(r"\\\r?\n", " ", text) if "\\" in text else text


def _pins(text: str) -> Iterator[tuple[str, str]]:
    """An exact version, or the highest that a bound allows; a lower bound says nothing."""
    for match in _REQUIREMENT.finditer(text):
        for sign, version in _BOUND.findall(match.group("rest")):
            found = version.rstrip(".*")
            if sign == "<":
                found = _just_below(found)
            if found:
                yield match.group("name").lower(), found


def _just_below(version: str) -> str:
    """ "4.46" → "4.45": the last minor version that `<4.46` allows; "5" → "4.999"."""
    numbers = [int(part) for part in re.findall(r"\d+", version)[:3]]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    if not numbers or (len(numbers) == 1 and numbers[0] == 0):
        return ""
    if len(numbers) == 1:
        return f"{numbers[0] - 1}.999"
    numbers[-1] -= 1
    return ".".join(map(str, numbers))
