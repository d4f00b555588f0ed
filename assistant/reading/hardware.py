"""The machine that a paste states: GPU, its memory and number, operating system, notebook, ranks."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import re2

_CAPACITY = re.compile(
    r"total capac?i?ty of (?P<new>\d{1,4}(?:\.\d{1,3})? [MG]i?B)|(?P<old>\d{1,4}(?:\.\d{1,3})? [MG]i?B) total capacity"
)
_ROW = re.compile(r"(?P<used>\d{1,7})\s?MiB\s{1,3}/\s{1,6}(?P<total>\d{3,7})\s?MiB")
_NEAR = re.compile(r"(?<![\w.])(?P<n>\d{1,3}(?:\.\d{1,2})?)\s?(?:GB?|GiB?|g)(?![A-Za-z0-9/])", re.IGNORECASE)
_BESIDE = re.compile(
    r"[-_ (（,，:：]{0,4}(?:ti\b|super\b|laptop\b|pcie|sxm\d?|vram|显存|是|with|有|[-_ (（,，:：]){0,6}(?P<n>\d{1,3}(?:\.\d{1,2})?)\s?(?:GB?|GiB?)(?![A-Za-z0-9/])",
    re.IGNORECASE,
)
_MEMORY = re.compile(
    r"(?<![\w.])(?P<a>\d{1,3})\s?(?:GB?|GiB)\s?(?:的|of )?(?:vram\b|显存|显卡|gpus?\b|cards?\b|卡)|(?:vram|显存|gpu memory|gpu mem)\s?(?:of|is|=|:|：|是|为|只有|有|共|大小)?\s{0,2}(?P<b>\d{1,3})\s?(?:GB?|GiB)(?![A-Za-z0-9/])",
    re.IGNORECASE,
)
_JOINED = re.compile(
    r"(?<=[\u3400-\u9fff×*])(?=[A-Za-z0-9])|(?<=\d[xX])(?=\d{4}|[A-Za-z])|(?<=[A-Za-z0-9])(?=[\u3400-\u9fff])|(?<=[RrGg][Tt][Xx])(?=[1-5]0[5-9]0|A\d{4})"
)
"""Where a name touches Chinese, a multiplier or its own maker's mark ("4张3090", "2x4090", "RTX3090") and a word
ends all the same."""
_NO_GPU_BEFORE = re.compile(
    r"(?:step|steps|line|epoch|iter|pid|port|id|seed|len|length|tokens?|size|batch|[=:/,.\[(#])\s?$",
    re.IGNORECASE,
)
_NO_GPU_AFTER = re.compile(
    r"\s?(?:/\d|steps?\b|samples|tokens?\b|it/s|ms\b|s\b|[:：]\d|\]|条|步|个样本|MiB|MB)", re.IGNORECASE
)
_GPU_NAME = r"(?:nvidia|tesla|rtx|geforce|quadro|titan|gtx|[avhlp]\d{2,4}[a-z]?\b|gb?[2]00|t4|[12345]0[5-9]0|1660|a6000|mi\d{3}|910b)"
_COUNT = re.compile(
    rf"(?<![\w.,/])(?:(?P<digits>\d{{1,3}})(?!\d)|(?P<word>a single|single|one|two|three|four|eight|sixteen|单|双|两|二|三|四|六|八|一))\s?"
    rf"(?:(?:[x×*]|张|块|个|片|卡)\s?(?:\d{{1,3}} ?gb? ?)?(?={_GPU_NAME})|(?:张|块|个|片)?\s?(?:\d{{1,3}} ?gb? ?的?)?(?:显卡|卡|gpu)|-?\s?(?:\d{{1,3}} ?gb? )?(?:nvidia |tesla |rtx |geforce )?(?:gpus?\b|cards?\b)|\s?(?:nvidia |tesla |rtx |geforce )?(?:\d{{1,3}} ?gb? )?(?:[avhlp]\d{{2,4}}|t4|[12345]0[5-9]0)(?: ?ti| ?super)?(?:s\b|\b)(?<!\d\d\d\d\d))"
    rf"|(?:{_GPU_NAME})(?: ?ti\b| ?super\b)?(?: ?\d{{1,3}} ?gb?)?\s?[x×*]\s?(?P<after>\d{{1,3}})(?!\d|x)"
    r"|(?:nproc[_-]per[_-]node|num_processes|num_gpus|n_gpus?|tensor[_-]parallel[_-]size|world_size(?=[\"']?[=:]))[\"']?[ =:]{1,3}(?P<flagged>\d{1,4})"
    r"|CUDA_VISIBLE_DEVICES[ =:]{1,2}[\"']?(?P<visible>\d{1,2}(?:,\d{1,2}){0,15})",
    re.IGNORECASE,
)
_WORDS = {
    "单": 1,
    "双": 2,
    "两": 2,
    "二": 2,
    "三": 3,
    "四": 4,
    "六": 6,
    "八": 8,
    "一": 1,
    "a single": 1,
    "single": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "eight": 8,
    "sixteen": 16,
}
_SMI_GPU = re.compile(
    r"\|\s{1,4}(?P<index>\d{1,2})\s{1,4}(?P<name>(?:NVIDIA|Tesla|GeForce|Quadro|A\d|H\d|RTX)[\w .-]{0,40}?)\s{1,20}(?:On|Off)?\s*\|?"
)
_WINDOWS_WORD = re.compile(
    r"(?<!sliding )(?<!context )(?<!attention )\bwindows\b(?! attention| of)", re.IGNORECASE
)
# RE2 where all of the text is searched: it takes a tenth of the time
_WINDOWS = re2.compile(r"(?:^|[^A-Za-z])[A-Za-z]:\\{1,2}\w|(?i:\.exe\b|win32|win_amd64|\bwin ?1[01]\b)")
_MACOS = re2.compile(
    r"(?i)\bmac(?:os|book|mini| ?studio)?\b|darwin|\bM[1-5] (?:Pro|Max|Ultra)\b|\bM[1-4] ?(?:芯片|mac)|apple silicon|\bmps\b|/users/\w"
)
_LINUX_PYTHON = re2.compile(r"/home/|/usr/local/lib/python|dist-packages")
_LINUX = re2.compile(
    r"(?i)\blinux\b|ubuntu|debian|centos|\bwsl2?\b|/home/|/usr/|/root/|x86_64-linux|/content/|/kaggle/"
)
_NOTEBOOK = re2.compile(
    r"(?i)\bcolab|kaggle|jupyter|ipython|ipykernel|Cell In ?\[|Input In \[|\bnotebook\b|/content/"
)
_DISTRIBUTED = re2.compile(
    r"(?i)\brank ?\d|torchrun|nproc[_-]per[_-]node|\bDDP\b|\bFSDP\b|deepspeed|\bzero-?[123]\b|WORLD_SIZE[ =:]{1,2}(?:[2-9]|1\d)|\bNCCL\b|ProcessGroup|多卡|多机|multi-?(?:gpu|node)|DistributedDataParallel|accelerate launch"
)


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU that people name: memory in GB as sold (most usual first), compute capability (0 where
    it has no CUDA)."""

    name: str
    memory: tuple[float, ...]
    capability: float
    pattern: Any


