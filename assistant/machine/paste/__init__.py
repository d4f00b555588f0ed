"""What people paste → a report: nvidia-smi, rocm-smi, gpustat, the environment commands of transformers,
accelerate, diffusers, the Hub, torch and DeepSpeed, lists of packages, our own JSON; damaged, quoted, mixed
with talk or inside a traceback. `read_report` is the one public entry; it never fails.
"""

import re
from collections.abc import Mapping
from typing import Any

from assistant.machine.data import from_data
from assistant.machine.model import Report
from assistant.machine.paste.gpu_lists import joined
from assistant.machine.paste.key_values import key_values
from assistant.machine.paste.nvidia_smi import nvidia_smi
from assistant.machine.paste.other_gpus import other_gpus
from assistant.machine.paste.own_json import own_json
from assistant.machine.paste.package_lists import package_lists, wanted_versions
from assistant.machine.paste.prose import stated_in_words
from assistant.machine.paste.signs import measured_signs, signs
from assistant.machine.paste.text import report_text
from assistant.machine.probes.collecting import merge
from assistant.machine.probes.privacy import private
from assistant.reading import Reading, read

_VARIABLE = re.compile(
    r"^[ \t]{0,8}(?:export |set |ENV |- )?(?P<name>(?:CUDA|HF|NCCL|TRANSFORMERS|PYTORCH|TORCH|HIP|ROCR|HSA|BNB|TOKENIZERS|OMP|MASTER|ACCELERATE)_[A-Z0-9_]{2,40}|LD_LIBRARY_PATH|WORLD_SIZE|LOCAL_RANK|RANK)[=:] ?[\"']?(?P<value>[^\s\"']{1,200})[\"']?[ \t]{0,4}$",
    re.MULTILINE,
)
_CONDA_CUDA = re.compile(r"\bpy3\.?\d{1,2}_cuda(\d{1,2}\.\d)")
_SYSTEM = re.compile(
    r"(?i)linux|windows|\bwin ?\d|mac|darwin|os ?x|ubuntu|debian|cent ?os|red ?hat|rhel|rocky|alma|fedora|arch|suse|mint|wsl|kylin|euler|anolis|统信|麒麟"
)
_KERNEL = re.compile(r"^Linux-(\d{1,2}\.\d{1,3})")


def read_report(text: str | bytes) -> Report:
    """The machine that a text describes. Values that the text does not state are absent."""
    plain = report_text(text)
    reading = read(plain)
    found = own_json(plain)
    if found is None:
        found = _read_formats(plain, reading)
    else:
        found["signs"] = {**measured_signs(found), **_mapping(found.get("signs"))}
        found["measured"] = "tracedoc_report" in found
    found.update(source="pasted", lang=reading.lang)
    return from_data(private(found, ()))


def _read_formats(text: str, reading: Reading) -> dict[str, Any]:
    smi, pairs, packages = nvidia_smi(text), key_values(text), package_lists(text)
    words = stated_in_words(reading, text)
    found: dict[str, Any] = {}
    lists = [*smi.pop("gpu_lists"), *other_gpus(text), *pairs.pop("gpu_lists", [])]
    everywhere: dict[str, Any] = {
        key: pairs.pop(key) for key in ("vram_gib", "compute_capability") if key in pairs
    }
    count = pairs.pop("gpu_count", None) or words.pop("gpu_count", None)
    words.pop("gpu_count", None)
    named = words.pop("gpu_list", None)
    memory = words.pop("vram_gib", None)
    if named and not any(gpu.get("name") and not gpu.get("name_cut") for gpus in lists for gpu in gpus):
        lists.append(named)
        if memory and not any("vram_gib" in gpu for gpus in lists for gpu in gpus):
            everywhere.setdefault("vram_gib", memory)
    gpus = joined(lists, count, everywhere)
    for part in (smi, pairs, packages):
        merge(found, part)
    _add_system(found)
    for part in (words, {"packages": wanted_versions(text)}):
        merge(found, part)
    _add_conda_cuda(found, text)
    found["gpus"] = _only_real(gpus, count, found)
    found["signs"] = dict(signs(text))
    variables = {match["name"]: match["value"] for match in _VARIABLE.finditer(text)}
    if variables:
        merge(found, {"environment": {"variables": variables}})
    _add_surroundings(found)
    return found


def _only_real(gpus: list[dict[str, Any]], count: int | None, found: dict[str, Any]) -> list[dict[str, Any]]:
    """Without integrated GPUs that ROCm lists beside the cards: they are no cards, and a trap."""
    integrated = [gpu for gpu in gpus if gpu.get("integrated")]
    if not integrated or len(integrated) == len(gpus):
        return gpus
    merge(found, {"environment": {"integrated_gpus": [gpu.get("index", 0) for gpu in integrated]}})
    return [gpu for gpu in gpus if not gpu.get("integrated")]


def _add_conda_cuda(found: dict[str, Any], text: str) -> None:
    """conda names the CUDA of torch in the build ("py3.7_cuda10.1.243_cudnn7.6.3_0")."""
    build = _CONDA_CUDA.search(text)
    if build:
        found.setdefault("cuda_torch", build[1])


def _add_system(found: dict[str, Any]) -> None:
    """The operating system: as it is called, else as the platform string says."""
    if not _SYSTEM.search(str(found.get("os", ""))):
        found.pop("os", None)
    platform = str(found.get("environment", {}).get("platform", ""))
    if "os" not in found and _SYSTEM.search(platform):
        found["os"] = platform


def _add_surroundings(found: dict[str, Any]) -> None:
    environment = found.setdefault("environment", {})
    platform = str(environment.get("platform", ""))
    whole = f"{platform} {found.get('os', '')}"
    if re.search(r"(?i)microsoft|WSL", whole):
        environment["wsl"] = True
    if re.search(r"(?i)mac ?os|darwin", whole) and re.search(r"arm64|aarch64", whole):
        environment["apple_silicon"] = True
    kernel = _KERNEL.match(platform)
    if kernel:
        environment["kernel"] = kernel[1]
    machine = re.search(r"\b(x86_64|aarch64|arm64|AMD64|ppc64le)\b", whole)
    if machine:
        environment["machine"] = machine[1]
    cuda = environment.pop("cuda_said", None)
    if cuda and "cuda_torch" not in found and "driver" not in found:
        environment["cuda_said"] = cuda


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
