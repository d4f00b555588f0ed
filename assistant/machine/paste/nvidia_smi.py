"""Reads what `nvidia-smi` prints: the box in all its ages, its process table, MIG slices, CSV, `-L`,
`-q` and `topo -m`. White space may be lost, lines folded or wrapped, the end cut off.

"CUDA Version" in the box is the newest CUDA that the driver can serve, not an installed toolkit.
"""

import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from assistant.machine.data import capability_of, maker
from assistant.reading.hardware import gpus as known_gpus

_HEADER = re.compile(r"NVIDIA-SMI\s{1,8}(?P<smi>\d{3}(?:\.\d{1,4}){1,2})?")
_DRIVER = re.compile(r"(?:Driver|KMD) Version\s{0,44}[:=]\s{0,8}(\d{3}(?:\.\d{1,4}){1,2})")
_CUDA = re.compile(r"CUDA (?:UMD )?Version\s{0,44}[:=]\s{0,8}(\d{1,2}\.\d{1,2})")
_ROW = re.compile(
    r"(?:^|\|)[ \t]{0,8}(?P<index>\d{1,3})[ \t]{1,8}(?P<name>[A-Z][^|\n]{1,60}?)[ \t]{1,40}(?P<mode>On|Off|N/A|WDDM|TCC|MCDM|ERR!)?\s{0,40}"
    r"\|\s{0,20}(?:[0-9A-Fa-f]{4,8}:)?[0-9A-Fa-f]{2,4}:[0-9A-Fa-f]{2}\.\d\s{1,30}(?:On|Off|N/A)?\s{0,40}(?:\|\s{0,40}(?P<ecc>\d{1,9}|N/A|Off|ERR!)\s{0,8}\|?)?",
    re.MULTILINE,
)
_MEMORY = re.compile(r"(?P<used>\d{1,7})\s?MiB\s{0,20}/\s{0,20}(?P<total>\d{2,7})\s?MiB")
_LOAD = re.compile(
    r"(?P<load>\d{1,3})\s?%\s{1,20}(?P<mode>Default|E\. ?Process|Exclusive_?Process|Exclusive_?Thread|Prohibited)"
)
_HEAT = re.compile(r"(?<!\d)(?P<heat>\d{1,3})C\s{1,8}P\d")
_POWER = re.compile(r"(?P<now>\d{1,4})W\s{0,4}/\s{0,6}(?P<cap>\d{1,4})W")
_MIG = re.compile(
    r"\|\s{0,8}(?P<gpu>\d{1,2})\s{1,8}\d{1,3}\s{1,8}\d{1,3}\s{1,8}\d{1,3}\s{0,8}\|\s{0,12}(?P<used>\d{1,7})MiB\s{0,8}/\s{0,8}(?P<total>\d{2,7})MiB"
)
_PROCESS = re.compile(
    r"(?:^|\|)[ \t]{0,8}(?P<gpu>\d{1,3})[ \t]{1,12}(?:(?:N/A|\d{1,3})[ \t]{1,10}(?:N/A|\d{1,3})[ \t]{1,12})?(?P<pid>\d{1,9}|N/A)[ \t]{1,12}(?P<type>C\+G|M\+C|C|G)[ \t]{1,10}"
    r"(?P<name>[^|\n]{1,120}?)[ \t]{1,60}(?:(?P<used>\d{1,7})\s?MiB|N/A)\s{0,8}(?:\||$)",
    re.MULTILINE,
)
_END = re.compile(r"MIG devices:|Processes:")
_LISTED = re.compile(
    r"\bGPU\s?(?P<index>\d{1,3}):\s{1,4}(?P<name>[A-Z][^\n(|;]{2,60}?)\s{0,4}(?=\(|\n|$|;|,? GPU \d)(?P<uuid>\(UUID)?"
)
_TOPOLOGY = re.compile(r"^\s{0,8}GPU(\d{1,2})\s{1,8}(?:X|NV\d{1,2}|PIX|PXB|PHB|NODE|SYS)\b", re.MULTILINE)
_CSV_HEADER = re.compile(
    r"^(?=[^\n]{0,300}\b(?:memory\.|name,|name$|driver_version|compute_cap))[ \t]{0,8}([a-z_.]+(?: \[\w+\])?(?:, ?[a-z_.]+(?: \[\w+%?\]| \[%\])?){1,30})[ \t]{0,8}$",
    re.MULTILINE,
)
_CSV_BARE = re.compile(
    r"^[ \t]{0,8}(?:[-*] )?(?:Accelerators?: )?(?:(?P<index>\d{1,2}), ?)?(?P<name>(?:NVIDIA|Tesla|GeForce|Quadro|A\d{2,4}|H\d{3}|RTX)[^,\n]{0,50}), ?(?P<a>\d{3,7}) MiB(?:, ?(?P<b>\d{1,7}) MiB)?",
    re.MULTILINE,
)


