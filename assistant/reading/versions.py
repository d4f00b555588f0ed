"""Versions of libraries, Python, CUDA and the driver that a paste states."""

import re
from collections.abc import Iterable, Mapping

_NAMES = (
    "transformers|pytorch|torchvision|torchaudio|torch|peft|accelerate|bitsandbytes|bnb|trl|tokenizers|datasets|huggingface[_-]hub|safetensors"
    "|deepspeed|flash[_-]attn|flash-attention|triton|xformers|vllm|unsloth|diffusers|sentencepiece|protobuf|numpy"
    "|llama-?factory|axolotl|auto[_-]gptq|autoawq|gptqmodel|optimum|gradio|python|cuda|cudnn|nccl|sentence-transformers|scipy|pydantic|pyarrow|pandas|tensorflow|keras|tf-keras|ms-swift|swift|py"
)
_VERSION = (
    r"(?P<version>\d{1,4}\.\d{1,5}(?:\.\d{1,5}){0,2}(?:\.?(?:dev|post|rc|a|b)\d{0,4})?(?:\+\w[\w.]{0,20})?)"
)
_FILLER = r"(?:\s{1,40}|[`'\"():=@*\[\]（）：,]|-(?=\d)|\bversion\b|\bver\b|\bis\b|\bwas\b|\bto\b|\bat\b|\bv(?=\d)|(?:GPU\?)|版本|版|是|为|到|用|的|号|装|了|升级|降级|升|降)"
_STATED = re.compile(
    rf"(?<![A-Za-z0-9_/\\.-])(?P<name>{_NAMES})(?P<between>{_FILLER}{{0,9}})(?:from \d[\d.]{{1,10}} to )?{_VERSION}(?![\w]|\.\w)",
    re.IGNORECASE,
)
_MAJOR = re.compile(
    r"(?<![A-Za-z0-9_/.-])(?P<name>transformers|torch|pytorch|peft|trl|numpy|gradio)\s?(?:版本)?\s?v?(?P<version>\d{1,2})(?=\.x|\s?[,，。;；)）]|\s?$|\s?(?:之后|以后|版|的|报))",
    re.IGNORECASE,
)
_REQUIRED = re.compile(
    r"[<>~!]=?\s{0,3}$|require[sd]? .{0,40}$|(?:upgrade|update) to .{0,20}$|needs? .{0,20}$|at least .{0,20}$|since .{0,12}$",
    re.IGNORECASE,
)
_CUDA = re.compile(
    r"(?:CUDA Version: {1,4}|cuda[ -_]?(?:version|版本|toolkit|used to build PyTorch)?[ :：=-]{0,3}v?|(?<![a-z])cu(?=1[0-3]\d\b))(?P<a>1[0-3])\.?(?P<b>\d)(?!\d)",
    re.IGNORECASE,
)
_DRIVER = re.compile(
    r"(?:driver(?: version)?[ :=]{1,4}|驱动(?:版本)?[ :：是]{0,3})(\d{3}\.\d{1,3}(?:\.\d{1,3})?)",
    re.IGNORECASE,
)
_PYTHON = re.compile(
    r"[/\\]python(3\.\d{1,2})[/\\]|(?<![\w.])py(?:thon)?[ -=]?(3\.\d{1,2})(?![\d.])|(?<!\w)cp(3)(\d{1,2})-cp|[/\\]Python(3)(\d{2})[/\\]",
    re.IGNORECASE,
)
_ALIASES = {
    "pytorch": "torch",
    "bnb": "bitsandbytes",
    "py": "python",
    "flash-attention": "flash_attn",
    "llama-factory": "llamafactory",
    "swift": "ms_swift",
}


def find_versions(lines: Iterable[str]) -> Mapping[str, str]:
    """Version by package name (with `_` for `-`); the first statement of each counts."""
    found: dict[str, str] = {}
    for line in lines:
        if not any(each.isdigit() for each in line):
            continue
        line = line[:1_000]
        for match in (
            (*_STATED.finditer(line), *_MAJOR.finditer(line)) if "." in line else _MAJOR.finditer(line)
        ):
            if _REQUIRED.search(line[max(0, match.start() - 40) : match.start()]) or line[match.end() :][
                :2
            ] in ("/s", "x "):
                continue
            name = match["name"].lower()
            if name == "py" and not match["version"].startswith("3."):
                continue
            found.setdefault(_ALIASES.get(name, name).replace("-", "_"), match["version"])
        _system(line, found)
    build = re.search(r"\+cu(1[0-3])(\d)", found.get("torch", ""))
    if build:
        found.setdefault("cuda", f"{build[1]}.{build[2]}")
    return found


def _system(line: str, found: dict[str, str]) -> None:
    driver = _DRIVER.search(line)
    if driver:
        found.setdefault("driver", driver[1])
    cuda = _CUDA.search(line)
    if cuda:
        found.setdefault("cuda", f"{cuda['a']}.{cuda['b']}")
    python = _PYTHON.search(line)
    if python:
        groups = [group for group in python.groups() if group]
        found.setdefault("python", ".".join(groups))
