"""Installed packages that matter here: versions, needs that are not met, doubled and broken installs.

Nothing is imported: metadata says it all. Names and versions of other packages are not told.
"""

from __future__ import annotations

import os
import re
import sys
from importlib import import_module, metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

RELEVANT = re.compile(
    r"torch(?:vision|audio|ao|data|text|tune|xla|metrics)?|pytorch(?:-lightning|-triton.*|-cuda)?|lightning|triton(?:-windows)?|transformers|peft|accelerate|bitsandbytes(?:-.*)?|trl"
    r"|tokenizers|datasets|evaluate|huggingface[-_]hub|hf[-_](?:xet|transfer)|safetensors|sentencepiece|tiktoken|protobuf|numpy|scipy|scikit-learn|pandas|pyarrow|pydantic"
    r"|deepspeed|flash[-_]attn(?:[-_]\d)?|flash[-_]linear[-_]attention|xformers|vllm|sglang|unsloth(?:[-_]zoo)?|liger[-_]kernel|kernels|apex|mamba[-_]ssm|causal[-_]conv1d|sageattention"
    r"|auto[-_]gptq|gptqmodel|autoawq|optimum(?:-.*)?|hqq|quanto|compressed[-_]tensors|llmcompressor|eetq|aqlm|ctransformers|llama[-_]cpp[-_]python|gguf"
    r"|sentence[-_]transformers|diffusers|gradio|spaces|llamafactory|axolotl|ms[-_]swift|fsspec|filelock|regex|einops|jinja2|psutil|setuptools|pip|packaging|ninja"
    r"|tensorflow(?:-.*)?|keras|tf[-_]keras|jax|jaxlib|flax|onnx(?:runtime(?:-.*)?)?|faiss-(?:cpu|gpu.*)|pynvml|nvidia-(?:cublas|cuda-[a-z]+(?:-rtc)?|cudnn|cufft|cufile|curand|cusolver|cusparse|cusparselt|nccl|nvjitlink|nvtx|nvshmem|ml-py)(?:-cu\d+)?|intel[-_]extension[-_]for[-_]pytorch|torch[-_]npu|mpi4py|wandb|tensorboard|ray|ipykernel|httpx|requests|urllib3|tqdm|rich|pillow"
)
_SHADOWS = (
    *(
        "torch",
        "transformers",
        "tokenizers",
        "datasets",
        "accelerate",
        "peft",
        "trl",
        "evaluate",
        "numpy",
        "safetensors",
    ),
    *(
        "bitsandbytes",
        "random",
        "types",
        "logging",
        "json",
        "typing",
        "tokenize",
        "inspect",
        "profile",
        "operator",
    ),
)


def packages() -> dict[str, Any]:
    """`packages`: version by name; `environment`: what is wrong with the installation."""
    versions: dict[str, str] = {}
    all_versions: dict[str, str] = {}
    doubled: dict[str, list[str]] = {}
    relevant = []
    for distribution in metadata.distributions():
        name = _normal(distribution.metadata["Name"] or "")
        version = distribution.version or "?"
        if not name:
            continue
        if name in all_versions:  # the first on the path is the one that is imported
            if all_versions[name] != version and RELEVANT.fullmatch(name):
                doubled.setdefault(name, [all_versions[name]]).append(version)
            continue
        all_versions[name] = version
        if RELEVANT.fullmatch(name):
            versions[name.replace("-", "_")] = version
            relevant.append(distribution)
    environment: dict[str, Any] = {}
    unmet = sorted(set(_unmet(relevant, all_versions)))
    if unmet:
        environment["unmet_needs"] = unmet[:40]
    if doubled:
        environment["doubled"] = doubled
    for key, value in (("broken_installs", _leftovers()), ("shadowing", _shadowing())):
        if value:
            environment[key] = value
    return {"packages": dict(sorted(versions.items())), "environment": environment}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _unmet(distributions: list[metadata.Distribution], installed: dict[str, str]) -> Iterator[str]:
    """Sentences such as "trl 1.16.0 needs transformers>=4.56.2, installed is 4.40.0"."""
    requirement = _requirement_class()
    if requirement is None:
        return
    for distribution in distributions:
        for text in distribution.requires or ():
            # an extra says nothing about what is needed
            if "extra ==" in text or "extra==" in text:
                continue
            try:
                need = requirement(text)
                if need.marker and not need.marker.evaluate():
                    continue
                version = installed.get(_normal(need.name))
                fits = version is not None and need.specifier.contains(version, prereleases=True)
            except Exception:  # metadata of others may hold anything
                continue
            if not fits:
                has = f"installed is {version}" if version else "which is not installed"
                wanted = f"{need.name}{need.specifier}"
                yield f"{distribution.metadata['Name']} {distribution.version} needs {wanted}, {has}"


def _requirement_class() -> Any:
    """`packaging` is no part of Python, but pip carries it."""
    for module in ("packaging", "pip._vendor.packaging", "setuptools._vendor.packaging"):
        try:
            return import_module(f"{module}.requirements").Requirement
        except Exception:
            continue
    return None


def _leftovers() -> list[str]:
    """Folders such as `~ransformers` that an interrupted pip left behind."""
    found: set[str] = set()
    for folder in {path for path in sys.path if path.endswith("-packages")}:
        try:
            found.update(name for name in os.listdir(folder) if name.startswith("~"))
        except OSError:
            continue
    return sorted(found)[:10]


def _shadowing() -> list[str]:
    """Files in this folder that Python would import instead of the library of that name."""
    return [f"{name}.py" for name in _SHADOWS if os.path.isfile(f"{name}.py")]
