"""Step 2: Reading + earlier turns → Case: all that is known of the user's situation, each fact with
where it came from.

Later messages override earlier ones; what was tried adds up. A GPU's memory is assumed from its
name only where no text states it, and then said to be assumed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assistant.reading import Reading
from assistant.reading.hardware import gpus
from assistant.reading.model import Fact, Lang


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
        for name, fact in {**reading.versions, **reading.facts}.items():
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


def _assumed(facts: Mapping[str, Fact]) -> Mapping[str, Fact]:
    if "vram_gib" in facts or "gpu" not in facts:
        return {}
    memory = next((gpu.memory[0] for gpu in gpus() if gpu.name == facts["gpu"]), None)
    return {"vram_gib": memory} if memory else {}
