"""Decides every setting of a request, and remembers of each whether it was given or assumed."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar

from packaging.version import InvalidVersion, Version

from assistant.errors import UserError
from assistant.memory.architecture import Architecture
from assistant.memory.optimizers import checked_optimizer
from assistant.memory.request import Lengths, Method, PlanRequest, Precision, Sharding
from assistant.memory.weights import quantized

Origin = Literal["given", "config", "assumed", "implied"]
_T = TypeVar("_T")
_ADAPTER_BYTES = {"fp32": 4, "bf16": 2, "fp16": 2}
_TRAINING = ("full", "lora", "qlora", "prompt", "prefix")


@dataclass(frozen=True, slots=True)
class Settings:
    """A request with nothing left open; names as in PlanRequest. `amp` is autocast to 16 bits, `prepared`
    what `prepare_model_for_kbit_training` does (everything that is not quantized becomes fp32),
    `adapter_bytes` the adapters' bytes a weight."""

    method: Method
    precision: Precision
    batch_size: int
    seq: int
    new_tokens: int
    optim: str
    checkpointing: bool
    attn: str
    lora_r: int
    lora_targets: str
    lora_dropout: float
    virtual_tokens: int
    gpus: int
    sharding: Sharding
    trainer: str
    transformers: str
    lengths: Lengths
    accumulation: int
    fused_loss: bool
    amp: bool
    prepared: bool
    adapter_bytes: int

    @property
    def trains(self) -> bool:
        return self.method in _TRAINING

    @property
    def adapts(self) -> bool:
        return self.method in ("lora", "qlora")


@cache
def changes() -> Mapping[str, str]:
    """The releases of transformers that changed memory."""
    table: dict[str, str] = tomllib.loads((Path(__file__).parent / "data/versions.toml").read_text("utf-8"))
    return table


def before(version: str, change: str) -> bool:
    """Whether a version of transformers ("" for the newest) is older than a change."""
    if not version:
        return False
    try:
        return Version(version) < Version(changes()[change])
    except InvalidVersion:
        return False


def decide(request: PlanRequest, shape: Architecture) -> tuple[Settings, Mapping[str, Origin]]:
    """All settings, and where each comes from. Raises UserError for settings that exclude each other."""
    origins: dict[str, Origin] = {}

    def of(name: str, default: _T, origin: Origin = "assumed") -> _T:
        value: _T | None = getattr(request, name)
        origins[name] = origin if value is None else "given"
        return default if value is None else value

    origins["method"] = "given"
    trains = request.method in _TRAINING
    precision, origins["precision"] = _precision(request, shape)
    four_bit = quantized(precision)
    trainer = of("trainer", "trl")
    version = of("transformers", "")
    trl = trainer == "trl"
    adapts = request.method in ("lora", "qlora")
    if adapts and shape.latent and shape.family == "unknown":
        raise UserError("LoRA cannot be planned for this architecture: its layers' names are unknown.")
    # the PEFT helper turns checkpointing on unless told not to
    prepared = adapts and four_bit and not trl and precision in ("int8", "nf4", "nf4-dq")
    gpus = of("gpus", 1)
    sharding: Sharding = of("sharding", "none" if gpus == 1 else "ddp" if trains else "device_map")
    if sharding != "none" and gpus == 1:
        raise UserError(f"`--sharding {sharding}` shares the work between GPUs, but `--gpus` is 1.")
    if (
        sharding in ("zero1", "zero2", "zero3", "fsdp", "ddp")
        and not trains
        and sharding not in ("zero3", "fsdp")
    ):
        raise UserError(f"`--sharding {sharding}` shares what training needs: for inference use device_map.")
    seq = of("seq", min(1024, shape.positions or 1024))
    settings = Settings(
        method=request.method,
        precision=precision,
        batch_size=of("batch_size", 1),
        seq=seq,
        new_tokens=of("new_tokens", 0 if trains or shape.encoder else 256),
        optim=checked_optimizer(
            of("optim", "adamw_torch" if before(version, "foreach") else "adamw_torch_fused")
        ),
        checkpointing=of("checkpointing", trains and (trl or (adapts and four_bit))),
        attn=of("attn", "eager" if before(version, "eager") else "sdpa"),
        lora_r=of("lora_r", 16),
        lora_targets=of("lora_targets", "all-linear"),
        lora_dropout=of("lora_dropout", 0.0),
        virtual_tokens=of("virtual_tokens", 20),
        gpus=gpus,
        sharding=sharding,
        trainer=trainer,
        transformers=version,
        lengths=of("lengths", "unknown" if trains else "fixed"),
        accumulation=of("accumulation", 1),
        fused_loss=of("fused_loss", trains and trl, "implied"),
        # a Trainer is told bf16=True or fp16=True in nearly every script; weights that are 16 bits need no copy
        amp=trains and (precision != "fp32" or trl),
        prepared=prepared,
        adapter_bytes=_ADAPTER_BYTES[
            # TRL keeps the adapter of a quantized model in bf16
            of("adapter_dtype", "bf16" if adapts and four_bit and trl else "fp32", "implied")
        ],
    )
    return settings, origins


def _precision(request: PlanRequest, shape: Architecture) -> tuple[Precision, Origin]:
    asked, method = request.precision, request.method
    if asked is None:
        if method == "qlora":
            return "nf4", "implied"
        stored: dict[str, Precision] = {"bfloat16": "bf16", "float16": "fp16"}
        if shape.dtype in stored and method == "inference":
            return stored[shape.dtype], "config"
        return ("fp32", "assumed") if shape.encoder or shape.decoder_layers else ("bf16", "assumed")
    if method == "qlora" and not quantized(asked):
        raise UserError(
            f"`--method qlora` trains adapters on 4-bit weights, which `--precision {asked}` contradicts: "
            f"leave it out, or use `--method lora`."
        )
    if method == "full" and quantized(asked):
        raise UserError(
            f"`--method full` trains every weight, which `--precision {asked}` rules out (quantized weights "
            f"have no gradients): use `--method {'qlora' if asked in ('nf4', 'nf4-dq') else 'lora'}`."
        )
    return asked, "given"
