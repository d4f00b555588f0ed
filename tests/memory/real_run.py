"""Runs a tiny model of the installed transformers on the CPU and counts every byte that it allocates:
what the planner's formulas are compared with."""

import contextlib
import gc
import weakref
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from transformers import CONFIG_MAPPING, AutoModelForCausalLM

TINY: dict[str, Any] = {
    "hidden_size": 128,
    "intermediate_size": 352,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "num_hidden_layers": 3,
    "vocab_size": 1000,
    "tie_word_embeddings": False,
    "max_position_embeddings": 2048,
}


class Counting(TorchDispatchMode):
    """Follows the storages of all tensors that operations give, until they are freed."""

    def __init__(self) -> None:
        super().__init__()
        self.live: dict[int, tuple[int, int]] = {}
        self.now = self.peak = self.number = 0

    def add(self, tensor: torch.Tensor) -> None:
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self.live:
            return
        self.number += 1
        entry = (storage.nbytes(), self.number)
        self.live[key] = entry
        self.now += entry[0]
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self.forget, key, entry)

    def forget(self, key: int, entry: tuple[int, int]) -> None:
        if self.live.get(key) == entry:
            del self.live[key]
            self.now -= entry[0]

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = function(*args, **(kwargs or {}))
        for leaf in tree_leaves(out):
            if isinstance(leaf, torch.Tensor):
                self.add(leaf)
        return out


@dataclass(frozen=True)
class Measured:
    """Bytes beside the weights: the peak, and what the forward pass leaves for the backward pass."""

    peak: int
    kept: int


def build(config: dict[str, Any], dtype: torch.dtype, attention: str = "sdpa") -> Any:
    values = dict(config)
    settings = CONFIG_MAPPING[values.pop("model_type")](**values)
    return AutoModelForCausalLM.from_config(settings, dtype=dtype, attn_implementation=attention)


def quantized(model: Any, prepared: bool) -> Any:
    """The body's linear layers in NF4; with `prepared`, the rest in fp32 as PEFT's helper makes it."""
    import bitsandbytes as bnb

    for name, module in list(model.named_modules()):
        if isinstance(module, torch.nn.Linear) and "lm_head" not in name:
            layer = bnb.nn.Linear4bit(
                module.in_features,
                module.out_features,
                bias=False,
                compute_dtype=torch.bfloat16,
                quant_type="nf4",
            )
            layer.weight = bnb.nn.Params4bit(module.weight.data, requires_grad=False, quant_type="nf4")
            parent, _, leaf = name.rpartition(".")
            setattr(model.get_submodule(parent), leaf, layer.to("cpu"))
    for parameter in model.parameters():
        parameter.requires_grad_(False)
        if prepared and parameter.dtype == torch.bfloat16:
            parameter.data = parameter.data.float()
    return model


def adapted(model: Any, rank: int, width: torch.dtype, dropout: float = 0.0) -> Any:
    from peft import LoraConfig, get_peft_model

    model = get_peft_model(
        model, LoraConfig(r=rank, lora_dropout=dropout, target_modules="all-linear", task_type="CAUSAL_LM")
    )
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.data = parameter.data.to(width)
    return model


def train(model: Any, tokens: int, *, amp: bool = False, checkpointing: bool = False) -> Measured:
    """One forward and backward pass over one sequence, as Trainer runs it."""
    if checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        model.enable_input_require_grads()
    model.train()
    gc.collect()
    with Counting() as counting:
        for tensor in (*model.parameters(), *model.buffers()):
            counting.add(tensor)
        still = counting.now
        counting.peak = still
        ids = torch.zeros(1, tokens, dtype=torch.long)
        autocast = torch.autocast("cpu", torch.bfloat16) if amp else contextlib.nullcontext()
        with autocast:
            out = model(input_ids=ids, labels=ids, use_cache=False)
        loss = out.loss
        if amp:  # accelerate's wrapper turns outputs into fp32
            copied = out.logits.float()
            del copied
        del out
        kept = counting.now - still
        loss.backward()
        return Measured(counting.peak - still, kept)
