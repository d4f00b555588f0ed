"""An adapter to go on from: the shipped one, or one's own, with new data."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assistant.errors import UserError
from finetune.recipe import Recipe

SHIPPED = "shipped"
_SAME = {"rank": "r", "alpha": "lora_alpha", "dropout": "lora_dropout"}
"""Settings of a recipe that an adapter has fixed, and PEFT's names for them."""


def adapter_folder(start: str) -> Path:
    """The folder that a recipe's `start` means."""
    from assistant.generation.adapters import OURS

    return OURS if start == SHIPPED else Path(start).expanduser()


def goes_on_from(model: Any, made: Recipe, base: str) -> Any:
    """The model with the adapter that a recipe starts from, to be trained. Raises UserError where it is for
    another base, no LoRA, or of other settings than the recipe's."""
    from assistant.generation.attaching import attached

    folder = adapter_folder(made.start)
    _check(made, folder, base)
    return attached(model, folder, lambda stage, done, total: None, trainable=True)


def described(start: str) -> str:
    """The start as a card names it, with the steps that it was trained for, where these are known."""
    folder = adapter_folder(start)
    name = "the shipped adapter before it" if start == SHIPPED else folder.name
    try:
        facts = json.loads((folder / "training.json").read_text(encoding="utf-8"))
        before = facts.get("started_from")
        return f"{name} ({facts['steps']} steps{f', from {before}' if before else ''})"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return name


def _check(made: Recipe, folder: Path, base: str) -> None:
    try:
        theirs: Mapping[str, Any] = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(
            f"There is no adapter to go on from in {folder}: `start` may be shipped, or a folder of finetune.train."
        ) from error
    if theirs.get("peft_type") != "LORA":
        raise UserError(
            f"{folder} is no LoRA adapter ({theirs.get('peft_type')}): only LoRA can be gone on from."
        )
    if theirs.get("base_model_name_or_path") != base:
        raise UserError(
            f"The adapter {folder.name} is for another base model ({theirs.get('base_model_name_or_path') or 'not said which'}), "
            f"not {base}: leave `start` out."
        )
    for name, their_name in _SAME.items():
        ours = getattr(made, name)
        if theirs.get(their_name) != ours:
            raise UserError(
                f"`{name}` is {ours} here and {theirs.get(their_name)} in the adapter {folder.name} that the run "
                "starts from: take its value, or leave `start` out."
            )
    modules = set(theirs.get("target_modules") or ())
    if made.targets != ("all-linear",) and set(made.targets) != modules:
        raise UserError(
            f"`targets` differ from those of the adapter {folder.name} that the run starts from "
            f"({', '.join(sorted(modules))}): take these, or leave `start` out."
        )
