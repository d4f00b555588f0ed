"""A report as facts for the conditions of findings: each a number, text or truth, unknown ones absent."""

import re
from collections.abc import Callable, Mapping, Sequence

from assistant.machine.builds import oldest_driver, served_cuda, version, wheel_for
from assistant.machine.data import maker
from assistant.machine.gpu_facts import Facts
from assistant.machine.model import Report
from assistant.machine.package_facts import package_facts

_CONSUMER_ADA = re.compile(r"RTX ?40[5-9]0|RTX ?(?:4000|4500|5000) Ada", re.IGNORECASE)


def facts(report: Report) -> Facts:
    """All facts that do not belong to one GPU."""
    found: Facts = {"here": report.measured}
    for part in _PARTS:
        found.update(part(report))
    return {name: value for name, value in found.items() if value not in (None, "")}


def _system(report: Report) -> Facts:
    environment = report.environment
    text = f"{report.os or ''} {environment.get('platform', '')}".lower()
    wsl = bool(environment.get("wsl"))
    found: Facts = {
        "wsl": wsl,
        "windows": "windows" in text and not wsl,
        "macos": "mac" in text or "darwin" in text,
        "apple_silicon": bool(environment.get("apple_silicon")) or report.backend == "mps",
    }
    found["wsl1"] = bool(re.search(r"linux-4\.4\.0-\d+-microsoft", text))
    found["linux"] = not found["windows"] and not found["macos"] and bool(text.strip())
    for name in (
        "container",
        "notebook",
        "space",
        "batch_system",
        "kernel",
        "machine",
        "nvcc",
        "rocm",
        "nvml",
        "nvidia_smi",
        "cudnn",
        "rosetta",
    ):
        value = environment.get(name)
        if isinstance(value, str | bool):
            found[name] = value
    for name in ("python", "driver", "cuda_driver", "cuda_torch", "backend", "os"):
        value = getattr(report, name)
        if value:
            found[name] = value
    if environment.get("python_bits") == 32:
        found["python_32_bit"] = True
    return found


def _gpus(report: Report) -> Facts:
    cards = [gpu for gpu in report.gpus if not gpu.state.get("integrated")]
    names = [gpu.name for gpu in cards if gpu.name]
    makers = {maker(name) for name in names}
    nvidia = "nvidia" in makers or bool(report.driver or report.cuda_driver)
    found: Facts = {
        "gpu_count": float(len(cards)),
        "has_nvidia": nvidia,
        "has_amd": "amd" in makers,
        "has_gpu": bool(cards) and bool(makers - {""} or nvidia or report.backend in ("cuda", "rocm")),
        "gpu_names": ", ".join(dict.fromkeys(names)),
        "gpu_kinds": float(len({gpu.name.lower() for gpu in cards if gpu.name})),
        "consumer_ada": sum(bool(_CONSUMER_ADA.search(name)) for name in names) > 1,
        "integrated": ", ".join(str(each) for each in report.environment.get("integrated_gpus", ())),
        "no_gpu_stated": report.environment.get("gpu_state") == "none",
        "nvlink": bool(report.environment.get("nvlink")),
    }
    listed = report.environment.get("gpu_makers")
    if isinstance(listed, list):
        found["nvidia_on_bus"] = "nvidia" in listed
    capabilities = [float(gpu.compute_capability) for gpu in cards if gpu.compute_capability]
    if capabilities:
        found["cc_min"], found["cc_max"] = min(capabilities), max(capabilities)
    return found


def _torch(report: Report) -> Facts:
    stated = report.packages.get("torch") or str(report.torch.get("version") or "")
    found: Facts = {}
    if stated:
        build = stated.partition("+")[2]
        found["torch"] = stated.split("+")[0]
        found["torch_full"] = stated
        found["cpu_build"] = build.startswith("cpu") or (
            "available" in report.torch
            and bool(report.torch.get("version"))
            and not (report.torch.get("cuda") or report.torch.get("hip") or report.torch.get("xpu"))
        )
        found["rocm_build"] = build.startswith("rocm") or bool(report.torch.get("hip"))
    for name in ("available", "mps_available", "mps_built", "works", "why", "error", "bf16"):
        value = report.torch.get(name)
        if isinstance(value, str | bool):
            found[f"torch_{name}"] = value
    silent = next((line for line in report.unanswered if line.startswith("torch:")), "")
    if silent:
        found["torch_unanswered"] = silent
    bnb = report.torch.get("bitsandbytes")
    if isinstance(bnb, Mapping):
        found["bnb_works"] = bool(bnb.get("works"))
        if bnb.get("error"):
            found["bnb_error"] = str(bnb["error"])
    if report.cuda_torch:
        needed = oldest_driver(report.cuda_torch, windows="windows" in (report.os or "").lower())
        if needed:
            found["driver_needed"] = needed
        served = served_cuda(report.cuda_torch)
        if served:
            found["cuda_served_needed"] = served
        major = version(report.cuda_torch)
        nvcc = version(report.environment.get("nvcc"))
        if major and nvcc:
            found["nvcc_major_differs"] = major.major != nvcc.major
    return found


