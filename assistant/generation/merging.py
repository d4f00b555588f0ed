"""Merges a LoRA adapter into the model in bf16, from where it is quantized anew.

An adapter attached to a 4-bit model costs every pass over several tokens most of a second on a CPU, and
merging into 4-bit weights ruins them; merged first and quantized then, the model is as fast as the base.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assistant.errors import UserError
from assistant.generation.embedded import Source
from assistant.generation.gemma import size_of
from assistant.generation.stored import Report

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_PREFIX = "base_model.model."


def check(adapter: Path, full: Path, source: Source) -> None:
    """Whether an adapter can be merged into the model of a folder: a LoRA of these weights and this
    vocabulary, which leaves the embedding alone. Raises UserError that says what is not so."""
    settings, shapes = _settings(adapter), _shapes(adapter / WEIGHTS)
    name = f"The adapter {adapter.name}"
    if settings.get("peft_type") != "LORA":
        raise UserError(f"{name} is no LoRA adapter ({settings.get('peft_type')}): only LoRA can be merged.")
    base = str(settings.get("base_model_name_or_path") or "")
    parts = set(base.replace("\\", "/").split("/"))
    if source.id not in parts and base not in source.aliases:
        if any(part.startswith(f"{source.name}-{source.sha256[:8]}-") for part in parts):
            raise UserError(f"{name} was trained for another vocabulary of {source.name}: train it again.")
        raise UserError(f"{name} is for another base model ({base or 'not said which'}), not {source.id}.")
    if settings.get("modules_to_save") or settings.get("trainable_token_indices"):
        raise UserError(f"{name} changes more than the layers (modules_to_save): train it without that.")
    ours = _shapes(full / "model.safetensors")
    for key, shape in shapes.items():
        fault = _misfit(key, shape, ours)
        if fault:
            raise UserError(f"{name} is for another base model: {fault}.")


def merge(full: Path, adapter: Path, folder: Path, report: Report) -> None:
    """Writes the model of `full` with the adapter in its weights to `folder`, in bf16. Merged in fp32, so
    that small changes are not rounded away twice. Raises UserError, OSError."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    total = size_of(full)
    report("merge", 0, total)
    model = AutoModelForCausalLM.from_pretrained(full, dtype=torch.float32, local_files_only=True)
    try:
        merged = PeftModel.from_pretrained(model, adapter).merge_and_unload(safe_merge=True)
    except (RuntimeError, ValueError, KeyError) as error:
        line = " ".join(str(error).split())[:200]
        raise UserError(f"The adapter {adapter.name} cannot be merged: {line}") from error
    report("merge", total // 2, total)
    merged.to(torch.bfloat16).save_pretrained(folder)
    AutoTokenizer.from_pretrained(full, local_files_only=True).save_pretrained(folder)
    report("merge", total, total)


def _misfit(key: str, shape: tuple[int, ...], ours: Mapping[str, tuple[int, ...]]) -> str:
    """Why a tensor of an adapter has no place in the base; "" if it has."""
    module, mark, _ = key.removeprefix(_PREFIX).partition(".lora_")
    base = ours.get(f"{module}.weight")
    if "embed_tokens" in module or "lm_head" in module:
        return f"it changes {module}"
    if base is None or not mark:
        return f"it has {key}, which this model has not"
    side = "in" if ".lora_A." in key else "out" if ".lora_B." in key else ""
    if side and shape[1 if side == "in" else 0] != base[1 if side == "in" else 0]:
        return f"{module} has the shape {list(base)} here"
    return ""


def _settings(adapter: Path) -> dict[str, Any]:
    try:
        found = json.loads((adapter / CONFIG).read_bytes())
    except (OSError, ValueError) as error:
        raise UserError(f"{adapter} is not a usable adapter: its {CONFIG} cannot be read.") from error
    if not isinstance(found, dict):
        raise UserError(f"{adapter} is not a usable adapter: its {CONFIG} holds no settings.")
    return found


def _shapes(file: Path) -> dict[str, tuple[int, ...]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, "np") as stored:
            return {key: tuple(stored.get_slice(key).get_shape()) for key in stored.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise UserError(f"{file} cannot be read: save the adapter with save_pretrained.") from error
