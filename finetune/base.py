"""Loads the model that is to be trained, and its tokenizer."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import UserError
from finetune.four_bit import keep_trainable
from finetune.recipe import Recipe

EMBEDDED = "embedded"


@dataclass(frozen=True, slots=True)
class Base:
    """A model to train: its folder, and the name that an adapter remembers it by."""

    folder: Path
    name: str


def find_base(source: str, *, four_bits: bool) -> Base:
    """The folder of a base ("embedded", a folder, a hub id), fetched or converted first where need be.
    Raises UserError."""
    if source == EMBEDDED:
        from assistant.generation import embedded, stored
        from assistant.settings import cache_folder

        ready = (stored.ensure if four_bits else stored.full_precision)(cache_folder())
        return Base(ready, embedded.source().id)
    folder = Path(source).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise UserError(f"The base {source} is not a model: the folder has no config.json.")
        return Base(folder, _remembered(folder))
    if folder.is_absolute() or source.startswith((".", "~")) or source.count("/") != 1:
        raise UserError(f"There is no base {source}: give `embedded`, a model's folder or its id on the hub.")
    import threading

    from assistant.generation.hub import fetch

    return Base(fetch(source, None, lambda stage, done, total: None, threading.Event()), source)


def load_base(base: Base, made: Recipe) -> tuple[Any, Any]:
    """The model, 4-bit where the recipe says so, and its tokenizer. Raises UserError."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    if made.device == "cuda" and not torch.cuda.is_available():
        raise UserError(
            "This config needs a GPU (`device: cuda`), and torch sees none: run `tracedoc doctor`, or set `device: auto`.",
            3,
        )
    options: dict[str, Any] = {"dtype": dtype_of(made), "local_files_only": True, "trust_remote_code": False}
    if made.device != "cpu" and torch.cuda.is_available() and "LOCAL_RANK" in os.environ:
        options["device_map"] = {"": int(os.environ["LOCAL_RANK"])}
    try:
        config = AutoConfig.from_pretrained(base.folder, local_files_only=True)
        if made.method == "qlora" and not getattr(config, "quantization_config", None):
            options["quantization_config"] = _four_bits(made)
        model = AutoModelForCausalLM.from_pretrained(base.folder, use_safetensors=True, **options)
        tokenizer = AutoTokenizer.from_pretrained(base.folder, local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
        raise UserError(
            f"The base {base.name} cannot be loaded: {' '.join(str(error).split())[:300]}", 3
        ) from error
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    keep_trainable(model)
    return model, tokenizer


def dtype_of(made: Recipe) -> Any:
    """The dtype that weights are kept in, and computed in."""
    import torch

    if made.precision != "auto":
        return {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}[made.precision]
    if torch.cuda.is_available() and made.device != "cpu":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return torch.float32


def _four_bits(made: Recipe) -> Any:
    import torch
    from transformers import BitsAndBytesConfig

    # FSDP shards only what has the dtype of the other parameters
    sharded = os.environ.get("ACCELERATE_USE_FSDP", "").lower() == "true"
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype_of(made),
        bnb_4bit_quant_storage=dtype_of(made) if sharded else torch.uint8,
    )


def _remembered(folder: Path) -> str:
    """A folder of the converted embedded LM is known by the converted weights' own name."""
    from assistant.generation import embedded

    name = embedded.source().id
    return name if name in folder.resolve().parts else str(folder)
