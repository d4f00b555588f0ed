"""What a report shows of a machine, row by row, and our words for it."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from assistant.machine.data import abilities
from assistant.machine.model import Gpu, Report

_TELLING = (
    *(
        "transformers",
        "peft",
        "accelerate",
        "bitsandbytes",
        "trl",
        "tokenizers",
        "datasets",
        "huggingface_hub",
        "safetensors",
    ),
    *(
        "flash_attn",
        "deepspeed",
        "triton",
        "xformers",
        "vllm",
        "unsloth",
        "liger_kernel",
        "torchvision",
        "torchaudio",
        "numpy",
    ),
    *(
        "diffusers",
        "sentence_transformers",
        "optimum",
        "auto_gptq",
        "gptqmodel",
        "autoawq",
        "llamafactory",
        "ms_swift",
        "axolotl",
    ),
)
_ABILITIES = {
    "bf16": "bf16",
    "flash_attention_2": "FlashAttention 2",
    "fp8": "fp8",
    "int8": "8-bit (bitsandbytes)",
    "nf4": "4-bit (bitsandbytes)",
}


@cache
def _texts() -> Mapping[str, Any]:
    return tomllib.loads((files("assistant.machine") / "texts.toml").read_text(encoding="utf-8"))


@cache
def texts(lang: str) -> Mapping[str, str]:
    """Our own words in a language ("en" or "zh")."""
    found = _texts()["zh" if lang == "zh" else "en"]
    return {key: text for key, text in found.items() if isinstance(text, str)}


def phrase(said: str, lang: str) -> str:
    """What a probe says in English, in a language."""
    return str(_texts()["zh" if lang == "zh" else "en"]["phrases"].get(said, said))


def shown_rows(report: Report, lang: str) -> Iterator[tuple[str, Sequence[str]]]:
    """Name and lines of each row; rows of which nothing is known are left out."""
    words, environment = texts(lang), report.environment
    gpus = [_gpu(gpu, place, words) for place, gpu in enumerate(report.gpus)]
    if gpus or report.source == "this machine":
        yield words["gpu"], gpus or [words["no_gpu"]]
    users = [
        f"{gpu.index if gpu.index is not None else place}: {_processes(gpu)}"
        for place, gpu in enumerate(report.gpus)
        if gpu.processes
    ]
    if users:
        yield words["used_by"], users
    for key, able in (("can", True), ("cannot", False)):
        listed = [
            shown
            for name, shown in _ABILITIES.items()
            if report.gpus and all(abilities(gpu).get(name) is able for gpu in report.gpus)
        ]
        if listed:
            yield words[key], [", ".join(listed)]
    if report.driver or report.cuda_driver:
        yield (
            words["driver"],
            [
                words["driver_cuda"].format(driver=report.driver or "?", cuda=report.cuda_driver)
                if report.cuda_driver
                else str(report.driver)
            ],
        )
    torch = _torch(report, words)
    if torch:
        yield words["torch"], [torch]
    bnb = report.torch.get("bitsandbytes")
    if isinstance(bnb, Mapping):
        said = (
            words["bnb_works"].format(device=bnb.get("device", "?"))
            if bnb.get("works")
            else str(bnb.get("error", "?"))
        )
        yield words["bitsandbytes"], [said]
    packages = [f"{name} {report.packages[name]}" for name in _TELLING if name in report.packages]
    if packages:
        yield words["packages"], [", ".join(packages)]
    system = _joined(
        [
            f"{words['python']} {report.python}" if report.python else "",
            report.os or "",
            *_surroundings(environment),
        ]
    )
    if system:
        yield words["system"], [system]
    memory = _memory(environment, words)
    if memory:
        yield words["memory"], [memory]
    disks = [
        words["disk_free"].format(
            free=disk.get("free_gib", "?"),
            total=disk.get("total_gib", "?"),
            purpose=phrase(str(disk.get("purpose", "?")), lang),
            path=disk.get("path", "?"),
        )
        for disk in _listed(environment.get("disks"))
        if isinstance(disk, Mapping)
    ]
    if disks:
        yield words["disk"], disks
    hub = environment.get("hub")
    if isinstance(hub, Mapping) and "reachable" in hub:
        yield words["hub"], [_hub(hub, lang)]
    variables = environment.get("variables")
    if isinstance(variables, Mapping) and variables:
        yield words["variables"], [f"{name}={value}" for name, value in variables.items()][:12]
    if report.unanswered:
        yield words["unanswered"], list(report.unanswered)


def _gpu(gpu: Gpu, place: int, words: Mapping[str, str]) -> str:
    size = ""
    if gpu.vram_gib is not None:
        key = "free_of" if gpu.free_gib is not None else "total"
        size = words[key].format(free=gpu.free_gib, total=gpu.vram_gib)
    capability = (
        words["capability"].format(capability=gpu.compute_capability) if gpu.compute_capability else ""
    )
    load = f"{gpu.state['utilization']}%" if "utilization" in gpu.state else ""
    heat = f"{gpu.state['temperature_c']} °C" if "temperature_c" in gpu.state else ""
    index = gpu.index if gpu.index is not None else place
    return (
        f"{index}: {_joined([gpu.name, size, capability, load, heat, 'MIG' if gpu.state.get('mig') else ''])}"
    )


def _processes(gpu: Gpu) -> str:
    shown = sorted(gpu.processes or (), key=lambda each: -(each.used_gib or 0))[:4]
    return ", ".join(
        " ".join(
            filter(
                None,
                [
                    each.name,
                    f"({each.pid})" if each.pid is not None else "",
                    f"{each.used_gib} GiB" if each.used_gib is not None else "",
                ],
            )
        )
        for each in shown
    )


def _torch(report: Report, words: Mapping[str, str]) -> str:
    stated = report.packages.get("torch") or str(report.torch.get("version") or "")
    built = words["built_for"].format(cuda=report.cuda_torch) if report.cuda_torch else ""
    available = report.torch.get("available")
    sees = words["sees_gpu" if available else "sees_no_gpu"] if isinstance(available, bool) else ""
    works = words["works"] if report.torch.get("works") is True else ""
    return _joined([stated, built, sees, works])


def _surroundings(environment: Mapping[str, Any]) -> Iterator[str]:
    for name in ("container", "notebook", "batch_system"):
        if environment.get(name):
            yield str(environment[name])
    if environment.get("wsl"):
        yield "WSL"
    if environment.get("space"):
        yield f"Space ({environment['space']})"


def _memory(environment: Mapping[str, Any], words: Mapping[str, str]) -> str:
    total, free = environment.get("ram_gib"), environment.get("ram_free_gib")
    ram = ""
    if total is not None:
        ram = (
            words["ram"].format(free=free, total=total)
            if free is not None
            else words["ram_total"].format(total=total)
        )
    limit = environment.get("ram_limit_gib")
    shm = environment.get("shm_gib")
    return _joined(
        [
            ram,
            words["limit"].format(limit=limit) if limit is not None else "",
            words["shm"].format(shm=shm) if shm is not None else "",
        ]
    )


def _hub(hub: Mapping[str, Any], lang: str) -> str:
    words, why = texts(lang), phrase(str(hub.get("why", "?")), lang)
    key = "reachable" if hub["reachable"] else "not_reachable"
    said = words[key].format(endpoint=hub.get("endpoint", "?"), ms=hub.get("ms", "?"), why=why)
    return _joined([said, words.get(f"token_{hub.get('token', 'none')}", "")])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _joined(parts: Sequence[str]) -> str:
    return ", ".join(part for part in parts if part)
