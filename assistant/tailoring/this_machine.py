"""What the machine that Tracedoc runs on is."""

import time
from collections.abc import Iterator
from functools import lru_cache

from assistant.machine import Gpu, Report, findings, inspect_machine
from assistant.tailoring.model import Said, Section
from assistant.tailoring.pasted_report import said_of
from assistant.tailoring.words import texts

_FRESH_SECONDS = 60
_MOST = 2


def here_section(lang: str) -> Section:
    """This machine as measured now, and what is wrong with it, worst first."""
    words = texts(lang)
    report = here()
    said = [Said("doctor:here", words["here_title"], described(report, lang), why=(described(report, lang),))]
    said += [said_of(each, lang) for each in findings(report, lang) if each.severity != "advice"][:_MOST]
    return Section("machine", words["here"], tuple(said))


def here() -> Report:
    """This machine's report, at most a minute old."""
    return _inspected(int(time.monotonic() // _FRESH_SECONDS))


@lru_cache(maxsize=1)
def _inspected(minute: int) -> Report:
    return inspect_machine(torch_too=False, hub=False)


def described(report: Report, lang: str) -> str:
    """A machine in two or three sentences: GPUs or their absence, memory, versions."""
    return ("" if lang == "zh" else " ").join(_sentences(report, lang))


def _sentences(report: Report, lang: str) -> Iterator[str]:
    words = texts(lang)
    if report.gpus:
        yield words["has_gpus"].format(gpus=words["separator"].join(_gpu(each, lang) for each in report.gpus))
    else:
        yield words["has_no_gpu"]
    memory, free = report.environment.get("ram_gib"), report.environment.get("ram_free_gib")
    if memory and free:
        yield words["has_memory"].format(ram=f"{memory:.0f}", free=f"{free:.0f}")
    names = ("torch", "transformers", "peft", "bitsandbytes")
    listed = [f"{name} {report.packages[name]}" for name in names if name in report.packages]
    if listed:
        yield words["has_packages"].format(packages=words["separator"].join(listed))


def _gpu(gpu: Gpu, lang: str) -> str:
    words = texts(lang)
    if gpu.vram_gib is None:
        return gpu.name
    free = gpu.free_gib if gpu.free_gib is not None else gpu.vram_gib
    return words["gpu_memory"].format(name=gpu.name or "GPU", total=f"{gpu.vram_gib:.1f}", free=f"{free:.1f}")
