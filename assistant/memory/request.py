"""What a plan is asked for, and the same with every setting decided: given, implied, or assumed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any, Literal, get_args

from assistant.errors import UserError

Method = Literal["inference", "full", "lora", "qlora", "prompt", "prefix"]
Precision = Literal["fp32", "fp16", "bf16", "int8", "nf4", "nf4-dq", "gptq-int4", "awq-int4", "fp8"]
Sharding = Literal["none", "ddp", "zero1", "zero2", "zero3", "fsdp", "device_map"]
Attention = Literal["eager", "sdpa", "flash_attention_2", "flash_attention_3", "flex_attention"]
Trainer = Literal["trl", "transformers"]
Lengths = Literal["unknown", "fixed", "varied"]
AdapterDtype = Literal["fp32", "bf16", "fp16"]

_MOST: Mapping[str, float] = {
    "batch_size": 1 << 16,
    "seq": 1 << 24,
    "new_tokens": 1 << 22,
    "lora_r": 1 << 14,
    "gpus": 1 << 14,
    "accumulation": 1 << 16,
    "virtual_tokens": 1 << 16,
    "vram": 1 << 14,
    "lora_dropout": 0.99,
}
_LEAST: Mapping[str, float] = {"new_tokens": 0, "lora_dropout": 0, "vram": 0}


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """One question to the planner: the command line's flags, None where one is not given.

    `model` is a hub id, a folder, a config.json, or a size ("7B"). Memory in GiB, lengths in tokens, the
    batch for each device. `lengths` says whether the batches of a training run all have `seq` tokens.
    `accumulation` steps add up gradients. `vram` is the memory that is free; without it, `gpu` names a card."""

    model: str
    method: Method = "inference"
    precision: Precision | None = None
    batch_size: int | None = None
    seq: int | None = None
    new_tokens: int | None = None
    optim: str | None = None
    checkpointing: bool | None = None
    attn: Attention | None = None
    lora_r: int | None = None
    lora_targets: str | None = None
    lora_dropout: float | None = None
    adapter_dtype: AdapterDtype | None = None
    virtual_tokens: int | None = None
    gpus: int | None = None
    sharding: Sharding | None = None
    gpu: str | None = None
    vram: float | None = None
    trainer: Trainer | None = None
    transformers: str | None = None
    lengths: Lengths | None = None
    accumulation: int | None = None
    fused_loss: bool | None = None


_CHOICES: Mapping[str, tuple[str, ...]] = {
    "method": get_args(Method),
    "precision": get_args(Precision),
    "sharding": get_args(Sharding),
    "attn": get_args(Attention),
    "trainer": get_args(Trainer),
    "lengths": get_args(Lengths),
    "adapter_dtype": get_args(AdapterDtype),
}
_ALIASES: Mapping[str, str] = {
    "float32": "fp32", "float16": "fp16", "half": "fp16", "bfloat16": "bf16", "8bit": "int8", "4bit": "nf4",
    "int4": "nf4", "fp4": "nf4", "gptq": "gptq-int4", "awq": "awq-int4", "flash2": "flash_attention_2",
    "fa2": "flash_attention_2", "flash_attn": "flash_attention_2", "auto": "device_map", "zero-1": "zero1",
    "zero-2": "zero2", "zero-3": "zero3", "fsdp2": "fsdp", "fine-tuning": "full", "fft": "full",
}  # fmt: skip
_SWITCH: Mapping[str, bool] = {
    "on": True,
    "off": False,
    "true": True,
    "false": False,
    "yes": True,
    "no": False,
}


def read_request(flags: Mapping[str, Any]) -> PlanRequest:
    """A request from the flags of a command line or of JSON. Raises UserError: one sentence that names
    the flag, what is wrong with it, and what it takes."""
    known = {field.name for field in fields(PlanRequest)}
    given: dict[str, Any] = {}
    for name, value in flags.items():
        key = str(name).replace("-", "_")
        if key in ("id", "json", "lang") or value is None or value == "":
            continue
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f": did you mean `{near[0]}`?" if near else f" (it takes {', '.join(sorted(known))})."
            raise UserError(f"the planner has no setting `{key[:40]}`{hint}")
        given[key] = _checked(key, value)
    if not given.get("model"):
        raise UserError(
            "no model is given: `--model` takes a hub id, a folder, a config.json, or a size such as 7B."
        )
    return PlanRequest(**given)


def _checked(key: str, value: Any) -> Any:
    flag = f"`--{key.replace('_', '-')}`"
    if key in _CHOICES:
        return _choice(key, value, flag)
    if key in ("checkpointing", "fused_loss"):
        if isinstance(value, bool):
            return value
        if str(value).lower() in _SWITCH:
            return _SWITCH[str(value).lower()]
        raise UserError(f"{flag} is {str(value)[:40]!r}: it takes `on` or `off`.")
    if key in ("model", "optim", "lora_targets", "gpu"):
        text = ",".join(map(str, value)) if isinstance(value, list) else str(value).strip()
        if len(text) > 4096:
            raise UserError(f"{flag} is {len(text)} characters long: that is no name.")
        return text
    if key == "transformers":
        if not re.fullmatch(r"\d{1,3}(\.\d{1,4}){0,3}[\w.+-]{0,30}", str(value)):
            raise UserError(f"{flag} is {str(value)[:40]!r}: it takes a version such as 4.46.0.")
        return str(value)
    return _number(key, value, flag)


def _choice(key: str, value: Any, flag: str) -> str:
    text = str(value).strip().lower()
    text = _ALIASES.get(text, text)
    if text not in _CHOICES[key]:
        near = get_close_matches(text, _CHOICES[key], n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"it takes {', '.join(_CHOICES[key])}."
        raise UserError(f"{flag} is {str(value)[:40]!r}: {hint}")
    return text


def _number(key: str, value: Any, flag: str) -> int | float:
    whole = key not in ("vram", "lora_dropout")
    try:
        number = float(value) if not isinstance(value, bool) else float("nan")
    except (TypeError, ValueError):
        number = float("nan")
    if number != number or (whole and number != int(number) if abs(number) != float("inf") else True):
        raise UserError(f"{flag} is {str(value)[:40]!r}: it takes a {'whole ' if whole else ''}number.")
    least, most = _LEAST.get(key, 1), _MOST[key]
    if not least <= number <= most or (key == "vram" and number == 0):
        raise UserError(
            f"{flag} is {number:g}: it takes a number from {least if key != 'vram' else 'above 0'} to {most:g}."
        )
    return int(number) if whole else number
