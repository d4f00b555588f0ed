"""Joins what several tools say about the same GPUs: a cut name is completed, a count taken over."""

import re
from collections.abc import Sequence
from typing import Any

Gpus = list[dict[str, Any]]
_MOST = 64


def joined(lists: Sequence[Gpus], count: int | None, everywhere: dict[str, Any]) -> Gpus:
    """One list of GPUs from several, best first. `count` is how many the text says that there are,
    `everywhere` what it says of each of them."""
    result: Gpus = []
    for gpus in lists:
        if not result:
            result = [dict(gpu) for gpu in gpus]
        elif _indexed(gpus) and _indexed(result):
            _join_by_index(result, gpus)
        else:
            _join_by_name(result, gpus)
    if len(result) == 1 and count and 1 < count <= _MOST and not result[0].get("listed"):
        alike = {
            key: value
            for key, value in result[0].items()
            if key in ("name", "vram_gib", "compute_capability")
        }
        result += [dict(alike) for _ in range(count - 1)]
    for gpu in result:
        for key, value in everywhere.items():
            gpu.setdefault(key, value)
    return [
        {key: value for key, value in gpu.items() if key not in ("name_cut", "listed")}
        for gpu in result[:_MOST]
    ]


def _indexed(gpus: Gpus) -> bool:
    return all("index" in gpu for gpu in gpus)


def _join_by_index(result: Gpus, gpus: Gpus) -> None:
    places = {gpu["index"]: gpu for gpu in result}
    for gpu in gpus:
        there = places.get(gpu["index"])
        if there is None:
            if len(result) < _MOST and not gpu.get("free_in_error"):
                result.append(dict(gpu))
        elif alike(there, gpu):
            _fill(there, gpu)
    result.sort(key=lambda gpu: int(gpu["index"]))


def _join_by_name(result: Gpus, gpus: Gpus) -> None:
    if _indexed(gpus) and len(gpus) > len(result) and all(alike(result[0], gpu) for gpu in gpus):
        first = result[0]
        result[:] = [dict(gpu) for gpu in gpus]
        for gpu in result:
            _fill(gpu, {key: value for key, value in first.items() if key != "index"})
        return
    if (
        len(gpus) > len(result) == 1
        and "index" not in result[0]
        and all(alike(result[0], gpu) for gpu in gpus)
    ):
        result += [{} for _ in range(len(gpus) - 1)]
    for gpu in result:
        fitting = next((each for each in gpus if alike(gpu, each)), None)
        if fitting:
            _fill(gpu, {key: value for key, value in fitting.items() if key != "index"})


def alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether both may be the same GPU, as far as their names and sizes tell."""
    first, second = _flat(one.get("name", "")), _flat(other.get("name", ""))
    mine, its = float(one.get("vram_gib") or 0), float(other.get("vram_gib") or 0)
    if mine and its and abs(mine - its) > 0.15 * max(mine, its):
        return False
    return not first or not second or first in second or second in first


def _fill(gpu: dict[str, Any], other: dict[str, Any]) -> None:
    longer = len(_flat(other.get("name", ""))) > len(_flat(gpu.get("name", "")))
    if other.get("name") and (not gpu.get("name") or (gpu.get("name_cut") and longer)):
        gpu["name"] = other["name"]
        gpu.pop("name_cut", None)
    for key, value in other.items():
        if key not in ("name_cut", "listed"):
            gpu.setdefault(key, value)


def _flat(name: str) -> str:
    return re.sub(r"nvidia|geforce|tesla|[^a-z0-9]", "", name.lower())
