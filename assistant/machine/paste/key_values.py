"""Reads `key: value` lines: the reports of transformers, accelerate, diffusers, the Hub, torch's collect_env,
DeepSpeed, LLaMA-Factory, bitsandbytes, and the forms that issues are written in."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from assistant.machine.data import maker
from assistant.machine.paste.names import gpus_in, package_name
from assistant.machine.probes.collecting import merge
from corpus.conditions import gib

VERSION = re.compile(
    r"(?<![\w.])v?(?P<version>\d{1,4}(?:\.\d{1,6}){1,4}(?:[.-]?(?:dev|post|rc|a|b|alpha|beta)\.?\d{0,10})?(?:\+[A-Za-z0-9][\w.]{0,30})?)(?![\w/])"
)
_LINE = re.compile(
    r"[ \t]{0,40}(?:[-*•+#|]{1,4}[ \t]{1,4}){0,3}(?:\d{1,2}[.)][ \t])?(?P<key>[^\n:=：|]{1,90}?)[ \t]{0,40}(?:[:=：]{1,2}|\.{2,60}|[ \t]\|)[ \t]{0,40}(?P<value>[^\n]{0,300})$"
)
_SPACED = re.compile(
    r"[ \t]{0,20}(?:[-*•][ \t])?(?P<key>[A-Za-z][\w ()/-]{1,30}?)(?:[ \t]{2,40}|\t)(?P<value>\S[^\n]{0,200})$"
)
_NOTHING = re.compile(
    r"(?i)\W{0,3}(?:not (?:installed|found|available|applicable)|could not collect|n/?a|none|null|unknown|<fill in>|no|无|没有|-+)?\W{0,3}$"
)
_IN_PARENTHESES = re.compile(r"\([^()]{0,60}\)|（[^（）]{0,60}）|\[[^\[\]]{0,40}\]")
_DECORATION = re.compile(r"[`'\"*_~?？✅☑❌🤗⚠️]{1,4}(?=\s|$)|(?:^|(?<=\s))[`'\"*_~✅☑❌⚠️]{1,4}|`")
_TORCH_CUDA = re.compile(r"torch\.version\.cuda\)?['\"`)\s:：=]{0,8}(\d{1,2}\.\d{1,2})")
_AVAILABLE = re.compile(
    r"(?im)cuda\.is_available\(\)\)['\"]?\n[^\n]{0,60}? (true|false)$|cuda\.is_available(?:\(\))?\W{0,4}(?:returns?|is|gives?|says?|返回|为|是)?\W{0,4}(true|false)\b"
)
_TOOLKIT = re.compile(
    r"release (?P<a>\d{1,2}\.\d), V\d|(?i:nvcc(?: -V| --version)?\W{0,3}(?:显示|shows?|says?|is|version)?\W{0,4}(?:cuda )?)(?P<b>1?\d\.\d{1,2})(?![\d.])"
    r"|Installed CUDA version (?P<c>\d{1,2}\.\d{1,2}) does not match"
)
_SMI_SAYS = re.compile(
    r"(?i)nvidia-smi\W{0,3}(?:显示|shows?|says?|reports?)?\W{0,4}(?:cuda(?: version)?\W{0,3})?(1\d\.\d)(?![\d.])"
)
_COMPILED_WITH = re.compile(r"version torch was compiled with (\d{1,2}\.\d{1,2})")
_NO_CUDA = re.compile(
    r"GPU models and configuration:\s{0,4}No CUDA|Nvidia driver version:\s{0,4}No CUDA|No CUDA runtime is found"
)
_MORE_GPUS = re.compile(
    r"[ \t]{0,12}(?:[-*•][ \t])?(?:GPU \d{1,2}: )?(?P<name>(?:NVIDIA|Tesla|AMD|GeForce|Quadro)[^\n]{2,60})$"
)


@dataclass(frozen=True, slots=True)
class _Key:
    pattern: re.Pattern[str]
    to: str
    kind: str


@cache
def _keys() -> tuple[tuple[_Key, ...], Mapping[str, str]]:
    rows = tomllib.loads((files("assistant.machine.paste") / "keys.toml").read_text(encoding="utf-8"))
    keys = tuple(_Key(re.compile(row["key"]), row["to"], row["as"]) for row in rows["keys"])
    return keys, rows["aliases"]


def key_values(text: str) -> dict[str, Any]:
    """The part of a report that the lines state. Beside the report's own keys: `gpu_lists`, `gpu_count`,
    `vram_gib` and `compute_capability` of the GPUs that others name."""
    found: dict[str, Any] = {"gpu_lists": []}
    lines = text.split("\n")
    for number, line in enumerate(lines):
        match = _LINE.match(line) or _SPACED.match(line)
        if not match:
            continue
        value = match["value"]
        if not value.strip() and number + 1 < len(lines) and not _LINE.match(lines[number + 1]):
            value = lines[number + 1].strip()[:300]
        key = _plain(match["key"])
        if key and value.strip():
            _take(found, key, value, line, lines[number + 1 : number + 17])
    for pattern, place in _SENTENCES:
        match = pattern.search(text)
        if match:
            _merge_at(found, place, next(group for group in match.groups() if group))
    available = _AVAILABLE.search(text)
    if available:
        _merge_at(found, "torch.available", (available[1] or available[2]).lower() == "true")
    if _NO_CUDA.search(text):
        merge(found, {"environment": {"gpu_state": "none"}})
    if not found["gpu_lists"]:
        del found["gpu_lists"]
    return found


def _plain(key: str) -> str:
    """A key without decoration and remarks, in lower case."""
    key = _IN_PARENTHESES.sub(" ", key) if not key.lstrip().startswith("(") else key
    return " ".join(_DECORATION.sub(" ", key).lower().split()).strip(" .:`'\"*?-")


def _take(found: dict[str, Any], key: str, value: str, line: str, following: list[str]) -> None:
    keys, aliases = _keys()
    if _NOTHING.match(value) and "availab" not in key:
        return
    row = next((row for row in keys if row.pattern.fullmatch(key)), None)
    if row:
        _put(found, row, key, value, following)
        return
    name = key.removesuffix(" version").removesuffix("版本").removesuffix("_version").strip()
    package = package_name(aliases.get(name, name), sure=False)
    version = VERSION.search(value.split("#")[0][:80])
    if package and version and not re.match(r"\s{0,4}[<>~!^]", value):
        merge(found, {"packages": {package: version["version"]}})
        if package == "torch":
            _about_torch(found, value)


def _about_torch(found: dict[str, Any], value: str) -> None:
    """ "2.1.0+cu121 (True)": whether torch saw the GPU."""
    said = re.search(r"\((True|False|NPU)\)", value)
    if said and said[1] == "NPU":
        merge(found, {"environment": {"npu": True}})
    elif said:
        merge(found, {"torch": {"available": said[1] == "True"}})


def _put(found: dict[str, Any], row: _Key, key: str, value: str, following: list[str]) -> None:
    if row.kind == "gpus":
        _put_gpus(found, value, following)
        return
    read: Any = None
    version = VERSION.search(value[:120])
    if row.kind == "version":
        read = version["version"] if version else None
    elif row.kind == "driver":
        driver = re.search(r"(?<![\d.])\d{3}(?:\.\d{1,4}){1,2}(?![\d.])", value)
        read = driver[0] if driver else None
    elif row.kind == "text":
        read = value.strip().strip("`*\"' ")[:120]
    elif row.kind == "size":
        size = re.match(r"[^\d\n]{0,12}(\d{1,6}(?:[.,]\d{1,3})?) ?([KMGT]?)(i?)B?\b", value, re.IGNORECASE)
        read = gib(f"{size[1].replace(',', '.')} {size[2] or 'G'}iB") if size else None
        read = round(read, 2) if read else None
    elif row.kind == "number":
        number = re.match(r"[^\d\n]{0,4}(\d{1,4})\b", value)
        read = int(number[1]) if number else None
    elif row.kind == "flag":
        yes = re.match(r"\W{0,4}(true|yes|是)\b|\W{0,4}(false|no|否)\b", value, re.IGNORECASE)
        read = bool(yes[1]) if yes else None
    elif row.kind == "colab":
        read = "colab" if re.match(r"\W{0,3}yes", value, re.IGNORECASE) else None
    elif row.kind == "token":
        yes = re.match(r"\W{0,3}(true|yes)|\W{0,3}(false|no)\b", value, re.IGNORECASE)
        read = ("file" if yes[1] else "none") if yes else None
    elif row.kind == "setting":
        merge(found, {row.to.split(".")[0]: {row.to.split(".")[1]: {key: value.strip()[:60]}}})
    if read is not None:
        _merge_at(found, row.to, read)


_SENTENCES = (
    (_TORCH_CUDA, "cuda_torch"),
    (_COMPILED_WITH, "cuda_torch"),
    (_TOOLKIT, "environment.nvcc"),
    (_SMI_SAYS, "cuda_driver"),
)
"""What sentences say that are no `key: value`, and where it goes."""


def _merge_at(found: dict[str, Any], place: str, value: Any) -> None:
    part: Any = value
    for name in reversed(place.split(".")):
        part = {name: part}
    merge(found, part)


def _put_gpus(found: dict[str, Any], value: str, following: list[str]) -> None:
    gpus = gpus_in(value)
    if not gpus:
        return
    if len(gpus) == 1:
        for line in following:  # one GPU a line
            more = _MORE_GPUS.match(line)
            if not more or not maker(more["name"]):
                break
            gpus += gpus_in(more["name"])
    found["gpu_lists"].append(gpus)
