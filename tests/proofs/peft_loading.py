"""Saved adapters that do not load."""

import json
from pathlib import Path
from typing import Any

from tests.proofs import tiny
from tests.proofs.fix import apply_fix
from tests.proofs.proof import proof


@proof("peft-load", "no-config-file", says="Can't find 'adapter_config.json' at")
def folder_without_an_adapter(fixed: bool, folder: Path) -> None:
    _load(folder / "adapter" if fixed else folder, folder)


@proof("peft-load", "newer-config", says="Unexpected keyword arguments")
def config_of_a_newer_version(fixed: bool, folder: Path) -> None:
    tiny.lora().save_pretrained(folder / "adapter")
    file = folder / "adapter" / "adapter_config.json"
    config = json.loads(file.read_text())
    if not fixed:
        file.write_text(json.dumps(config | {"a_field_of_tomorrow": 1}))
    _load(folder / "adapter", folder, save=False)


@proof("peft-load", "lora-shape", says="size mismatch for base_model.model")
def adapter_of_another_rank(fixed: bool, folder: Path) -> None:
    tiny.lora(r=4).save_pretrained(folder / "adapter")
    file = folder / "adapter" / "adapter_config.json"
    if not fixed:
        file.write_text(json.dumps(json.loads(file.read_text()) | {"r": 2}))
    _load(folder / "adapter", folder, save=False)


@proof("peft-load", "missing-keys", says="Found missing adapter keys while loading the checkpoint")
def names_of_another_model(fixed: bool, folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    tiny.lora().save_pretrained(folder / "adapter")
    file = folder / "adapter" / "adapter_model.safetensors"
    weights = load_file(file)
    if not fixed:
        save_file({name.replace("model.model.", "model."): each for name, each in weights.items()}, file)
    _load(folder / "adapter", folder, save=False)


@proof("added-tokens-lora", "load-resized", says="size mismatch for base_model.model")
def base_not_resized(fixed: bool, folder: Path) -> None:
    tokenizer = tiny.tokenizer()
    tokenizer.add_tokens([f"<new{number}>" for number in range(20)])
    tiny.llama().save_pretrained(folder / "base")
    model = tiny.llama()
    model.resize_token_embeddings(len(tokenizer))
    tiny.lora(model, modules_to_save=["embed_tokens", "lm_head"]).save_pretrained(folder / "adapter")
    tokenizer.save_pretrained(folder / "adapter")
    if fixed:
        code_reads = {"base": folder / "base", "adapter-folder": folder / "adapter"}
        apply_fix("added-tokens-lora", "load-resized", paths=code_reads)
    else:
        _load(folder / "adapter", folder, save=False)


@proof("finetuned-weights-missing", "adapter-as-model", says="MISSING")
def merged_keys_of_a_peft_model(fixed: bool, folder: Path) -> None:
    from transformers import AutoModelForCausalLM

    tiny.llama().save_pretrained(folder / "base")
    model = tiny.lora(AutoModelForCausalLM.from_pretrained(folder / "base"))
    model.save_pretrained(folder / "adapter")
    if fixed:
        code_reads = {
            "base": folder / "base",
            "adapter-folder": folder / "adapter",
            "merged": folder / "merged",
        }
        apply_fix("finetuned-weights-missing", "adapter-as-model", paths=code_reads)
    else:
        import torch

        model.config.save_pretrained(folder / "all")
        torch.save(model.state_dict(), folder / "all" / "pytorch_model.bin")
        AutoModelForCausalLM.from_pretrained(folder / "all")


def _load(adapter: Path, folder: Path, *, save: bool = True) -> Any:
    from peft import PeftModel

    if save:
        tiny.lora().save_pretrained(folder / "adapter")
    return PeftModel.from_pretrained(tiny.llama(), adapter)
