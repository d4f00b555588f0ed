"""What the words around a report say where the report itself says nothing: GPU, versions, system."""

import re
from typing import Any

from assistant.machine.paste.names import gpus_in, whole_name
from assistant.reading import Reading
from assistant.reading.hardware import named_gpus, names_apart, stated_count, stated_memory

_SYSTEM = re.compile(
    r"(?<![\w/-])(?:Ubuntu|Debian(?: GNU/Linux)?|CentOS(?: Linux)?|Red Hat Enterprise Linux|RHEL|Rocky(?: Linux)?|AlmaLinux|Fedora|Arch Linux|Linux Mint|openSUSE|Amazon Linux|macOS|Mac OS X|Windows(?: Server)?) ?(?:[A-Z][a-z]{3,12} )?\d{1,4}(?:\.\d{1,3}){0,3}(?: LTS)?"
    r"|(?<![\w/-])Windows-1[01]-[\d.]{5,20}|(?<![\w/-])WSL ?2?(?!\w)"
)
_WINDOWS = re.compile(
    r"(?:^|[^A-Za-z])[A-Za-z]:\\{1,2}(?:Users|Program|Windows|Python|ProgramData|Anaconda)|WindowsPath|\bwin_amd64\b|win32",
    re.IGNORECASE,
)
_MAC = re.compile(r"(?i)\bmac(?:book|os| ?mini| ?studio)?\b(?!\w)")
_MAC_CHIP = re.compile(
    r"(?:Apple|MacBook|Mac|iMac)[^\n]{0,24}?\b(?P<chip>M[1-5](?: (?:Pro|Max|Ultra))?)\b|(?<![\w-])(?P<alone>M[1-5] (?:Pro|Max|Ultra))\b"
)
_NOTEBOOKS = (
    (r"(?i)colab|/content/", "colab"),
    (r"(?i)kaggle", "kaggle"),
    (r"(?i)jupyter|ipython|ipykernel|notebook|(?:Cell|Input) In ?\[", "jupyter"),
)
_DENIED = re.compile(r"(?i)running (?:on|in) [^\n]{2,40}\?\s{0,2}: {0,3}no\b")
_OTHER_CARD = re.compile(
    r"\b(?:AMD (?:Radeon|Instinct) [A-Z]{1,3} ?\w{2,6}(?: XTX?)?|Radeon (?:RX|Pro) ?\w{3,6}(?: XTX?)?|RX ?[5-9]\d{3}(?: XTX?)?|(?:Intel )?Arc (?:A|B|Pro )\w{3,5})\b"
)
"""Cards that our table lacks."""
_FROM_WORDS = (
    "torch",
    "transformers",
    "peft",
    "accelerate",
    "bitsandbytes",
    "trl",
    "tokenizers",
    "datasets",
    "deepspeed",
    "vllm",
    "flash_attn",
    "unsloth",
    "diffusers",
    "numpy",
    "huggingface_hub",
    "safetensors",
    "triton",
    "xformers",
    "auto_gptq",
    "optimum",
    "llamafactory",
    "torchvision",
    "tensorflow",
)


def stated_in_words(reading: Reading, text: str) -> dict[str, Any]:
    """The part of a report that the words state. Beside the report's own keys: `gpu_list`, `gpu_count`
    and `vram_gib`."""
    found: dict[str, Any] = {"packages": {}, "environment": {}}
    for name in _FROM_WORDS:
        version = reading.versions.get(name)
        if version and "." in version:
            found["packages"][name] = version
    for name in ("python", "driver"):
        version = reading.versions.get(name)
        if version and "." in version and (name != "driver" or version in text):
            found[name] = version
    system = _SYSTEM.search(text)
    if system:
        found["os"] = system[0].strip()
    elif _WINDOWS.search(text):
        found["os"] = "Windows"
    spaced = names_apart(_without_paths(text))
    named = named_gpus(spaced)
    chip = None if named else _MAC_CHIP.search(text)
    if named:
        _, start, end = named[0]
        several = gpus_in(spaced[spaced.rfind("\n", 0, start) + 1 :].partition("\n")[0])
        found["gpu_list"] = several if len(several) > 1 else [{"name": whole_name(spaced, start, end)[0]}]
    else:
        other = _OTHER_CARD.search(spaced)
        if chip:
            found["gpu_list"] = [{"name": chip["chip"] or chip["alone"]}]
        elif other:
            found["gpu_list"] = [{"name": other[0].strip()}]
    if "os" not in found and not named and (chip or _MAC.search(text)):
        found["os"] = "macOS"
    count = stated_count(spaced.replace("\n", "\n.\n"))  # a number at a line's end counts nothing on the next
    if count:
        found["gpu_count"] = count
    memory = stated_memory(spaced)
    if memory and named:
        found["vram_gib"] = memory
    notebook = _notebook(_DENIED.sub("", text)) if reading.facts.get("notebook") else ""
    if notebook:
        found["environment"]["notebook"] = notebook
    return found


def _without_paths(text: str) -> str:
    """Paths and addresses hold numbers that look like GPUs."""
    return re.sub(r"(?:https?://|[A-Za-z]:\\|/)[^\s\"'<>|]{6,300}", " ", text)


def _notebook(text: str) -> str:
    return next((name for pattern, name in _NOTEBOOKS if re.search(pattern, text)), "")
