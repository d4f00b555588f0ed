"""Names of packages and GPUs as people write them."""

import re
from typing import Any

from assistant.machine.data import maker
from assistant.machine.probes.packages import RELEVANT
from assistant.reading.hardware import named_gpus, names_apart

_BEFORE = re.compile(
    r"(?:(?:NVIDIA|GeForce|Tesla|Quadro|RTX|GTX|Titan|AMD|Radeon|Instinct|RX|Apple)[ -]{0,2}){1,4}$",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"(?![x×*]\d)(?:-?[A-Za-z\d][\w-]{0,20})?(?:[ -]?(?:Ti|SUPER|Laptop|Mobile|GPU|Max-Q|Ada|Generation|D|PCI[eE]|SXM\d?|NVL|XTX|XT|\d{2,3} ?GB)\b){0,5}",
    re.IGNORECASE,
)
_TIMES = re.compile(r"(?:^|[^\w.])(\d{1,3})\s?(?:[x×*]|张|块|个|片|卡)?\s{0,2}$", re.IGNORECASE)
_AFTER_TIMES = re.compile(
    r"\s{0,2}(?:[(（]\s?\d{1,3}\s?GB?\s?[)）]\s{0,2})?(?:\(\s{0,2})?[x×*]\s?(\d{1,3})(?!\d|GB?\b)",
    re.IGNORECASE,
)
_MEMORY = re.compile(r"[\s,，(（-]{0,4}(?P<size>\d{1,6}(?:\.\d{1,2})?)\s?(?P<unit>[MG])i?B?\b", re.IGNORECASE)


def package_name(name: str, *, sure: bool) -> str | None:
    """The package that a key names, with `_` for `-`; unknown names count only where it is `sure` that
    one is meant ("… version")."""
    plain = re.sub(r"[\s.-]+", "_", name.strip().lower())
    if RELEVANT.fullmatch(plain.replace("_", "-")) or RELEVANT.fullmatch(plain):
        return plain
    return (
        plain if sure and re.fullmatch(r"[a-z][a-z0-9_]{1,40}", plain) and " " not in name.strip() else None
    )


def gpus_in(value: str) -> list[dict[str, Any]]:
    """The GPUs that a value such as "4x NVIDIA A100-SXM4-80GB", "Tesla T4, 15360 MiB" or "V100 32G" lists."""
    value = names_apart(value.strip().strip("`*\"' "))
    gpus: list[dict[str, Any]] = []
    for part in re.split(
        r"\s{0,3}[,;/+]\s{0,3}(?=\d{1,2} ?x|NVIDIA|Tesla|GeForce|Quadro|RTX|AMD)|\s+and\s+|\n", value
    ):
        gpus += _gpus_in_part(part)
    return gpus[:64]


def _gpus_in_part(part: str) -> list[dict[str, Any]]:
    named = named_gpus(part)
    if named:
        _, start, end = named[0]
        name, end = whole_name(part, start, end)
    else:
        # a maker's name and a model that our table lacks
        unknown = re.match(
            r"(?:\(?\d{1,2}\)?\s?[x×*]?\s?)?(?P<name>(?:(?:NVIDIA|GeForce|Tesla|Quadro|AMD|Radeon|Intel|Apple|Ascend|Gaudi)\b|Ascend ?\d{3})[^\n,;(|]{0,50})",
            part,
        )
        if not unknown or not maker(unknown["name"]) or "CPU" in unknown["name"]:
            return []
        name, start, end = unknown["name"].strip(" .-"), unknown.start("name"), unknown.end()
    count = _TIMES.search(part[:start][-12:]) or _AFTER_TIMES.match(part, end)
    memory = _MEMORY.match(part, end)
    gpu: dict[str, Any] = {"name": name}
    if memory:
        size = float(memory["size"]) / (1024 if memory["unit"] in "mM" else 1)
        if 1 <= size <= 300:
            gpu["vram_gib"] = round(size, 2)
    number = int(count[1]) if count else 1
    return [dict(gpu) for _ in range(number if 1 <= number <= 64 else 1)]


def whole_name(text: str, start: int, end: int) -> tuple[str, int]:
    """A GPU's name as it stands in the text, with maker and variant, and where it ends."""
    before = _BEFORE.search(text[max(0, start - 40) : start])
    if before:
        start -= len(before[0])
    after = _AFTER.match(text, end)
    if after:
        end = after.end()
    return text[start:end].strip(" -"), end
