"""Reports as plain data (the published schema) and back. What comes in may be anybody's: values of the
wrong type are left out, long ones cut."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, get_args

from assistant.machine.model import Backend, Finding, Gpu, GpuProcess, Report
from assistant.machine.schema import conforming
from assistant.reading.hardware import gpus as known_gpus

SHOWN = 6
"""Findings that are shown as important; the others are counted."""
_SIZES = ("vram_gib", "free_gib")
_GPU_KEYS = ("index", "name", *_SIZES, "compute_capability", "processes", "abilities")
_ABILITIES = {"bf16": 8.0, "flash_attention_2": 8.0, "fp8": 8.9, "int8": 7.5, "nf4": 6.0}
"""The compute capability from which NVIDIA's GPUs have it: native bf16, FlashAttention 2, fp8, and what
bitsandbytes needs for 8 and 4 bits."""
_TEXTS = ("driver", "cuda_driver", "cuda_torch", "python", "os")
_CUDA_TAG = re.compile(r"\+cu(\d{1,2})(\d)\b")
_AMD = re.compile(r"\bAMD\b|Radeon|Instinct|\bMI\d{2,3}|\bRX ?\d{4}|gfx\d|7900 ?XTX?", re.IGNORECASE)
_APPLE = re.compile(r"\bApple\b|^M[1-5]\b", re.IGNORECASE)
_INTEL = re.compile(r"\bIntel\b|\bArc\b|Data Center GPU Max", re.IGNORECASE)
_HUAWEI = re.compile(r"Ascend|\b910B\b|昇腾", re.IGNORECASE)


def from_data(data: Mapping[str, Any]) -> Report:
    """The report that plain data holds, completed by what follows from it for certain."""
    clean = conforming({key: value for key, value in data.items() if key != "lang"})
    backend = clean.get("backend")
    texts = {key: str(clean[key]) for key in _TEXTS if clean.get(key) not in (None, "", [], {})}
    report = Report(
        source="this machine" if clean.get("source") == "this machine" else "pasted",
        measured=clean.get("measured") is True,
        backend=backend if backend in get_args(Backend) else None,
        gpus=tuple(_gpu(each) for each in _list(clean.get("gpus")) if isinstance(each, dict)),
        packages={str(key): str(value) for key, value in _dict(clean.get("packages")).items() if value},
        torch=_dict(clean.get("torch")),
        environment=_dict(clean.get("environment")),
        signs={str(key): str(value) for key, value in _dict(clean.get("signs")).items()},
        unanswered=tuple(str(each) for each in _list(clean.get("unanswered"))),
        lang="zh" if data.get("lang") == "zh" else "en",
        **texts,
    )
    return _completed(report)


def as_json(report: Report, findings: Sequence[Finding] = (), *, every: bool = False) -> dict[str, Any]:
    """The object of `doctor --json`, by `doctor.schema.json`: the first six findings, or `every` one."""
    shown = findings if every else findings[:SHOWN]
    data: dict[str, Any] = {"tracedoc_report": 1, "source": report.source}
    if report.measured:
        data["measured"] = True
    if report.backend:
        data["backend"] = report.backend
    data["gpus"] = [_gpu_data(gpu) for gpu in report.gpus]
    for key in _TEXTS:
        if getattr(report, key):
            data[key] = getattr(report, key)
    data["packages"] = dict(report.packages)
    if report.torch:
        data["torch"] = dict(report.torch)
    data["environment"] = dict(report.environment)
    if report.signs:
        data["signs"] = dict(report.signs)
    if report.unanswered:
        data["unanswered"] = list(report.unanswered)
    data["findings"] = [
        {
            "id": finding.id,
            "severity": finding.severity,
            "title": finding.title,
            "detail": finding.detail,
            "fix": finding.fix,
            "entry": finding.entry,
        }
        for finding in shown
    ]
    if len(shown) < len(findings):
        data["findings_left_out"] = len(findings) - len(shown)
    return data


def _gpu(data: Mapping[str, Any]) -> Gpu:
    processes = data.get("processes")
    capability = data.get("compute_capability")
    return Gpu(
        index=_whole(data.get("index")),
        name=str(data.get("name") or "")[:120],
        vram_gib=_size(data.get("vram_gib")),
        free_gib=_size(data.get("free_gib")),
        compute_capability=str(capability) if re.fullmatch(r"\d{1,2}\.\d", str(capability)) else None,
        processes=tuple(_process(each) for each in processes if isinstance(each, dict))
        if isinstance(processes, list)
        else None,
        state={key: value for key, value in data.items() if key not in _GPU_KEYS},
    )


def abilities(gpu: Gpu) -> dict[str, bool]:
    """What an NVIDIA GPU can do in hardware, {} where its compute capability is not known."""
    if gpu.compute_capability is None:
        return {}
    return {name: float(gpu.compute_capability) >= least for name, least in _ABILITIES.items()}


def _process(data: Mapping[str, Any]) -> GpuProcess:
    return GpuProcess(_whole(data.get("pid")), str(data.get("name") or "")[:80], _size(data.get("used_gib")))


def _gpu_data(gpu: Gpu) -> dict[str, Any]:
    data: dict[str, Any] = {
        key: value
        for key, value in (
            ("index", gpu.index),
            ("name", gpu.name or None),
            ("vram_gib", gpu.vram_gib),
            ("free_gib", gpu.free_gib),
            ("compute_capability", gpu.compute_capability),
        )
        if value is not None
    }
    if gpu.processes is not None:
        data["processes"] = [
            {
                key: value
                for key, value in (
                    ("pid", each.pid),
                    ("name", each.name or None),
                    ("used_gib", each.used_gib),
                )
                if value is not None
            }
            for each in gpu.processes
        ]
    if gpu.compute_capability:
        data["abilities"] = abilities(gpu)
    return {**data, **gpu.state}


def _completed(report: Report) -> Report:
    """Adds what follows: CUDA from the wheel's tag, compute capability from the card's name, the backend."""
    tag = _CUDA_TAG.search(report.packages.get("torch", "") or str(report.torch.get("version", "")))
    cuda = report.cuda_torch or (f"{tag[1]}.{tag[2]}" if tag else _cuda_of_neighbours(report.packages))
    gpus = tuple(
        gpu if gpu.compute_capability else replace(gpu, compute_capability=capability_of(gpu.name))
        for gpu in report.gpus
    )
    completed = replace(report, cuda_torch=cuda, gpus=gpus)
    return completed if report.backend else replace(completed, backend=_backend(completed))


def _cuda_of_neighbours(packages: Mapping[str, str]) -> str | None:
    """The CUDA that torch was built with, by the packages that came with it: conda's pytorch-cuda, or the
    runtime that PyPI's wheels depend on."""
    if "torch" not in packages or "+" in packages["torch"]:
        return None
    for name in (
        "pytorch_cuda",
        "nvidia_cuda_runtime_cu13",
        "nvidia_cuda_runtime_cu12",
        "nvidia_cuda_runtime_cu11",
        "nvidia_cuda_runtime",
    ):
        found = re.match(r"\d{1,2}\.\d{1,2}", packages.get(name, ""))
        if found:
            return found[0]
    return None


