"""Precision, batches, optimizer and data loading of TrainingArguments and TRL's configs."""

import ast
from collections.abc import Iterator
from typing import Any

from assistant.config.python.code import span
from assistant.config.python.fold import fold
from assistant.config.rules.links import quantized, runs
from assistant.config.rules.rule import Context, Hit, hit, on, on_file
from assistant.config.settings import Settings
from assistant.config.signatures.models import known

_OVERFLOW = ("t5", "mt5", "gemma", "gemma2", "gemma3")
"""Families whose activations are known to exceed float16."""


@on("training")
def both_precisions(settings: Settings, context: Context) -> Iterator[Hit]:
    """C28, C44."""
    for rule, one, other in (("C28", "fp16", "bf16"), ("C44", "fp16_full_eval", "bf16_full_eval")):
        if settings.flag(one) and settings.flag(other):
            old = (context.facts.compute_capability or 8.0) < 8.0
            drop = other if old else one
            yield hit(rule, settings, one, other, edits=context.remove(settings.items[drop]))


@on("training")
def precision_on_old_gpus(settings: Settings, context: Context) -> Iterator[Hit]:
    """C03, C39."""
    capability = context.facts.compute_capability
    if capability is None or capability >= 8.0:
        return
    words: dict[str, Any] = {"gpu": context.facts.gpu or "GPU", "cc": capability}
    if settings.flag("bf16") and not settings.flag("use_cpu"):
        item = settings.items["bf16"]
        edits = context.rename(item, "fp16") if "fp16" not in settings.items else []
        yield hit("C03", settings, "bf16", edits=edits, **words)
    if settings.flag("tf32"):
        yield hit("C39", settings, "tf32", edits=context.remove(settings.items["tf32"]), **words)


@on_file
def precision_of_the_model(context: Context) -> Iterator[Hit]:
    """C04, C05, P01: the model's own type against the arguments'."""
    for run in runs(context):
        if run.args is None:
            continue
        row = known(run.model.id) if run.model.id else None
        if run.args.flag("fp16") and row is not None and row.family in _OVERFLOW:
            new = context.facts.compute_capability is None or context.facts.compute_capability >= 8.0
            item = run.args.items["fp16"]
            edits = context.rename(item, "bf16") if new and "bf16" not in run.args.items else []
            yield hit("C04", run.args, "fp16", edits=edits, model=run.model.id)
        if run.model.loaded is None or run.model.adapted is not False or quantized(run.model) is not False:
            continue
        if run.args.given("deepspeed") or run.args.given("fsdp"):
            continue
        dtype = _dtype(run.model.loaded)
        if run.args.flag("fp16") and dtype == "float16" and not run.args.flag("use_cpu"):
            yield _float16_weights(run.model.loaded, run.args, context)
        rate = run.args.number("learning_rate")
        adam = "adamw" in (run.args.text("optim", "adamw_torch") or "")
        if dtype == "bfloat16" and rate is not None and 0 < rate <= 1e-5 and adam:
            yield hit("P01", run.args, "learning_rate", rate=rate)


def _dtype(loaded: Settings) -> str | None:
    return loaded.dtype("dtype") or loaded.dtype("torch_dtype")


def _float16_weights(loaded: Settings, args: Settings, context: Context) -> Hit:
    name = "dtype" if "dtype" in loaded.items else "torch_dtype"
    item = loaded.items[name]
    written = "torch.float32" if context.text.of(item.value.span).startswith("torch.") else "float32"
    edits = context.replace_text(item, written if written.startswith("torch") else '"float32"')
    return hit("C05", args, "fp16", edits=edits, at=item.span)


@on("training")
def precision_and_optimizer_on_cpu(settings: Settings, context: Context) -> Iterator[Hit]:
    """C45, C20."""
    optimizer = settings.text("optim") or ""
    if settings.flag("use_cpu") or settings.flag("no_cuda"):
        if settings.flag("fp16"):
            yield hit("C45", settings, "fp16", edits=context.remove(settings.items["fp16"]))
        if optimizer.startswith("paged_"):
            edits = context.replace(settings.items["optim"], "adamw_torch")
            yield hit("C20-cpu", settings, "optim", edits=edits, value=optimizer)
    eight_bit = optimizer.startswith("paged_") or optimizer.endswith("_8bit") or "bnb" in optimizer
    if eight_bit and "bitsandbytes" in context.facts.missing:
        edits = context.replace(settings.items["optim"], "adamw_torch")
        yield hit("C20-missing", settings, "optim", edits=edits, value=optimizer)


@on("training")
def data_loading(settings: Settings, context: Context) -> Iterator[Hit]:
    """C24, C27, C46."""
    workers = settings.number("dataloader_num_workers", 0)
    cpus = context.facts.cpus
    if workers and cpus and workers > cpus:
        edits = context.replace(settings.items["dataloader_num_workers"], cpus)
        yield hit("C24", settings, "dataloader_num_workers", edits=edits, value=workers, cpus=cpus)
    if settings.given("dataloader_prefetch_factor") and workers == 0:
        item = settings.items["dataloader_prefetch_factor"]
        if item.value.data is not None and isinstance(item.value.data, (int, float)):
            yield hit(
                "C27",
                settings,
                "dataloader_prefetch_factor",
                "dataloader_num_workers",
                edits=context.remove(item),
            )
    steps = settings.data("torch_empty_cache_steps")
    if isinstance(steps, (int, float)) and not (isinstance(steps, int) and steps > 0):
        item = settings.items["torch_empty_cache_steps"]
        yield hit("C46", settings, "torch_empty_cache_steps", edits=context.remove(item), value=steps)


@on("training")
def accumulation_with_remainder(settings: Settings, context: Context) -> Iterator[Hit]:
    """C25: `batch_size // micro_batch_size` that does not come out even."""
    item = settings.items.get("gradient_accumulation_steps")
    if item is None or context.code is None or item.layout not in ("call", "dict"):
        return
    for node in ast.walk(context.code.tree):
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.FloorDiv):
            continue
        here = span(context.code, node)
        if not (item.value.span.start <= here.start and here.end <= item.value.span.end):
            continue
        left, right = fold(context.code, node.left).data, fold(context.code, node.right).data
        if isinstance(left, int) and isinstance(right, int) and right > 0 and left % right:
            yield hit(
                "C25", settings, "gradient_accumulation_steps", code=context.text.of(here),
                effective=left // right * right, wanted=left, by=right,
            )  # fmt: skip


@on("training")
def reentrant_checkpointing(settings: Settings, context: Context) -> Iterator[Hit]:
    """L13: only where an adapter is trained in the same file and inputs are not made to need gradients."""
    for name in ("gradient_checkpointing_kwargs", "activation_checkpointing_kwargs"):
        inner = settings.inner(name)
        if inner is None or not inner.flag("use_reentrant") or context.code is None:
            continue
        if not list(context.of("lora", "peft")) or "enable_input_require_grads" in context.text.content:
            continue
        if list(context.of("wrapping")) or settings.kind.startswith("trl."):
            continue  # prepare_model_for_kbit_training and TRL see to it
        edits = context.replace(inner.items["use_reentrant"], False)
        yield hit("L13", settings, name, edits=edits, at=inner.items["use_reentrant"].span)
