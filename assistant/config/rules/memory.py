"""Memory of the runs that a script sets up, where the GPU is known (`tracedoc plan` has the details)."""

from collections.abc import Iterator
from typing import Any

from assistant.config.rules.links import Run, quantization, quantized, runs
from assistant.config.rules.phrases import phrase
from assistant.config.rules.rule import Context, Hit, hit, on_file
from assistant.config.rules.versions import patched
from assistant.config.settings import Settings

_PRECISIONS = {"float32": "fp32", "float16": "fp16", "bfloat16": "bf16"}


@on_file
def out_of_memory(context: Context) -> Iterator[Hit]:
    """M01: only where every size is written out."""
    facts = context.facts
    if context.memory is None or (facts.vram_gib is None and not facts.gpu) or patched(context):
        return
    for run in runs(context):
        settings = asked(run, context)
        need = context.memory(settings) if settings else None
        if run.args is None or settings is None or need is None or need.fits is not False:
            continue
        how = need.change if need.change.get("en") else phrase("memory", "how", "nothing")
        words = phrase("memory", "checkpointing", settings["checkpointing"])
        yield hit(
            "M01", run.args, "per_device_train_batch_size", low=f"{need.low:.1f}", high=f"{need.high:.1f}",
            free=f"{need.free:.1f}", method=settings["method"], precision=settings["precision"],
            batch=settings["batch_size"], seq=settings["seq"], checkpointing=words, how=how,
        )  # fmt: skip


def asked(run: Run, context: Context) -> dict[str, Any] | None:
    """The planner's settings for a run; None where something that decides is not known."""
    args, model = run.args, run.model
    if args is None or not model.id or args.open or context.distributed or model.adapted is None:
        return None
    method, precision = _method(run, context), _precision(run, context)
    seq = args.number("max_length", 1024 if run.trainer.kind == "trl.SFTTrainer" else None)
    seq = args.number("max_seq_length") if "max_seq_length" in args.items else seq
    batch = args.number("per_device_train_batch_size", 8)
    if not method or not precision or not seq or not batch or batch < 1:
        return None
    found: dict[str, Any] = {
        "model": model.id,
        "method": method,
        "precision": precision,
        "batch_size": int(batch),
        "seq": int(seq),
        "checkpointing": _checkpointing(args, context),
        "optim": args.text("optim"),
        "trainer": run.trainer.kind.split(".", 1)[0],
        "gpu": context.facts.gpu,
        "vram": context.facts.vram_gib,
        "transformers": context.version("transformers"),
    }
    return found | _adapter(run)


def _adapter(run: Run) -> dict[str, Any]:
    adapter = run.model.adapter
    if adapter is None or adapter.kind != "peft.LoraConfig":
        return {}
    targets = adapter.data("target_modules")
    names = targets if isinstance(targets, str) else ",".join(adapter.names("target_modules") or ())
    found = {"lora_r": adapter.number("r", 8), "lora_dropout": adapter.number("lora_dropout", 0)}
    return {name: value for name, value in found.items() if value} | (
        {"lora_targets": names} if names else {}
    )


def _method(run: Run, context: Context) -> str:
    model = run.model
    if model.adapted is False:
        return "full" if quantized(model) is False or (model.loaded is None and model.id) else ""
    kind = model.adapter.kind if model.adapter is not None else ""
    if kind == "peft.LoraConfig":
        return "qlora" if quantized(model) else "lora"
    return {"peft.PromptTuningConfig": "prompt", "peft.PrefixTuningConfig": "prefix"}.get(kind, "")


def _precision(run: Run, context: Context) -> str:
    config, loaded = quantization(run.model), run.model.loaded
    if quantized(run.model):
        if config is None or config.flag("load_in_8bit"):
            return "int8"
        return "nf4-dq" if config.flag("bnb_4bit_use_double_quant") else "nf4"
    if loaded is None:  # TRL loads a model that is given by its name
        kwargs = run.args.inner("model_init_kwargs") if run.args else None
        dtype = kwargs.dtype("dtype", "float32") if kwargs else "float32"
        return _PRECISIONS.get(dtype or "", "")
    dtype = loaded.dtype("dtype") or loaded.dtype("torch_dtype")
    return _PRECISIONS.get(dtype, "") if dtype else ""


def _checkpointing(args: Settings, context: Context) -> str:
    usual = args.kind.startswith("trl.") and context.from_version("trl", "0.22")
    for name in ("activation_checkpointing", "gradient_checkpointing"):
        flag = args.flag(name)
        if flag is not None:
            return "on" if flag else "off"
    enabled = "checkpointing_enable(" in context.text.content
    prepared = "prepare_model_for_kbit_training(" in context.text.content
    return "on" if usual or enabled or prepared else "off"