def capability_of(name: str) -> str | None:
    """The compute capability of a GPU by its name, None where it is not known for certain."""
    found = next((gpu for gpu in known_gpus() if gpu.pattern.search(name)), None) if name else None
    return str(found.capability) if found and found.capability else None


def maker(name: str) -> Literal["nvidia", "amd", "apple", "intel", "huawei", ""]:
    """Who made a GPU, by its name."""
    for pattern, who in ((_AMD, "amd"), (_APPLE, "apple"), (_HUAWEI, "huawei"), (_INTEL, "intel")):
        if pattern.search(name):
            return who  # type: ignore[return-value]
    return "nvidia" if name and (capability_of(name) or _NVIDIA.search(name)) else ""


_NVIDIA = re.compile(r"NVIDIA|GeForce|Tesla|Quadro|\b[GR]TX\b|Titan|\bGRID\b|Jetson|Orin", re.IGNORECASE)


def _backend(report: Report) -> Backend | None:
    """What torch computes on there, as far as the report tells."""
    torch = f"{report.packages.get('torch', '')} {report.torch.get('version', '')}"
    makers = {maker(gpu.name) for gpu in report.gpus}
    says_no = report.torch.get("available") is False or report.environment.get("gpu_state") == "none"
    if "huawei" in makers or report.environment.get("npu") is True or "torch_npu" in report.packages:
        return "npu"
    if "amd" in makers or "+rocm" in torch or report.torch.get("hip"):
        return "rocm"
    if "nvidia" in makers:
        return "cuda"
    if "apple" in makers or report.environment.get("apple_silicon"):
        return "mps"
    if "intel" in makers or "+xpu" in torch or report.environment.get("xpu"):
        return "xpu"
    if (
        "cuda_failed" in report.signs
        or report.driver
        or report.cuda_driver
        or any(gpu.compute_capability for gpu in report.gpus)
    ):
        return "cuda"
    if says_no or "+cpu" in torch or report.measured:
        return "cpu"
    return "cuda" if report.cuda_torch else None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _size(value: Any) -> float | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return round(float(value), 2) if number and 0 <= value < 100_000 else None