@cache
def gpus() -> tuple[Gpu, ...]:
    """The table of GPUs, in the order in which their patterns are to be tried."""
    rows = tomllib.loads((files("corpus") / "data" / "gpus.toml").read_text(encoding="utf-8"))["gpus"]
    return tuple(
        Gpu(
            row["name"],
            tuple(float(size) for size in row["memory"]),
            float(row["cc"]),
            re.compile(row["pattern"], re.IGNORECASE),
        )
        for row in rows
    )


@cache
def _any_gpu() -> Any:
    return re2.compile("(?i)" + "|".join(f"(?:{gpu.pattern.pattern})" for gpu in gpus()))


def about_machine(stated: str, text: str) -> Mapping[str, str | float | bool]:
    """`gpu`, `compute_capability`, `vram_gib`, `gpu_count`, `os`, `notebook`, `distributed`.

    `stated` is the text without tracebacks (whose line numbers look like GPUs), `text` all of it."""
    facts: dict[str, str | float | bool] = {}
    spaced = _JOINED.sub(" ", stated)
    named = _named_gpu(spaced)
    if named:
        gpu = named[0]
        facts["gpu"] = gpu.name
        if gpu.capability:
            facts["compute_capability"] = gpu.capability
    memory = _memory(spaced, named)
    if memory:
        facts["vram_gib"] = memory
    count = _count(stated)
    if count:
        facts["gpu_count"] = float(count)
    facts.update(_system(stated, text))
    if _NOTEBOOK.search(text):
        facts["notebook"] = True
    if _DISTRIBUTED.search(text):
        facts["distributed"] = True
    return facts


