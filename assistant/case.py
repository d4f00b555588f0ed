"""Step 2: Reading + earlier turns → Case: all that is known of the user's situation, each fact with
where it came from.

Later messages override earlier ones; what was tried adds up. A GPU's memory is assumed from its
name only where no text states it, and then said to be assumed.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from assistant.reading import Reading
from assistant.reading.model import Fact, Lang
from corpus.conditions import gib

_CAPACITY = re.compile(
    r"(?:total capacity of |total capacity[:; ]{1,2}|; )?(?P<size>\d+(?:\.\d+)? [MG]i?B) total capacity"
    r"|total capacity of (?P<new>\d+(?:\.\d+)? [MG]i?B)"
)
_STATED_MEMORY = re.compile(
    r"(?<![\w.])(\d{1,3})\s?(?:GB?|Gi?B|G)\b\s?(?:vram|gpu|memory|显存|card)?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Case:
    """Facts by name (see corpus/FORMAT.md) and, for each, its origin: "pasted", "machine",
    "assumed", or the earlier message that it is from ("message 1"). `turns` are all readings, oldest first."""

    facts: Mapping[str, Fact]
    origins: Mapping[str, str]
    turns: tuple[Reading, ...] = field(default=())
    lang: Lang = "en"

    @property
    def reading(self) -> Reading:
        """The message that is to be answered."""
        return self.turns[-1]


def build_case(turns: Sequence[Reading], lang: str = "auto", machine: Reading | None = None) -> Case:
    """The case of a conversation; `turns` has at least one reading. `machine` is the report of the
    machine in question: what it says counts where the messages say nothing else."""
    facts: dict[str, Fact] = {}
    origins: dict[str, str] = {}
    sources = [(f"message {number}", reading) for number, reading in enumerate(turns, 1)]
    sources[-1] = ("pasted", turns[-1])
    if machine:
        sources.insert(0, ("machine", machine))
    for origin, reading in sources:
        for name, fact in {**reading.versions, **reading.facts, **_memory(reading)}.items():
            facts[name] = fact
            origins[name] = origin
    for name, fact in _assumed(facts).items():
        facts[name] = fact
        origins[name] = "assumed"
    return Case(facts, origins, tuple(turns), _language(turns, lang))


def _language(turns: Sequence[Reading], lang: str) -> Lang:
    if lang in ("en", "zh"):
        return "zh" if lang == "zh" else "en"
    # a bare traceback has no words of its own: the conversation's language goes on
    spoken = [turn.lang for turn in turns if turn.prose.strip()]
    return spoken[-1] if spoken else turns[-1].lang


def _memory(reading: Reading) -> Mapping[str, Fact]:
    facts: dict[str, Fact] = {}
    capacity = _CAPACITY.search(reading.text)
    if capacity:
        size = gib(capacity["size"] or capacity["new"])
        if size:
            facts["vram_gib"] = round(size, 2)
    gpu = _gpu(reading.text)
    if gpu:
        name, position, memory, capability = gpu
        facts["gpu"] = name
        if capability:
            facts["compute_capability"] = capability
        if "vram_gib" not in facts:
            near = reading.text[max(0, position - 24) : position + len(name) + 40]
            stated = [float(size) for size in _STATED_MEMORY.findall(near) if float(size) in memory]
            if stated:
                facts["vram_gib"] = stated[0]
    return facts


def _assumed(facts: Mapping[str, Fact]) -> Mapping[str, Fact]:
    if "vram_gib" in facts or "gpu" not in facts:
        return {}
    for gpu in _gpus():
        if gpu["name"] == facts["gpu"]:
            return {"vram_gib": float(gpu["memory"][0])}
    return {}


def _gpu(text: str) -> tuple[str, int, list[float], float] | None:
    """The GPU named first in a text: name, where, possible memory sizes in GB, compute capability."""
    best: tuple[int, Mapping[str, Any]] | None = None
    for gpu in _gpus():
        match = gpu["compiled"].search(text)
        if match and (best is None or match.start() < best[0]):
            best = (match.start(), gpu)
    if best is None:
        return None
    position, gpu = best
    return gpu["name"], position, [float(size) for size in gpu["memory"]], float(gpu["cc"])


@cache
def _gpus() -> tuple[Mapping[str, Any], ...]:
    rows = tomllib.loads((files("corpus") / "data" / "gpus.toml").read_text(encoding="utf-8"))["gpus"]
    return tuple({**row, "compiled": re.compile(row["pattern"], re.IGNORECASE)} for row in rows)
