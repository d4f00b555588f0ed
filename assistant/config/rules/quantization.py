"""bitsandbytes: what the config says, and what the model is used for."""

import difflib
from collections.abc import Iterator

from assistant.config.python.code import span
from assistant.config.python.fold import fold
from assistant.config.rules.links import Run, model_of, quantization, quantized, runs
from assistant.config.rules.phrases import phrase
from assistant.config.rules.rule import Context, Hit, family, hit, on, on_file
from assistant.config.rules.versions import versioned
from assistant.config.settings import Settings, Symbol
from assistant.config.signatures.lookup import ever
from assistant.config.signatures.models import known

_PRIVATE = ("_load_in_4bit", "_load_in_8bit", "quant_method", "modules_to_not_convert")


@on("quantization")
def four_bit_defaults(settings: Settings, context: Context) -> Iterator[Hit]:
    """B01."""
    names = ("bnb_4bit_quant_type", "bnb_4bit_compute_dtype")
    missing = [name for name in names if settings.absent(name)]
    if not settings.flag("load_in_4bit") or not missing:
        return
    dtype = "float16" if (context.facts.compute_capability or 8.0) < 8.0 else "bfloat16"
    edits = []
    if "bnb_4bit_quant_type" in missing:
        edits += context.add(settings, "bnb_4bit_quant_type", "nf4", "load_in_4bit")
    if "bnb_4bit_compute_dtype" in missing:
        edits += context.add_dtype(settings, "bnb_4bit_compute_dtype", dtype, "load_in_4bit")
    words = {
        "en": " and ".join(f"`{name}`" for name in missing),
        "zh": "和 ".join(f"`{name}`" for name in missing),
    }
    yield hit("B01", settings, "load_in_4bit", edits=edits, missing=words, dtype=dtype)


@on("quantization")
def bits(settings: Settings, context: Context) -> Iterator[Hit]:
    """B03, B04, B12, B14, B18."""
    four, eight = settings.flag("load_in_4bit", False), settings.flag("load_in_8bit", False)
    if four and eight:
        yield hit(
            "B14",
            settings,
            "load_in_8bit",
            "load_in_4bit",
            edits=context.remove(settings.items["load_in_8bit"]),
        )
    elif four is False and eight is False and _alone(settings):
        near = next(iter(settings.items))
        edits = [] if "load_in_4bit" in settings.items else context.add(settings, "load_in_4bit", True, near)
        yield hit("B03", settings, near, edits=edits)
    for item in settings:
        plain = item.key.startswith("bnb_4bit_") and item.value.data is not None
        if eight and not four and plain and settings.kind != "file.quantization":
            yield hit("B04", settings, item.key, "load_in_8bit", edits=context.remove(item), name=item.key)
    threshold = settings.data("llm_int8_threshold")
    if isinstance(threshold, int) and not isinstance(threshold, bool) and settings.layout != "json":
        item = settings.items["llm_int8_threshold"]
        yield hit(
            "B12",
            settings,
            "llm_int8_threshold",
            edits=context.replace(item, float(threshold)),
            value=threshold,
        )
    capability = context.facts.compute_capability
    if capability is not None and capability < 8.0 and settings.dtype("bnb_4bit_compute_dtype") == "bfloat16":
        item = settings.items["bnb_4bit_compute_dtype"]
        written = "torch.float16" if isinstance(item.value.data, Symbol) else '"float16"'
        edits = context.replace_text(item, written)
        yield hit(
            "B18",
            settings,
            "bnb_4bit_compute_dtype",
            edits=edits,
            gpu=context.facts.gpu or "GPU",
            cc=capability,
        )


def _alone(settings: Settings) -> bool:
    """Whether a config that says something surely has no flag that makes it count."""
    sure = settings.sure("load_in_4bit", "load_in_8bit") and settings.kind != "file.quantization"
    return sure and any(
        item.value.data is not None for item in settings if not item.key.startswith("load_in_")
    )


@on("quantization")
def unknown_keys(settings: Settings, context: Context) -> Iterator[Hit]:
    """B02."""
    if settings.kind != "transformers.BitsAndBytesConfig":
        return
    names = ever(settings.kind) - {"kwargs"}
    for item in settings:
        if (
            item.key in names
            or item.key in _PRIVATE
            or item.key in settings.own
            or item.layout == "positional"
        ):
            continue
        close = difflib.get_close_matches(item.key, names, 1, 0.75)
        fits = close and close[0] not in settings.items
        edits = context.rename(item, close[0]) if fits else context.remove(item)
        how = phrase("quantization", "how", "spelling" if fits else "delete", new=close[0] if fits else "")
        yield hit("B02", settings, item.key, edits=edits, name=item.key, how=how)


