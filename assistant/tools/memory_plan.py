"""`plan_memory`: what a run needs, by the planner."""

import threading
from typing import Literal

from pydantic import BaseModel, Field

from assistant.errors import UserError
from assistant.memory import plan, read_request
from assistant.memory.report import report
from assistant.tools.model import Context, Found
from assistant.tools.numbering import as_source
from assistant.tools.words import words

_FROM_CASE = {"gpu": "gpu", "vram": "vram_gib", "gpus": "gpu_count"}


class Run(BaseModel):
    """What the model sends; what it leaves out is taken from the case, or assumed and said to be."""

    model: str = Field(
        min_length=1, max_length=200, description="A hub id such as Qwen/Qwen2.5-7B, or a size such as 7B"
    )
    method: Literal["inference", "full", "lora", "qlora", "prompt", "prefix"] = Field(
        "inference", description="What is done with the model"
    )
    precision: (
        Literal["fp32", "fp16", "bf16", "int8", "nf4", "nf4-dq", "gptq-int4", "awq-int4", "fp8"] | None
    ) = Field(None, description="How the weights are loaded")
    batch_size: int | None = Field(None, ge=1, le=65_536, description="Samples per device")
    seq: int | None = Field(None, ge=1, le=1 << 24, description="Tokens of a sequence")
    gpu: str | None = Field(None, max_length=80, description="A GPU's name, such as RTX 3090")
    vram: float | None = Field(None, gt=0, le=10_000, description="GiB of memory that are free")
    gpus: int | None = Field(None, ge=1, le=1_024, description="How many GPUs")


def plan_memory(asked: Run, context: Context, cancelled: threading.Event) -> Found:
    """Peak memory by part, whether it fits, and the least invasive changes that make it fit."""
    flags = {name: value for name, value in asked.model_dump().items() if value is not None}
    facts = context.case.facts if context.case else {}
    if "gpu" not in flags and "vram" not in flags:
        flags |= {flag: facts[name] for flag, name in _FROM_CASE.items() if name in facts}
    if "vram" in flags:
        flags.pop("gpu", None)
    try:
        found = plan(read_request(flags))
    except UserError as error:
        return Found(str(error), ok=False)
    lang: Literal["en", "zh"] = "zh" if context.lang == "zh" else "en"
    title = words(context.lang)["plan_of"].format(model=found.model.id, method=found.settings.method)
    source = as_source(f"plan:{found.model.id}", title, report(found, lang), context)
    return Found(f"[{source.n}] {source.title}\n{source.text}", (source,))
