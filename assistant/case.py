"""Step 2: Reading + earlier turns → Case: all that is known of the user's situation, each fact with
where it came from.

Later messages override earlier ones, corrections override all; what was tried adds up. The report of a
machine is read by the reader of reports. A GPU's memory is assumed from its name only where no text states
it, and then said to be assumed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from assistant.reading import Reading
from assistant.reading.hardware import gpus
from assistant.reading.model import Fact, Lang

_MACHINE = frozenset(
    [
        "gpu",
        "vram_gib",
        "vram_free_gib",
        "gpu_count",
        "compute_capability",
        "os",
        "windows",
        "macos",
        "notebook",
        "python",
        "driver",
        "cuda",
    ]
)
_PACKAGES = frozenset(
    [
        "transformers",
        "torch",
        "peft",
        "accelerate",
        "bitsandbytes",
        "trl",
        "datasets",
        "tokenizers",
        "safetensors",
        "huggingface_hub",
        "sentencepiece",
        "protobuf",
        "numpy",
        "triton",
        "flash_attn",
        "xformers",
        "deepspeed",
        "vllm",
        "optimum",
        "auto_gptq",
        "autoawq",
        "unsloth",
        "torchvision",
        "torchaudio",
        "diffusers",
        "sentence-transformers",
        "llamafactory",
        "axolotl",
    ]
)
"""Packages of a report that causes depend on; a list of all that is installed says little."""
_VERSIONED = frozenset(("python", "cuda", "driver"))


@dataclass(frozen=True, slots=True)
class Case:
    """Facts by name (see corpus/FORMAT.md) and, for each, its origin: "pasted", "said", "machine", "measured"
    (this machine), "assumed", "corrected", or the earlier message that it is from ("message 1"). `turns` are
    all readings, oldest first; `report` is the latest report of a machine, "" if there is none."""

    facts: Mapping[str, Fact]
    origins: Mapping[str, str]
    turns: tuple[Reading, ...] = field(default=())
    lang: Lang = "en"
    report: str = ""

    @property
    def versions(self) -> Mapping[str, str]:
        """The stated versions of packages, of Python, CUDA and the driver."""
        stated = {name for turn in self.turns for name in turn.versions}
        names = stated | (_PACKAGES | _VERSIONED) & self.facts.keys()
        return {name: str(fact) for name, fact in self.facts.items() if name in names}

    @property
    def reading(self) -> Reading:
        """The message that is to be answered."""
        return self.turns[-1]


def build_case(
    turns: Sequence[Reading],
    lang: str = "auto",
    machine: str = "",
    corrected: Mapping[str, Fact] | None = None,
) -> Case:
    """The case of a conversation; `turns` has at least one reading. `machine` is the report of the
    machine in question: what it says counts where the messages say nothing else. `corrected` are facts that
    the user set right."""
    facts: dict[str, Fact] = {}
    origins: dict[str, str] = {}

    def add(found: Mapping[str, Fact], origin: str) -> None:
        facts.update(found)
        origins.update(dict.fromkeys(found, origin))

    if machine:
        found, measured = _reported(machine)
        add(found, "measured" if measured else "machine")
    for number, reading in enumerate(turns, 1):
        last = number == len(turns)
        own = "said" if reading.kind == "question" else "pasted"
        add(facts_of(reading), own if last else f"message {number}")
    add(_known(corrected or {}), "corrected")
    add(_assumed(facts), "assumed")
    reports = [turn.text for turn in turns if turn.has_report]
    return Case(facts, origins, tuple(turns), _language(turns, lang), reports[-1] if reports else machine)


def facts_of(reading: Reading) -> Mapping[str, Fact]:
    """What one message states, its report of a machine included."""
    found: Mapping[str, Fact] = _reported(reading.text)[0] if reading.has_report else {}
    return {**reading.versions, **reading.facts, **found}


@lru_cache(maxsize=64)
def _reported(text: str) -> tuple[Mapping[str, Fact], bool]:
    """The facts of a report, and whether it was measured on this machine just now."""
    from assistant.machine import MEASURED_HERE, case_facts, read_report

    found = case_facts(read_report(text))
    kept = {name: fact for name, fact in found.items() if name in _MACHINE or name in _PACKAGES}
    return kept, MEASURED_HERE in text


def _known(corrected: Mapping[str, Fact]) -> Mapping[str, Fact]:
    """Corrections as facts: a GPU under the name that its memory is known by."""
    facts = {name: fact for name, fact in corrected.items() if fact != ""}
    if "gpu" in facts:
        facts["gpu"] = next(
            (gpu.name for gpu in gpus() if gpu.pattern.search(str(facts["gpu"]))), str(facts["gpu"])
        )
        known = next((gpu.memory[0] for gpu in gpus() if gpu.name == facts["gpu"]), None)
        if known and "vram_gib" not in facts:
            facts["vram_gib"] = known
    return facts


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