@on_file
def quantized_training(context: Context) -> Iterator[Hit]:
    """B07, B08, B11, B15."""
    for run in runs(context):
        config = quantization(run.model)
        if (
            quantized(run.model)
            and run.model.adapted is False
            and not run.trainer.local
            and run.trainer.absent("peft_config")
        ):
            at = run.model.loaded.span if run.model.loaded else run.trainer.span
            flags = ("load_in_4bit", "load_in_8bit")
            sure = all(one.sure(*flags) for one in (config, run.model.loaded) if one is not None)
            yield Hit("B15", at, sure=sure)
        if (
            run.model.prepared is not None
            and run.trainer.kind == "trl.SFTTrainer"
            and context.from_version("trl", "0.22")
        ):
            yield Hit("B11", run.model.prepared.span, {"version": versioned(context, "trl")})
        if config is not None and run.args is not None:
            yield from _against_arguments(run, run.args, config, context)


def _against_arguments(run: Run, args: Settings, config: Settings, context: Context) -> Iterator[Hit]:
    if not config.flag("load_in_4bit"):
        return
    compute = config.dtype("bnb_4bit_compute_dtype")
    training = "bfloat16" if args.flag("bf16") else "float16" if args.flag("fp16") else None
    if compute and training and compute != training and compute in ("float16", "bfloat16", "float32"):
        item = config.items["bnb_4bit_compute_dtype"]
        edits = context.replace_text(
            item, f"torch.{training}" if isinstance(item.value.data, Symbol) else f'"{training}"'
        )
        yield hit("B07", config, "bnb_4bit_compute_dtype", edits=edits, compute=compute, training=training)
    if (args.given("fsdp") or args.given("fsdp_config")) and config.absent("bnb_4bit_quant_storage"):
        edits = context.add_dtype(config, "bnb_4bit_quant_storage", "bfloat16", "load_in_4bit")
        yield hit("B08", config, "load_in_4bit", edits=edits)


@on("loading")
def quantized_loading(settings: Settings, context: Context) -> Iterator[Hit]:
    """B09, B10."""
    model = model_of(settings, context)
    row = known(model.id) if model.id else None
    config = quantization(model)
    four = settings.flag("load_in_4bit") or (config is not None and config.flag("load_in_4bit"))
    if four and row is not None and row.experts and context.from_version("transformers", "5.0"):
        yield hit("B09", settings, "quantization_config", "load_in_4bit", model=model.id)
    yield from _device_map(settings, context)


def _device_map(settings: Settings, context: Context) -> Iterator[Hit]:
    value = settings.text("device_map")
    if value not in ("auto", "balanced", "balanced_low_0", "sequential"):
        return
    for run in runs(context):
        loaded = run.model.loaded
        if run.args is None or loaded is None or loaded.span != settings.span:
            continue
        sharded = [
            name
            for name in ("deepspeed", "fsdp")
            if run.args.given(name) and run.args.data(name) not in ("", False)
        ]
        if sharded:
            why = phrase("quantization", "why", "processes", name=sharded[0])
            edits = context.remove(settings.items["device_map"])
            yield hit(
                "B10",
                settings,
                "device_map",
                edits=edits,
                value=value,
                why=why,
                how=phrase("quantization", "how", "none"),
            )


@on_file
def casts(context: Context) -> Iterator[Hit]:
    """B16: `.half()`, `.float()` and `.to(torch.float16)` on a quantized model."""
    code = context.code
    for call in code.walk.calls if code else ():
        method = getattr(call.func, "attr", "")
        if code is None or method not in ("half", "float", "to"):
            continue
        arguments = [fold(code, part).data for part in (*call.args, *(k.value for k in call.keywords))]
        if method == "to" and not any(
            isinstance(a, Symbol) and a.last in ("float16", "bfloat16", "float32", "half") for a in arguments
        ):
            continue
        owner = fold(code, call.func.value).data  # type: ignore[attr-defined]
        if not isinstance(owner, Settings) or family(owner) not in ("loading", "wrapping"):
            continue
        if quantized(model_of(owner, context)):
            here = span(code, call)
            yield Hit("B16", here, {"call": f".{method}(…)" if call.args else f".{method}()"})