def _named_gpu(text: str) -> tuple[Gpu, int, int] | None:
    """The GPU named first, and where."""
    return next(_each_named_gpu(text), None)


def names_apart(text: str) -> str:
    """The text with a space where a name touches Chinese or a multiplier ("4张3090", "2x4090")."""
    return _JOINED.sub(" ", text)


def named_gpus(text: str) -> Sequence[tuple[Gpu, int, int]]:
    """All GPUs that a text (see names_apart) names, each with where its name starts and ends."""
    return tuple(_each_named_gpu(text))


def stated_count(text: str) -> int | None:
    """How many GPUs a text says that there are."""
    return _count(text)


def stated_memory(text: str) -> float | None:
    """The memory of one GPU that a text (see names_apart) states, in GiB."""
    return _memory(text, _named_gpu(text))


def _each_named_gpu(text: str) -> Iterator[tuple[Gpu, int, int]]:
    for found in _any_gpu().finditer(text):
        start, end = found.span()
        if text[start].isdigit() and (
            _NO_GPU_BEFORE.search(text[max(0, start - 10) : start]) or _NO_GPU_AFTER.match(text, end)
        ):
            continue
        for gpu in gpus():
            match = gpu.pattern.match(text, start)
            if match:
                yield gpu, start, match.end()
                break


def _memory(text: str, named: tuple[Gpu, int, int] | None) -> float | None:
    """The memory of one GPU, in GiB, as far as it is stated: by an error, nvidia-smi, or beside the name."""
    capacity = _CAPACITY.search(text)
    if capacity:
        number, unit = (capacity["new"] or capacity["old"]).split(" ")
        return round(float(number) / (1024 if unit.startswith("M") else 1), 2)
    row = _ROW.search(text)
    if row:
        return round(float(row["total"]) / 1024, 2)
    if named:
        gpu, start, end = named
        beside = _BESIDE.match(text, end) or _NEAR.search(text[max(0, start - 12) : start])
        near = [beside, *_NEAR.finditer(text[max(0, start - 24) : end + 40])]
        for place, match in enumerate(near):
            if match and (
                float(match["n"]) in gpu.memory
                or (
                    place == 0
                    and 2 <= float(match["n"]) <= 288
                    and gpu.memory[0] / 3 <= float(match["n"]) <= gpu.memory[0] * 3
                )
            ):
                return float(match["n"])
    said = _MEMORY.search(text)
    if said and 1 < int(said["a"] or said["b"]) <= 288:
        return float(said["a"] or said["b"])
    return None


def _count(text: str) -> int | None:
    rows = {match["index"] for match in _SMI_GPU.finditer(text)} if "NVIDIA-SMI" in text else set()
    if rows:
        return len(rows)
    counts: list[int] = []
    for match in _COUNT.finditer(text):
        if match["visible"]:
            counts.append(match["visible"].count(",") + 1)
            continue
        number = match["digits"] or match["after"] or match["flagged"]
        word = (match["word"] or "").lower()
        if word == "one" and re.search(r"gpus?$|cards?$", match[0], re.IGNORECASE):
            continue  # "it hangs on one gpu" counts none
        count = int(number) if number else _WORDS[word]
        if 1 <= count <= 1_024:
            counts.append(count)
    # "two 4090 are slower than a single one": the larger set-up is the one asked about
    return next((count for count in counts if count > 1), counts[0] if counts else None)


def _system(stated: str, text: str) -> Mapping[str, str | bool]:
    windows = _WINDOWS.search(text) or ("indows" in stated.lower() and _WINDOWS_WORD.search(stated))
    if windows and not re.search(r"\bwsl2?\b", stated, re.IGNORECASE):
        return {"os": "windows", "windows": True}
    if _MACOS.search(text) and not _LINUX_PYTHON.search(text):
        return {"os": "macos", "macos": True}
    return {"os": "linux"} if _LINUX.search(text) else {}
