"""Models in 4 bits, on the CPU."""

from pathlib import Path
from typing import Any

import torch

from tests.proofs import tiny
from tests.proofs.fix import apply_fix
from tests.proofs.proof import proof


@proof("quantized-move", "cast-dtype", says="You cannot cast a bitsandbytes model in a new `dtype`")
def cast(fixed: bool, folder: Path) -> None:
    model = _quantized(folder)
    if not fixed:
        model.to(torch.float16)


@proof("quantized-move", "cast-dtype", says="`.half()` is not supported for quantized model")
def halved(fixed: bool, folder: Path) -> None:
    model = _quantized(folder)
    if not fixed:
        model.half()


@proof("quantized-finetune", "no-adapter", says="You cannot perform fine-tuning on purely quantized models")
def trained_without_adapter(fixed: bool, folder: Path) -> None:
    model = _quantized(folder)
    if fixed:
        model = apply_fix("quantized-finetune", "no-adapter", model=model)["model"]
    tiny.trainer(folder, model)


@proof("qlora-recipe", "compute-dtype", says="bnb_4bit_compute_dtype must be")
def compute_dtype_of_another_type(fixed: bool) -> None:
    from transformers import BitsAndBytesConfig

    if fixed:
        apply_fix("qlora-recipe", "compute-dtype")
    else:
        BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_compute_dtype=16)


@proof("removed-loading-arguments", "load-in-bits", says="got an unexpected keyword argument 'load_in_4bit'")
def bits_as_an_argument(fixed: bool, folder: Path) -> None:
    from transformers import LlamaForCausalLM

    tiny.llama().save_pretrained(folder)
    if fixed:
        apply_fix("removed-loading-arguments", "load-in-bits", paths={"your-model": folder})
    else:
        LlamaForCausalLM.from_pretrained(folder, load_in_4bit=True)


@proof("bnb-modules-on-cpu", "fp32-offload", says="Some modules are dispatched on the CPU or the disk")
def quantized_on_the_disk(fixed: bool, folder: Path) -> None:
    from transformers import BitsAndBytesConfig, LlamaForCausalLM

    tiny.llama().save_pretrained(folder)
    LlamaForCausalLM.from_pretrained(
        folder,
        quantization_config=BitsAndBytesConfig(load_in_8bit=True),
        device_map="cpu" if fixed else {"model": "cpu", "lm_head": "disk"},
        offload_folder=folder / "offload",
    )


def _quantized(folder: Path, dtype: Any = torch.float32) -> Any:
    from transformers import BitsAndBytesConfig, LlamaForCausalLM

    tiny.llama(hidden_size=64, intermediate_size=64, pad_token_id=0).save_pretrained(folder / "base")
    config = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_compute_dtype=torch.float32)
    return LlamaForCausalLM.from_pretrained(
        folder / "base", quantization_config=config, dtype=dtype, device_map="cpu"
    )