def _resources(report: Report) -> Facts:
    environment = report.environment
    found: Facts = {}
    for name in ("ram_gib", "ram_free_gib", "ram_limit_gib", "shm_gib", "shm_free_gib"):
        value = environment.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            found[name] = float(value)
    limits = environment.get("limits")
    if isinstance(limits, Mapping) and isinstance(limits.get("open_files"), int):
        found["open_files"] = float(limits["open_files"])
    disks = [disk for disk in environment.get("disks", ()) if isinstance(disk, Mapping)]
    for disk in disks:
        if disk.get("purpose") == "models":
            for key, name in (
                ("free_gib", "models_free_gib"),
                ("path", "models_path"),
                ("free_inodes_percent", "inodes_percent"),
            ):
                if isinstance(disk.get(key), str | int | float):
                    found[name] = disk[key]
            found["models_writable"] = disk.get("writable") is not False
    ports = environment.get("ports_in_use")
    if isinstance(ports, list) and ports:
        found["ports_in_use"] = ", ".join(map(str, ports))
    hub = environment.get("hub")
    if isinstance(hub, Mapping):
        for name in ("reachable", "why", "token", "endpoint"):
            if isinstance(hub.get(name), str | bool):
                found[f"hub_{name}"] = hub[name]
    return found


def _variables(report: Report) -> Facts:
    variables = report.environment.get("variables")
    if not isinstance(variables, Mapping):
        return {}
    found: Facts = {f"var_{str(name).lower()}": str(value) for name, value in variables.items()}
    visible = str(variables.get("CUDA_VISIBLE_DEVICES", variables.get("HIP_VISIBLE_DEVICES", ""))).strip()
    if "CUDA_VISIBLE_DEVICES" in variables or "HIP_VISIBLE_DEVICES" in variables:
        numbers = [part for part in visible.split(",") if part.strip()]
        found["visible_none"] = visible in ("", "-1", "NoDevFiles", "none")
        found["visible_count"] = float(len(numbers))
        known = {gpu.index for gpu in report.gpus if gpu.index is not None}
        outside = [part for part in numbers if part.strip().isdigit() and known and int(part) not in known]
        if outside and report.measured:
            found["visible_outside"] = ", ".join(outside)
    path = str(variables.get("LD_LIBRARY_PATH", ""))
    cuda = re.search(r"/cuda-(\d{1,2}\.\d)", path)
    if cuda and report.cuda_torch:
        found["library_path_cuda"] = cuda[1]
        found["library_path_differs"] = cuda[1].split(".")[0] != report.cuda_torch.split(".")[0]
    if re.search(r"/compat\b", path):
        found["compat_library"] = True
    wanted = str(variables.get("BNB_CUDA_VERSION", ""))
    if wanted.isdigit() and report.cuda_torch:
        found["bnb_version_differs"] = wanted != report.cuda_torch.replace(".", "")[: len(wanted)]
    world = str(variables.get("WORLD_SIZE", ""))
    if world.isdigit():
        found["world_size"] = float(world)
    transfer = str(variables.get("HF_HUB_ENABLE_HF_TRANSFER", "")).lower() in ("1", "true", "yes", "on")
    found["transfer_missing"] = transfer and report.measured and "hf_transfer" not in report.packages
    return found


def _launch(report: Report) -> Facts:
    config = report.environment.get("accelerate_config")
    if not isinstance(config, Mapping):
        return {}
    found: Facts = {f"launch_{name}": str(value).lower() for name, value in config.items()}
    number = str(config.get("num_processes", ""))
    if number.isdigit():
        found["launch_num_processes"] = float(number)
    return found


def _signs(report: Report) -> Facts:
    found: Facts = {f"sign_{name}": value for name, value in report.signs.items()}
    number = report.signs.get("driver_cuda_found", "")
    if number.isdigit():
        found["driver_cuda_found"] = f"{int(number) // 1000}.{int(number) % 1000 // 10}"
    served = report.cuda_driver or found.get("driver_cuda_found")
    wheel = wheel_for(str(served)) if served else None
    if wheel:
        found["wheel"] = wheel
        found["older_wheel_hint"] = f" (`--index-url https://download.pytorch.org/whl/{wheel}`)"
    built = report.signs.get("xformers_built_for")
    if built and "torch" in report.packages and built.split("+")[0] == report.packages["torch"].split("+")[0]:
        del found["sign_xformers_built_for"]
    library = report.signs.get("bnb_missing_library", "")
    found["bnb_library_nocublaslt"] = "nocublaslt" in library
    return found


_PARTS: Sequence[Callable[[Report], Facts]] = (
    _system,
    _gpus,
    package_facts,
    _torch,
    _resources,
    _variables,
    _launch,
    _signs,
)