def nvidia_smi(text: str) -> dict[str, Any]:
    """The part of a report that the text's nvidia-smi output states; `gpu_lists` holds what each format
    says, best first."""
    found: dict[str, Any] = {"gpu_lists": []}
    header = _HEADER.search(text)
    log = "NVSMI LOG" in text
    driver = _DRIVER.search(text) if header or log else None
    if driver:
        found["driver"] = driver[1]
    elif header and header["smi"]:
        found["driver"] = header["smi"]
    cuda = _CUDA.search(text) if header or log else None
    if cuda:
        found["cuda_driver"] = cuda[1]
    for gpus in (_box(text), list(_query_log(text)) if log else [], list(_csv(text)), list(_list(text))):
        if gpus:
            found["gpu_lists"].append(gpus)
            drivers = [gpu.pop("driver_version") for gpu in gpus if "driver_version" in gpu]
            if drivers:
                found.setdefault("driver", drivers[0])
    linked = sorted({int(index) for index in _TOPOLOGY.findall(text)})
    if linked:
        found["gpu_lists"].append([{"index": index} for index in linked])
        if re.search(r"\bNV\d{1,2}\b", text):
            found["environment"] = {"nvlink": True}
    return found


def _box(text: str) -> list[dict[str, Any]]:
    rows = list(_ROW.finditer(text))
    gpus: dict[int, dict[str, Any]] = {}
    for row, following in zip_longest(rows, rows[1:]):
        index = int(row["index"])
        if index in gpus or (row["mode"] is None and not maker(row["name"])):
            continue
        stop = following.start() if following else len(text)
        end = _END.search(text, row.end(), stop)
        gpus[index] = _gpu(row, text[row.end() : end.start() if end else min(stop, row.end() + 700)])
    if not gpus:
        return []
    _add_slices(text, gpus)
    _add_processes(text, gpus)
    return [gpus[index] for index in sorted(gpus)]


def _gpu(row: re.Match[str], rest: str) -> dict[str, Any]:
    name = row["name"].strip()
    gpu: dict[str, Any] = {"index": int(row["index"]), "name": name.rstrip(".… ")}
    if name.endswith(("..", "…")):
        gpu["name_cut"] = True
    if row["mode"] in ("WDDM", "TCC", "MCDM"):
        gpu["driver_model"] = row["mode"]
    if row["ecc"] and row["ecc"].isdigit():
        gpu["ecc_errors"] = int(row["ecc"])
    if "ERR!" in (row["ecc"], row["mode"]) or "ERR!" in rest[:160]:
        gpu["error"] = "ERR!"
    memory = _MEMORY.search(rest)
    if memory:
        total, used = int(memory["total"]), int(memory["used"])
        gpu["vram_gib"] = round(total / 1024, 2)
        gpu["free_gib"] = round(max(0, total - used) / 1024, 2)
    load, heat, power = _LOAD.search(rest), _HEAT.search(rest), _POWER.search(rest)
    if load:
        gpu["utilization"] = int(load["load"])
        if load["mode"] != "Default":
            gpu["compute_mode"] = "prohibited" if load["mode"] == "Prohibited" else "exclusive process"
    if heat:
        gpu["temperature_c"] = int(heat["heat"])
    if power:
        gpu["power_w"], gpu["power_limit_w"] = int(power["now"]), int(power["cap"])
    if re.search(r"\|\s{1,40}Enabled\*?\s{0,4}\|", rest):
        gpu["mig"] = True
    if gpu.get("name_cut"):
        capability = _capability_of_cut(gpu["name"], gpu.get("vram_gib"))
        if capability:
            gpu["compute_capability"] = capability
    return gpu


def _capability_of_cut(name: str, vram: float | None) -> str | None:
    """Where the box cut a name ("NVIDIA GeForce RTX 208..."), the capability that all cards which begin so
    and have that much memory share."""
    whole = capability_of(name)
    start = re.sub(r"(?i)nvidia|geforce|tesla|quadro|[^a-z0-9]", "", name).lower()
    if len(start) < 4 or vram is None:
        return whole
    fitting = {
        gpu.capability
        for gpu in known_gpus()
        if re.sub(r"[^a-z0-9]", "", gpu.name.lower()).startswith(start)
        and any(abs(size - vram) <= 0.08 * size + 0.3 for size in gpu.memory)
    }
    return str(fitting.pop()) if len(fitting) == 1 else whole


