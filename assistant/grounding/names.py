"""Names in a text: code, identifiers, flags, paths, versions and proper names, in one spelling each."""

import re
import tomllib
from functools import lru_cache
from pathlib import Path

_PART = re.compile(r"[A-Za-z0-9\u4e00-\u9fff]+")
_STRONG = re.compile(
    r"[A-Za-z0-9]_[A-Za-z0-9]|_[a-z]|\(\)|^--|\w\.[A-Za-z_]|::|^/|^~|=|^-[A-Za-z]$|^[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]+)+[A-Z]?$|[A-Za-z0-9]{2,}For[A-Z]",
    re.ASCII,
)
# Products whose spelling looks like code: named freely, compared as proper names.
_PRODUCTS = frozenset(
    [
        "pytorch",
        "tensorflow",
        "deepspeed",
        "huggingface",
        "github",
        "gitlab",
        "flashattention",
        "javascript",
        "cublas",
        "cudnn",
        "nccl",
        "lora",
        "qlora",
        "dora",
        "loras",
        "pypi",
        "numpy",
        "scipy",
        "youtube",
        "stackoverflow",
        "langchain",
        "chatgpt",
        "openai",
        "deepseek",
        "llamafactory",
        "onnxruntime",
        "tensorrt",
        "jupyter",
        "colab",
        "dataloader",
        "dataparallel",
        "runpod",
        "autodl",
        "modelscope",
        "gitee",
        "wandb",
        "tensorboard",
        "safetensors",
        "e.g",
        "i.e",
    ]
)
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


@lru_cache(maxsize=1 << 15)
def key(name: str) -> str:
    """The spelling under which names are compared: FlashAttention-2, flash_attention 2 → flashattention2;
    dots stay, as they join parts that can stand alone."""
    name = name.strip("`'\"()[]{}<>,;:").removesuffix("()").lstrip("-").rstrip(".")
    return re.sub(r"[\s_\-]+", "", name.lower())


@lru_cache(maxsize=1 << 15)
def suffixes(name: str) -> tuple[str, ...]:
    """A dotted name's own key and those of its endings: model.config.x → also config.x and x."""
    whole = key(name)
    parts = whole.split(".")
    return tuple(".".join(parts[start:]) for start in range(len(parts)) if parts[start])


@lru_cache(maxsize=1 << 15)
def strong(name: str) -> bool:
    """Whether a word outside of code can only be a name of code (snake_case, CamelCase, a.b, --flag)."""
    return bool(_STRONG.search(name)) and key(name) not in _PRODUCTS


@lru_cache(maxsize=1 << 15)
def words(name: str) -> tuple[str, ...]:
    """The plain words that an identifier is made of: `save_steps` → save, steps."""
    return tuple(piece.lower() for part in _PART.findall(name) for piece in _CAMEL.findall(part) or [part])


@lru_cache(maxsize=1)
def _kinds() -> dict[str, str]:
    listed = tomllib.loads((Path(__file__).parent / "names.toml").read_text(encoding="utf-8"))
    return {name.lower(): kind for kind, line in listed.items() for name in line.split()}


def listed(word: str) -> bool:
    """Whether a word is a proper name of the field, whatever its case."""
    return key(word) in _kinds()


_NUMBERED = re.compile(r"\d[\d.]*[bm]?(?:base|chat|instruct|it|hf)?$|base$|large$|small$")
_FORMS = (
    ("flag", re.compile(r"^--?[A-Za-z]")),
    (
        "path",
        re.compile(
            r"^(?:~|\.{0,2}/|https?:)|\.(?:py|json|jsonl|jinja|toml|ya?ml|txt|bin|safetensors|so|dll|gguf|md|sh)$"
        ),
    ),
    ("variable", re.compile(r"^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$")),
    ("constant", re.compile(r"^(?:True|False|None|true|false|null|auto)$")),
    ("class", re.compile(r"^(?:\w+\.)*[A-Z][a-z0-9]+(?:[A-Z]+[a-z0-9]*)+$")),
    ("argument", re.compile(r"^(?:\w+\.)*[a-z0-9]+(?:_[a-z0-9]+)+(?:\(\))?$")),
)


@lru_cache(maxsize=1 << 14)
def kind(text: str, code: bool = False) -> str:
    """What a name names: a kind of names.toml, or by its form flag, path, variable, class, argument;
    a plain word that is written as `code` is an argument too."""
    spelled = key(text)
    for known in (spelled, _NUMBERED.sub("", spelled)):  # Falcon-7B is a Falcon
        if found := _kinds().get(known):
            return found
    for form, pattern in _FORMS:
        if pattern.search(text):
            return form
    return "argument" if code else "other"
