"""GPUs by the makers' own tools and by what the system lists: NVIDIA without NVML, AMD, Intel, Ascend, Apple."""

from __future__ import annotations

import glob
import json
import os
import platform
import re
import shutil
import sys
from typing import TYPE_CHECKING

from assistant.machine.probes.collecting import GIB, first_line, output

if TYPE_CHECKING:
    from typing import Any

_TOOL_SECONDS = 1.3
_VENDORS = {"0x10de": "nvidia", "0x1002": "amd", "0x8086": "intel", "0x19e5": "huawei"}
_SMI_FIELDS = "index,name,memory.total,memory.free,utilization.gpu,temperature.gpu,driver_version"


def listed_devices() -> dict[str, Any]:
    """Makers of the display and compute devices on the PCI bus, whether or not they have a driver."""
    found = set()
    for folder in glob.glob("/sys/bus/pci/devices/*"):
        vendor = _VENDORS.get(first_line(os.path.join(folder, "vendor")))
        kind = first_line(os.path.join(folder, "class"))[:4]
        if vendor and kind in ("0x03", "0x12"):
            found.add(vendor)
    environment: dict[str, Any] = {"gpu_makers": sorted(found)} if found else {}
    if os.path.exists("/dev/nvidiactl"):
        environment["nvidia_device_files"] = len(glob.glob("/dev/nvidia[0-9]*"))
    kernel = re.search(r"Kernel Module.*?\s(\d{3}\.\d[\d.]*)", first_line("/proc/driver/nvidia/version"))
    if kernel:
        environment["nvidia_kernel_module"] = kernel.group(1)
    return {"environment": environment} if environment else {}


def nvidia_tool() -> dict[str, Any]:
    """NVIDIA's GPUs as `nvidia-smi` lists them."""
    tool = shutil.which("nvidia-smi") or next(
        (path for path in ("/usr/lib/wsl/lib/nvidia-smi", "/usr/bin/nvidia-smi") if os.path.exists(path)),
        None,
    )
    if not tool:
        return {}
    text = output([tool, f"--query-gpu={_SMI_FIELDS}", "--format=csv,noheader,nounits"], _TOOL_SECONDS) or ""
    found: dict[str, Any] = {"gpus": []}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) != 7 or not cells[0].isdigit():
            continue
        found["driver"] = cells[6]
        gpu: dict[str, Any] = {"index": int(cells[0]), "name": cells[1]}
        for place, key in enumerate(("vram_gib", "free_gib", "utilization", "temperature_c"), 2):
            cell = cells[place]
            if cell.isdigit():
                gpu[key] = round(int(cell) / 1024, 2) if key.endswith("gib") else int(cell)
        found["gpus"].append(gpu)
    if not found["gpus"]:
        said = " ".join(text.split())
        return {"environment": {"nvidia_smi": said[:300]}} if said else {}
    header = output([tool], _TOOL_SECONDS) or ""
    cuda = re.search(r"CUDA(?: UMD)? Version\s*:\s*(\d+\.\d+)", header)
    if cuda:
        found["cuda_driver"] = cuda.group(1)
    return found


def amd_tool() -> dict[str, Any]:
    """AMD's GPUs as `rocm-smi` lists them; their memory where only the kernel's driver is there."""
    tool = shutil.which("rocm-smi") or next(iter(glob.glob("/opt/rocm*/bin/rocm-smi")), None)
    gpus: list[dict[str, Any]] = []
    if tool:
        asked = [tool, "--showproductname", "--showmeminfo", "vram", "--showuse", "--json"]
        text = output(asked, _TOOL_SECONDS) or ""
        start = text.find("{")
        if start >= 0:
            gpus = amd_gpus(text[start:])
    if not gpus:
        for path in sorted(glob.glob("/sys/class/drm/card*/device/mem_info_vram_total")):
            total, used = first_line(path), first_line(path.replace("_total", "_used"))
            if total.isdigit() and used.isdigit():
                gpus.append(_amd_gpu(len(gpus), "", int(total), int(used)))
    version = first_line("/opt/rocm/.info/version")
    found: dict[str, Any] = {"gpus": gpus} if gpus else {}
    if version:
        found["environment"] = {"rocm": version}
    return found


def amd_gpus(text: str) -> list[dict[str, Any]]:
    """The GPUs in the JSON of `rocm-smi`."""
    try:
        cards = json.JSONDecoder().raw_decode(text)[0]
    except ValueError:
        return []
    gpus: list[dict[str, Any]] = []
    for key in sorted(cards):
        card = cards[key]
        if not key.startswith("card") or not isinstance(card, dict):
            continue
        values = {name.lower(): str(value) for name, value in card.items()}
        total, used = (values.get(f"vram total {word}memory (b)", "") for word in ("", "used "))
        name = values.get("card series") or values.get("device name") or values.get("card model") or ""
        gpus.append(
            _amd_gpu(
                len(gpus), name, int(total) if total.isdigit() else 0, int(used) if used.isdigit() else 0
            )
        )
    return gpus


def _amd_gpu(index: int, name: str, total: int, used: int) -> dict[str, Any]:
    gpu: dict[str, Any] = {"index": index}
    if name:
        gpu["name"] = name
    if total:
        gpu["vram_gib"] = round(total / GIB, 2)
        gpu["free_gib"] = round((total - used) / GIB, 2)
    return gpu


def apple() -> dict[str, Any]:
    """The chip of a Mac; its GPU shares the memory."""
    if sys.platform != "darwin":
        return {}
    lines = (output(["sysctl", "-n", "machdep.cpu.brand_string", "hw.memsize"], _TOOL_SECONDS) or "").split(
        "\n"
    )
    if not lines[0].startswith("Apple"):
        return {"environment": {"chip": lines[0]}} if lines[0] else {}
    gpu: dict[str, Any] = {"index": 0, "name": lines[0].strip()}
    if len(lines) > 1 and lines[1].strip().isdigit():
        gpu["vram_gib"] = round(int(lines[1]) / GIB, 2)
    found: dict[str, Any] = {"gpus": [gpu]}
    if platform.machine() == "x86_64":
        found["environment"] = {"rosetta": True}
    return found


def other_tools() -> dict[str, Any]:
    """Whether the tools of Intel's and Huawei's devices are there."""
    tools = [name for name in ("xpu-smi", "npu-smi", "hl-smi", "neuron-ls") if shutil.which(name)]
    compiler = shutil.which("nvcc")
    environment: dict[str, Any] = {"device_tools": tools} if tools else {}
    if compiler:
        release = re.search(r"release (\d+\.\d+)", output([compiler, "--version"], _TOOL_SECONDS) or "")
        if release:
            environment["nvcc"] = release.group(1)
    return {"environment": environment} if environment else {}
