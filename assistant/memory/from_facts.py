"""A request from what a conversation says: facts and settings by the names of corpus/FORMAT.md."""

from collections.abc import Mapping
from typing import Any

from assistant.errors import UserError
from assistant.memory.request import PlanRequest, read_request

# our flag, and the facts that it may come from, the surest first
_FROM: Mapping[str, tuple[str, ...]] = {
    "method": ("method",),
    "batch_size": ("batch_size",),
    "seq": ("seq_len",),
    "new_tokens": ("set_max_new_tokens",),
    "optim": ("set_optim",),
    "checkpointing": ("set_gradient_checkpointing",),
    "attn": ("set_attn_implementation",),
    "lora_r": ("set_lora_r", "set_r", "set_lora_rank"),
    "lora_dropout": ("set_lora_dropout",),
    "accumulation": ("set_gradient_accumulation_steps",),
    "fused_loss": ("set_use_liger_kernel",),
    "gpu": ("gpu",),
    "vram": ("free_vram_gib", "vram_gib"),
    "gpus": ("gpu_count",),
    "transformers": ("v_transformers", "transformers"),
}
_ON = ("true", "1", "yes", "on")


def request_from_facts(facts: Mapping[str, object]) -> PlanRequest | None:
    """The run that the facts describe, None where they name no model. A fact that the planner cannot use
    is left out: it was read from free text."""
    model = facts.get("model") or (f"{facts['model_b']:g}B" if _number(facts.get("model_b")) else None)
    if not model:
        return None
    flags: dict[str, Any] = {"model": str(model)}
    for flag, names in _FROM.items():
        value = next((facts[name] for name in names if facts.get(name) not in (None, "")), None)
        if value is not None and _usable(flag, value):
            flags[flag] = value
    precision = _precision(facts, flags.get("method"))
    if precision:
        flags["precision"] = precision
    if flags.get("vram"):
        flags.pop("gpu", None)
    try:
        return read_request(flags)
    except UserError:
        return None


def _usable(flag: str, value: object) -> bool:
    try:
        read_request({"model": "x", flag: value})
    except UserError:
        return False
    return True


def _precision(facts: Mapping[str, object], method: object) -> str | None:
    on = {name: str(facts.get(f"set_{name}", "")).lower() in _ON for name in ("load_in_4bit", "load_in_8bit")}
    if on["load_in_4bit"] or method == "qlora":
        double = str(facts.get("set_bnb_4bit_use_double_quant", "")).lower() in _ON
        return "nf4-dq" if double else "nf4"
    if on["load_in_8bit"]:
        return "int8" if method != "full" else None
    stated = str(facts.get("set_dtype") or facts.get("set_torch_dtype") or "").lower().removeprefix("torch.")
    return stated if stated in ("float32", "float16", "bfloat16") else None


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
