"""Reads GPUs in what other tools print: gpustat, rocm-smi and rocminfo, torch's warnings and memory errors,
bitsandbytes, Unsloth, llama.cpp, macOS."""

import re
from collections.abc import Callable, Sequence
from typing import Any

_SIZE = r"(\d{1,6}(?:\.\d{1,3})?) ?([MG])i?B"
_GPUSTAT = re.compile(
    r"\[(?P<index>\d{1,2})\]\s{1,4}(?P<name>[A-Z][^|\n]{2,50}?)\s{0,20}\|[^|\n]{2,60}\|\s{0,6}(?P<used>\d{1,7})\s{0,3}/\s{0,4}(?P<total>\d{2,7})\s{0,2}M[Bi]{0,2}\s{0,3}\|?(?P<who>[^\n]{0,300})"
)
_GPUSTAT_WHO = re.compile(
    r"(?<![\w:])[\w.-]{1,32}:(?P<name>[\w.-]{1,40})(?:/(?P<pid>\d{1,9}))?\((?P<used>\d{1,7})M\)"
)
_WARNED = re.compile(
    r"Found GPU\s?(?P<index>\d{1,2}) (?P<name>[A-Z][^\n]{2,50}?) which is of (?:cuda|compute) capability (?:\(CC\) )?(?P<cc>\d{1,2}\.\d)"
)
_INCOMPATIBLE = re.compile(
    r"(?P<name>(?:NVIDIA|Tesla|GeForce|Quadro|TITAN|GRID|Graphics Device)[^\n]{0,50}?) with CUDA capability sm_(?P<sm>\d{2,3})a? is not compatible"
)
_OOM_NEW = re.compile(rf"GPU (?P<index>\d{{1,2}}) has a total capac?i?ty of {_SIZE} of which {_SIZE} is free")
_OOM_OLD = re.compile(
    rf"\(GPU (?P<index>\d{{1,2}}); {_SIZE} total capacity; {_SIZE} already allocated; {_SIZE} free"
)
_BNB = re.compile(
    r"(?i)highest compute capability(?: among GPUs detected)?:? ?\(?(?P<major>\d{1,2})(?:\.|, ?)(?P<minor>\d)|highest_compute_capability=\((?P<a>\d{1,2}), (?P<b>\d)\)|COMPUTE_CAPABILITIES_PER_GPU = \['(?P<c>\d{1,2}\.\d)"
)
_UNSLOTH = re.compile(
    r"(?:GPU: )?(?P<name>NVIDIA[^\n.]{2,40}?|Tesla [^\n.]{2,20})\. (?:Num GPUs = (?P<count>\d{1,2})\. )?Max memory: (?P<size>\d{1,3}(?:\.\d{1,3})?) GB"
)
_DEVICE = re.compile(
    r"\bDevice (?P<index>\d{1,2}): (?P<name>[A-Z][^\n,]{2,50}), (?:compute capability (?P<cc>\d{1,2}\.\d)|gfx\w{3,6})"
)
_ULTRALYTICS = re.compile(r"CUDA:(?P<index>\d{1,2}) \((?P<name>[^,()\n]{3,50}), (?P<size>\d{3,7})Mi?B\)")
_COMFY = re.compile(
    r"Device: cuda:(?P<index>\d{1,2}) (?P<name>[A-Z][^\n:]{2,50}?)(?: : |\n|$)|Total VRAM (?P<size>\d{3,7}) MB"
)
_MAC = re.compile(
    r"(?:Chipset Model|Chip|Device|CPU|Processor|machdep\.cpu\.brand_string|Hardware|Machine|GPU)\s{0,4}[:：]\s{0,4}(?P<name>Apple M\d(?: (?:Pro|Max|Ultra))?)"
)
_ROCM_ROW = re.compile(
    r"^[ \t]{0,4}(?P<index>\d{1,2})[ \t]{1,10}(?:\d{1,3}[ \t]{1,10}0x[0-9a-f]{2,6},[ \t]{1,6}\d{1,6}[ \t]{1,10})?\d{1,3}(?:\.\d{1,2})?°?[cC]\b[^\n]{10,160}$",
    re.MULTILINE,
)
_ROCM_NAME = re.compile(
    r"GPU\[(?P<index>\d{1,2})\]\s{0,6}:\s{1,4}(?:Card [Ss]eries|Device Name|Card [Mm]odel):?\s{1,12}(?P<name>[A-Z][^\n]{2,60})"
)
_ROCM_MEMORY = re.compile(
    r"GPU\[(?P<index>\d{1,2})\]\s{0,6}:\s{1,4}(?:vram|VRAM) Total (?P<used>Used )?Memory \(B\):\s{1,8}(?P<bytes>\d{6,14})"
)
_ROCM_BAD = re.compile(
    r"GPU\[(?P<index>\d{1,2})\]\s{0,6}:\s{1,4}(?:get_power_cap, )?(?:sclk clock is unsupported|Not supported on the given system)"
)
_MARKETING = re.compile(
    r"Marketing Name:\s{1,20}(?P<name>AMD Radeon[^\n]{2,50}|AMD Instinct[^\n]{2,40}|Radeon[^\n]{2,40})"
)
_BY_GB = {"M": 1024.0, "G": 1.0}

Gpus = list[dict[str, Any]]


def other_gpus(text: str) -> Sequence[Gpus]:
    """What each tool in the text says about GPUs; lists that say nothing are left out."""
    return [gpus for gpus in (reader(text) for reader in _READERS) if gpus]


