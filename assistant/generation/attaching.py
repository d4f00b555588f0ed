"""Attaches a PEFT adapter to a model, if it is for this model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant.errors import UserError
from assistant.generation.model_folder import INSTALL, one_line


def attached(
    model: Any, folder: Path, report: Callable[[str, int, int], None], *, trainable: bool = False
) -> Any:
    """The model with the adapter of a folder, which can be switched off, or trained on. Raises UserError."""
    try:
        from peft import PeftConfig, PeftModel
    except ImportError as error:
        raise UserError(f"An adapter needs peft: {INSTALL}", 3) from error
    if not (folder / "adapter_config.json").is_file():
        raise UserError(f"{folder} is not an adapter: it has no adapter_config.json.")
    if not (folder / "adapter_model.safetensors").is_file():
        raise UserError(
            f"The adapter {folder} has no adapter_model.safetensors: save it with save_pretrained."
        )
    report("adapter", 0, 0)
    base = str(PeftConfig.from_pretrained(str(folder)).base_model_name_or_path or "not said which")
    try:
        model_with_adapter = PeftModel.from_pretrained(model, folder, is_trainable=trainable)
        strange = _strange(model_with_adapter, folder / "adapter_model.safetensors")
    except (RuntimeError, ValueError, KeyError) as error:
        raise UserError(
            f"The adapter {folder.name} is for another base model ({base}): {one_line(error)}"
        ) from error
    if strange:
        raise UserError(
            f"The adapter {folder.name} is for another base model ({base}): it has no place for {strange}."
        )
    return model_with_adapter


def _strange(attached: Any, file: Path) -> str:
    """A tensor that only the adapter's file or only the model has; peft passes over both."""
    from peft import get_peft_model_state_dict
    from safetensors import safe_open

    with safe_open(file, "pt") as stored:
        theirs = set(stored.keys())
    ours = set(get_peft_model_state_dict(attached, save_embedding_layers=False))
    return min(theirs ^ ours, default="")