def _add_slices(text: str, gpus: dict[int, dict[str, Any]]) -> None:
    for each in _MIG.finditer(text):
        gpu = gpus.get(int(each["gpu"]))
        if gpu is not None:
            total, used = int(each["total"]), int(each["used"])
            gpu["mig"] = True
            gpu.setdefault("mig_devices", []).append(
                {"vram_gib": round(total / 1024, 2), "free_gib": round((total - used) / 1024, 2)}
            )


def _add_processes(text: str, gpus: dict[int, dict[str, Any]]) -> None:
    table = text.find("Processes:")
    if table < 0:
        return
    rows = list(_PROCESS.finditer(text, table))
    if not rows and not re.search(r"No running (?:compute )?processes found", text[table : table + 2_000]):
        return  # cut off before the first row
    for gpu in gpus.values():
        gpu["processes"] = []
    for row in rows:
        gpu = gpus.get(int(row["gpu"]), {})
        process: dict[str, Any] = {"name": re.split(r"[\\/]", row["name"].strip())[-1].split(" ")[0]}
        if row["pid"].isdigit():
            process["pid"] = int(row["pid"])
        if row["used"]:
            process["used_gib"] = round(int(row["used"]) / 1024, 2)
        if process not in gpu.get("processes", []):
            gpu.setdefault("processes", []).append(process)


def _list(text: str) -> Iterator[dict[str, Any]]:
    """`nvidia-smi -L`, and the list in torch's collect_env."""
    seen = set()
    for each in _LISTED.finditer(text):
        name = each["name"].strip()
        if int(each["index"]) not in seen and (each["uuid"] or maker(name)):
            seen.add(int(each["index"]))
            yield {"index": int(each["index"]), "name": name}


def _csv(text: str) -> Iterator[dict[str, Any]]:
    header = _CSV_HEADER.search(text)
    if header:
        columns = [column.strip().split(" ")[0] for column in header[1].split(",")]
        for number, line in enumerate(text[header.end() :].lstrip("\n").split("\n")[:64]):
            cells = [cell.strip() for cell in line.split(",")]
            if len(cells) != len(columns):
                return
            yield _from_cells(dict(zip(columns, cells, strict=True)), number)
        return
    for number, row in enumerate(_CSV_BARE.finditer(text)):
        yield {
            "index": int(row["index"] or number),
            "name": row["name"].strip(),
            "vram_gib": round(int(row["a"]) / 1024, 2),
        }


def _from_cells(cells: dict[str, str], number: int) -> dict[str, Any]:
    gpu: dict[str, Any] = {"index": int(cells["index"]) if cells.get("index", "").isdigit() else number}
    name = cells.get("name") or cells.get("gpu_name")
    if name:
        gpu["name"] = name
    sizes = {
        key: round(float(size[1]) / 1024, 2)
        for key in ("memory.total", "memory.free", "memory.used")
        if (size := re.match(r"(\d{1,7}(?:\.\d+)?)", cells.get(key, "")))
    }
    if "memory.total" in sizes:
        gpu["vram_gib"] = sizes["memory.total"]
    free = sizes.get("memory.free", sizes.get("memory.total", -1) - sizes.get("memory.used", 1e9))
    if free >= 0:
        gpu["free_gib"] = round(free, 2)
    load = re.match(r"\d{1,3}", cells.get("utilization.gpu", ""))
    if load:
        gpu["utilization"] = int(load[0])
    if re.fullmatch(r"\d{1,2}\.\d", cells.get("compute_cap", "")):
        gpu["compute_capability"] = cells["compute_cap"]
    if re.fullmatch(r"\d{3}[\d.]+", cells.get("driver_version", "")):
        gpu["driver_version"] = cells["driver_version"]
    return gpu


def _query_log(text: str) -> Iterator[dict[str, Any]]:
    """`nvidia-smi -q`."""
    starts = [each.start() for each in re.finditer(r"^GPU [0-9A-Fa-f]{8}:", text, re.MULTILINE)]
    for index, (start, end) in enumerate(zip_longest(starts, starts[1:], fillvalue=len(text))):
        block = text[start:end]
        gpu: dict[str, Any] = {"index": index}
        name = re.search(r"Product Name\s{1,40}: ([^\n]{2,60})", block)
        if name:
            gpu["name"] = name[1].strip()
        memory = re.search(
            r"FB Memory Usage\s{1,20}Total\s{1,40}: (\d+) MiB(?:\s{1,20}Reserved\s{1,40}: \d+ MiB)?(?:\s{1,20}Used\s{1,40}: (\d+) MiB)?",
            block,
        )
        if memory:
            gpu["vram_gib"] = round(int(memory[1]) / 1024, 2)
            if memory[2]:
                gpu["free_gib"] = round((int(memory[1]) - int(memory[2])) / 1024, 2)
        yield gpu