def _gpustat(text: str) -> Gpus:
    gpus = []
    for row in _GPUSTAT.finditer(text):
        total, used = int(row["total"]), int(row["used"])
        gpu: dict[str, Any] = {
            "index": int(row["index"]),
            "name": row["name"].strip(),
            "vram_gib": round(total / 1024, 2),
            "free_gib": round(max(0, total - used) / 1024, 2),
        }
        who = [
            {"name": each["name"], "used_gib": round(int(each["used"]) / 1024, 2)}
            | ({"pid": int(each["pid"])} if each["pid"] else {})
            for each in _GPUSTAT_WHO.finditer(row["who"])
        ]
        if who:
            gpu["processes"] = who
        gpus.append(gpu)
    return gpus


def _rocm(text: str) -> Gpus:
    if not re.search(r"(?i)rocm|amd-?smi|rocminfo|gfx\d", text):
        return []
    gpus: dict[int, dict[str, Any]] = {}
    table = re.search(r"(?:ROCm|ROCM) (?:System Management Interface|SMI)", text)
    rows = _ROCM_ROW.finditer(text, table.start()) if table else iter(())
    for row in rows:
        gpu = gpus.setdefault(int(row["index"]), {"index": int(row["index"])})
        if "Unsupported" in row[0] or re.search(r"\bNone\b", row[0]):
            gpu["integrated"] = True
    for each in _ROCM_NAME.finditer(text):
        gpus.setdefault(int(each["index"]), {"index": int(each["index"])})["name"] = each["name"].strip()
    for each in _ROCM_BAD.finditer(text):
        gpus.setdefault(int(each["index"]), {"index": int(each["index"])})["integrated"] = True
    used: dict[int, int] = {}
    for each in _ROCM_MEMORY.finditer(text):
        index, size = int(each["index"]), int(each["bytes"])
        if each["used"]:
            used[index] = size
        else:
            gpus.setdefault(index, {"index": index})["vram_gib"] = round(size / 2**30, 2)
    for index, size in used.items():
        if "vram_gib" in gpus.get(index, {}):
            gpus[index]["free_gib"] = round(gpus[index]["vram_gib"] - size / 2**30, 2)
    if not gpus:
        names = [each["name"].strip() for each in _MARKETING.finditer(text)]
        return [{"index": index, "name": name} for index, name in enumerate(names)]
    return [gpus[index] for index in sorted(gpus)]


def _warned(text: str) -> Gpus:
    gpus: dict[int, dict[str, Any]] = {
        int(each["index"]): {
            "index": int(each["index"]),
            "name": each["name"],
            "compute_capability": each["cc"],
        }
        for each in _WARNED.finditer(text)
    }
    if gpus:
        return [gpus[index] for index in sorted(gpus)]
    named = {each["name"]: each["sm"] for each in _INCOMPATIBLE.finditer(text)}
    return [{"name": name, "compute_capability": f"{sm[:-1]}.{sm[-1]}"} for name, sm in named.items()]


def _out_of_memory(text: str) -> Gpus:
    gpus: dict[int, dict[str, Any]] = {}
    for each in _OOM_NEW.finditer(text):
        _, total, unit, free, free_unit = each.groups()
        gpus.setdefault(int(each["index"]), _sized(int(each["index"]), total, unit, free, free_unit))
    for each in _OOM_OLD.finditer(text):
        _, total, unit, _, _, free, free_unit = each.groups()
        gpus.setdefault(int(each["index"]), _sized(int(each["index"]), total, unit, free, free_unit))
    return [gpus[index] for index in sorted(gpus)]


def _sized(index: int, total: str, unit: str, free: str, free_unit: str) -> dict[str, Any]:
    return {
        "index": index,
        "vram_gib": round(float(total) / _BY_GB[unit], 2),
        "free_gib": round(float(free) / _BY_GB[free_unit], 2),
        "free_in_error": True,  # while the program fails: its own doing, which says nothing about others
    }


def _bitsandbytes(text: str) -> Gpus:
    found = _BNB.search(text)
    if not found:
        return []
    capability = found["c"] or f"{found['major'] or found['a']}.{found['minor'] or found['b']}"
    return [{"compute_capability": capability}]


def _unsloth(text: str) -> Gpus:
    found = _UNSLOTH.search(text)
    if not found:
        return []
    gpu = {"name": found["name"].strip(), "vram_gib": float(found["size"])}
    count = int(found["count"] or 1)
    return [{"index": index, **gpu} for index in range(count)] if 1 < count <= 64 else [gpu]


def _devices(text: str) -> Gpus:
    """ "Device 0: NVIDIA …, compute capability 8.6" (llama.cpp), "CUDA:0 (NVIDIA …, 12287MiB)" (YOLO),
    ComfyUI's lines."""
    gpus: dict[int, dict[str, Any]] = {}
    for each in _DEVICE.finditer(text):
        gpu = gpus.setdefault(int(each["index"]), {"index": int(each["index"]), "name": each["name"].strip()})
        if each["cc"]:
            gpu["compute_capability"] = each["cc"]
    for each in _ULTRALYTICS.finditer(text):
        size = round(int(each["size"]) / 1024, 2)
        gpus.setdefault(
            int(each["index"]), {"index": int(each["index"]), "name": each["name"], "vram_gib": size}
        )
    for each in _COMFY.finditer(text):
        if each["size"]:
            gpus.setdefault(0, {"index": 0}).setdefault("vram_gib", round(int(each["size"]) / 1024, 2))
        else:
            gpus.setdefault(int(each["index"]), {"index": int(each["index"])}).setdefault(
                "name", each["name"]
            )
    return [gpus[index] for index in sorted(gpus)]


def _mac(text: str) -> Gpus:
    found = _MAC.search(text)
    return [{"name": found["name"]}] if found else []


_READERS: Sequence[Callable[[str], Gpus]] = (
    _gpustat,
    _rocm,
    _devices,
    _unsloth,
    _mac,
    _warned,
    _out_of_memory,
    _bitsandbytes,
)
