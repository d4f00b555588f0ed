"""What a report tells the flow of an answer: facts by the names that entries use (corpus/FORMAT.md)."""

from collections.abc import Mapping

from assistant.machine.model import Report
from assistant.reading.hardware import gpus

Fact = str | float | bool


def case_facts(report: Report) -> Mapping[str, Fact]:
    """GPU, memory (GiB of one GPU, free and in all), number of GPUs, compute capability, system and versions,
    as far as the report states them. `gpu` is the name in corpus/data/gpus.toml where the card is in there."""
    facts: dict[str, Fact] = {
        name: version.split("+")[0] if name == "torch" else version
        for name, version in report.packages.items()
    }
    for name, value in (("python", report.python), ("driver", report.driver), ("cuda", report.cuda_torch)):
        if value:
            facts[name] = value
    cards = [gpu for gpu in report.gpus if gpu.name or gpu.vram_gib or gpu.compute_capability]
    if cards:
        first = cards[0]
        if first.name:
            facts["gpu"] = next((each.name for each in gpus() if each.pattern.search(first.name)), first.name)
        for name, size in (("vram_gib", first.vram_gib), ("vram_free_gib", first.free_gib)):
            if size is not None:
                facts[name] = size
        if first.compute_capability:
            facts["compute_capability"] = float(first.compute_capability)
        facts["gpu_count"] = float(len(report.gpus))
    facts.update(_system(report))
    return facts


def _system(report: Report) -> Mapping[str, Fact]:
    text = f"{report.os or ''} {report.environment.get('platform', '')}".lower()
    found: dict[str, Fact] = {}
    if "windows" in text:
        found.update(os="windows", windows=True)
    elif "mac" in text or "darwin" in text:
        found.update(os="macos", macos=True)
    elif text.strip():
        found["os"] = "linux"
    if report.environment.get("notebook"):
        found["notebook"] = True
    return found
