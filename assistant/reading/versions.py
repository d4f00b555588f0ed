"""Versions of libraries, Python, CUDA and the driver that a paste states."""

import re
from collections.abc import Mapping

_NAMES = (
    "transformers|torch|pytorch|peft|accelerate|bitsandbytes|trl|tokenizers|datasets|huggingface[_-]hub|safetensors"
    "|deepspeed|flash[_-]attn|flash-attention|triton|xformers|vllm|unsloth|diffusers|sentencepiece|protobuf|numpy|torchvision|torchaudio"
    "|llama-?factory|axolotl|auto[_-]gptq|optimum|gradio|python|cuda|cudnn|nccl|sentence-transformers|scipy|pydantic|pyarrow|pandas|tensorflow|keras|tf-keras|ms-swift|swift"
)
_VERSION = r"v?(?P<version>\d{1,4}\.\d{1,4}(?:\.\d{1,5})?(?:\.?(?:dev|post|rc|a|b)\d*)?(?:\+\w[\w.]{0,20})?)"
_STATED = re.compile(
    rf"(?<![\w/-])[`'\"]?(?P<name>{_NAMES})[`'\"]?(?:\s{{1,3}}\(?\s?(?:version|版本)\)?)?(?:[\"'`]?\s{{0,3}}(?:==|=|:|@|-|is|为|是|：)?\s{{0,30}})[\"'`(]?{_VERSION}",
    re.IGNORECASE,
)
_CUDA = re.compile(
    r"(?:CUDA Version: |cuda[ -_]?(?:version)?[ :]{0,2}|cu(?=1[0-3]\d\b))v?(1[0-3])\.?(\d)\b", re.IGNORECASE
)
_DRIVER = re.compile(
    r"(?:Driver Version: |driver(?: version)?[ :]{1,3}|驱动(?:版本)?[ :：]{0,2})(\d{3}\.\d{1,3}(?:\.\d{1,3})?)",
    re.IGNORECASE,
)
_PYTHON_PATH = re.compile(r"[/\\]python(3\.\d{1,2})[/\\]")
_ALIASES = {
    "pytorch": "torch",
    "flash-attention": "flash_attn",
    "llama-factory": "llamafactory",
    "swift": "ms_swift",
}


def find_versions(text: str) -> Mapping[str, str]:
    """Version by package name (with `_` for `-`); the first statement of each counts."""
    found: dict[str, str] = {}
    for line in text.split("\n"):
        if "." not in line:
            continue
        for match in _STATED.finditer(line[:1_000]):
            before = line[max(0, match.start() - 3) : match.start()]
            if before.endswith((">=", "<=", "~=", ">", "<")) or re.search(
                r"[<>~!]=?\s*$", match[0][: match.start("version") - match.start()]
            ):
                continue
            name = match["name"].lower()
            name = _ALIASES.get(name, name).replace("-", "_")
            found.setdefault(name, match["version"])
    driver = _DRIVER.search(text)
    if driver:
        found.setdefault("driver", driver[1])
    cuda = _CUDA.search(text)
    if cuda:
        found.setdefault("cuda", f"{cuda[1]}.{cuda[2]}")
    python = _PYTHON_PATH.search(text)
    if python:
        found.setdefault("python", python[1])
    return found
