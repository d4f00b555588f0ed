"""Finds the model of a plan: a hub id, a folder, a config.json, or a size."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from assistant.errors import UserError
from assistant.memory.hub import LARGEST, fetch_config
from assistant.memory.plan import Model
from assistant.memory.read_config import read_architecture

_SIZE = re.compile(r"(\d{1,4}(?:\.\d{1,3})?)\s*([bm])(?:illion)?", re.IGNORECASE)
_ID = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}|[\w.-]{1,96}")
# what people run at a size today: the architecture that a bare "7B" stands for
_TYPICAL = (
    "HuggingFaceTB/SmolLM2-135M", "Qwen/Qwen2.5-0.5B", "meta-llama/Llama-3.2-1B", "Qwen/Qwen2.5-1.5B",
    "meta-llama/Llama-3.2-3B", "Qwen/Qwen3-4B", "01-ai/Yi-6B", "meta-llama/Llama-2-7b-hf", "Qwen/Qwen2.5-7B",
    "meta-llama/Llama-3.1-8B", "google/gemma-2-9b", "google/gemma-3-12b-it", "meta-llama/Llama-2-13b-hf",
    "Qwen/Qwen2.5-14B", "mistralai/Mistral-Small-24B-Base-2501", "google/gemma-3-27b-it", "Qwen/Qwen2.5-32B",
    "01-ai/Yi-34B", "huggyllama/llama-65b", "meta-llama/Llama-3.1-70B", "Qwen/Qwen2.5-72B",
    "meta-llama/Llama-3.1-405B",
)  # fmt: skip


@cache
def carried() -> Mapping[str, Mapping[str, Any]]:
    """The configs that we carry, by hub id."""
    table: dict[str, dict[str, Any]] = json.loads(
        (Path(__file__).parent / "data/models.json").read_text("utf-8")
    )
    return table


def find_model(name: str, *, files: bool = True, hub: bool = True) -> Model:
    """The model that a text names; with `files`, also a folder or a file of this machine; with `hub`,
    also one that we do not carry. Raises UserError: code 2 where it is none, 3 where the hub cannot be
    reached; says which carried models have a name like it."""
    text = name.strip()
    path = Path(text).expanduser() if files else Path()
    if files and (text.endswith(".json") or (0 < len(text) < 1024 and path.is_dir())):
        config = _read(path / "config.json" if path.is_dir() else path)
        return Model(_shown(path), read_architecture(config), config=config)
    size = _SIZE.fullmatch(text)
    if size:
        return _of_size(float(size[1]) * (1e9 if size[2].lower() == "b" else 1e6))
    found = _carried(text)
    if found:
        return replace(_model(found), asked=text)
    if not text or "\0" in text or not _ID.fullmatch(text):
        raise UserError(
            f"`{text[:80]}` is neither a hub id, nor a folder, a config.json or a size such as 7B."
        )
    if not hub:
        raise UserError(f"I do not carry `{text[:80]}`{_near(text)}.")
    config = _from_hub(text)
    return Model(text, read_architecture(config), config=config)


@cache
def _model(name: str) -> Model:
    config = carried()[name]
    return Model(name, read_architecture(config), config=config)


def _shown(path: Path) -> str:
    folder = path if path.is_dir() else path.parent if path.name == "config.json" else path
    return folder.resolve().name


def _read(file: Path) -> Mapping[str, Any]:
    try:
        with file.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror or error}.") from None
    return _parsed(data, str(file))


def _parsed(data: bytes, what: str) -> Mapping[str, Any]:
    if len(data) > LARGEST:
        raise UserError(f"{what} is larger than {LARGEST >> 20} MB: that is no model's config.")
    try:
        found = json.loads(data.decode("utf-8", errors="replace"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{what} is not JSON that can be read: {error}.") from None
    if not isinstance(found, dict):
        raise UserError(f"{what} is not a model's config: it holds no JSON object.")
    return found


def _of_size(params: float) -> Model:
    if params < 1e6:
        raise UserError("a model has at least a million weights: give a size such as 7B.")
    sizes = {name: _model(name).shape for name in _TYPICAL}
    nearest = min(_TYPICAL, key=lambda name: abs(sizes[name].params / params - 1))
    if not 0.4 < params / sizes[nearest].params < 2.5:
        raise UserError(
            f"I know no typical architecture with {params / 1e9:g} billion weights: give the model itself."
        )
    return Model(nearest, sizes[nearest], assumed=True, config=carried()[nearest])


def _plain(name: str) -> str:
    """A name without what does not change a model's shapes (instruct, chat, hf, quantized copies)."""
    plain = name.rsplit("/", 1)[-1].lower().replace("_", "-").replace("meta-llama", "llama")
    ending = r"-(?:instruct|chat|hf|it|base|bnb|4bit|8bit|gptq|awq|int4|int8|unsloth|\d{4})(?=-|$)"
    plain = re.sub(ending, "", plain)
    return re.sub(r"-v\d(?:\.\d)?$", "", plain) if plain.startswith("vicuna") else plain


def _carried(text: str) -> str | None:
    table = {key.lower(): key for key in carried()}
    if text.lower() in table:
        return table[text.lower()]
    plain = {_plain(key): key for key in reversed(tuple(carried()))}
    spoken = {_spoken(key): key for key in carried()}
    return plain.get(_plain(text)) or spoken.get(_spoken(text))


def _spoken(name: str) -> str:
    """A name as people write it: "llama 2 13b", "llama2-13b" and "Llama-2-13b-hf" are one. What parts two
    numbers stays."""
    plain = _plain(re.sub(r"[\s:]+", "-", name.strip()))
    return re.sub(r"(?<=[a-z])-(?=\w)|(?<=\d)-(?=[a-z])", "", re.sub(r"-v\d(?:\.\d)?$", "", plain))


def _from_hub(name: str) -> Mapping[str, Any]:
    try:
        data = fetch_config(name)
    except UserError as error:
        raise UserError(
            f"I do not carry `{name[:80]}`{_near(name)}, and {error}: give its config.json, or a size such as 7B.",
            error.code,
        ) from None
    return _parsed(data, f"the config.json of `{name[:80]}`")


def _near(name: str) -> str:
    plain = {_plain(key): key for key in carried()}
    close = get_close_matches(_plain(name), plain, n=2, cutoff=0.6)
    return f" (near it: {', '.join(plain[one] for one in close)})" if close else ""
