"""Accelerate's YAML, and FSDP wherever it is configured."""

import difflib
from collections.abc import Iterator

from assistant.config.rules.phrases import phrase
from assistant.config.rules.rule import Context, Hit, hit, on, on_file
from assistant.config.rules.versions import versioned, versions
from assistant.config.settings import Settings
from assistant.config.signatures.lookup import taken
from assistant.config.signatures.models import every_class

_ALWAYS = frozenset(
    {
        "fp16",
        "dynamo_backend",
        "compute_environment",
        "distributed_type",
        "mixed_precision",
        "use_cpu",
        "debug",
        "command_file",
        "commands",
    }
)
_IN_THE_FILE = (
    *(
        "gradient_accumulation_steps",
        "gradient_clipping",
        "zero_stage",
        "offload_optimizer_device",
        "offload_param_device",
    ),
    *("offload_param_nvme_path", "offload_optimizer_nvme_path", "zero3_save_16bit_model"),
)
_VALUES = {
    "sharding_strategy": ("FULL_SHARD", "SHARD_GRAD_OP", "NO_SHARD", "HYBRID_SHARD", "HYBRID_SHARD_ZERO2"),
    "auto_wrap_policy": ("TRANSFORMER_BASED_WRAP", "SIZE_BASED_WRAP", "NO_WRAP"),
    "backward_prefetch": ("BACKWARD_PRE", "BACKWARD_POST", "NO_PREFETCH"),
    "state_dict_type": ("FULL_STATE_DICT", "LOCAL_STATE_DICT", "SHARDED_STATE_DICT"),
}
_FIRST_VERSION = ("sharding_strategy", "use_orig_params", "sync_module_states", "backward_prefetch")


@on("accelerate")
def unknown_keys(settings: Settings, context: Context) -> Iterator[Hit]:
    """A01, A11."""
    if settings.text("compute_environment") == "AMAZON_SAGEMAKER":
        return
    if settings.absent("distributed_type"):
        near = next(iter(settings.items), "")
        kind = "MULTI_GPU" if (settings.number("num_processes") or 1) > 1 else "NO"
        yield hit("A11", settings, near, edits=context.add(settings, "distributed_type", kind, near))
    known = taken("accelerate.ClusterConfig", versions(context))
    if known is None:
        return
    names = known.names | _ALWAYS
    for item in settings:
        if item.key in names:
            continue
        close = difflib.get_close_matches(item.key, names, 1, 0.8)
        fits = bool(close) and close[0] not in settings.items
        how = phrase("accelerate", "how", "spelling" if fits else "delete", new=close[0] if close else "")
        edits = context.rename(item, close[0]) if fits else context.remove(item)
        yield hit(
            "A01",
            settings,
            item.key,
            edits=edits,
            name=item.key,
            version=versioned(context, "accelerate"),
            how=how,
        )


@on("accelerate")
def processes(settings: Settings, context: Context) -> Iterator[Hit]:
    """A03, A08."""
    count, ids = settings.number("num_processes"), settings.data("gpu_ids")
    machines = settings.number("num_machines", 1) or 1
    if count and machines == 1 and not settings.flag("use_cpu"):
        listed = (
            [part for part in str(ids).split(",") if part.strip().isdigit()]
            if ids not in (None, "all")
            else []
        )
        number, gpus = int(count), context.facts.gpus
        if listed and number > len(listed):
            why = phrase("accelerate", "why", "ids", number=str(len(listed)))
            edits = context.replace(settings.items["num_processes"], len(listed))
            yield hit(
                "A03",
                settings,
                "num_processes",
                "gpu_ids",
                edits=edits,
                processes=number,
                why=why,
                number=len(listed),
            )
        elif gpus and number > gpus:
            why = phrase("accelerate", "why", "more" if gpus > 1 else "one", number=str(gpus))
            edits = context.replace(settings.items["num_processes"], gpus)
            yield hit("A03", settings, "num_processes", edits=edits, processes=number, why=why, number=gpus)
    capability = context.facts.compute_capability
    if capability is not None and capability < 8.0 and settings.text("mixed_precision") == "bf16":
        edits = context.replace(settings.items["mixed_precision"], "fp16")
        yield hit(
            "A08", settings, "mixed_precision", edits=edits, gpu=context.facts.gpu or "GPU", cc=capability
        )


@on("accelerate")
def deepspeed_section(settings: Settings, context: Context) -> Iterator[Hit]:
    """A07, A09, A10."""
    inner = settings.inner("deepspeed_config")
    if inner is None:
        return
    if inner.given("deepspeed_config_file"):
        named = [name for name in _IN_THE_FILE if inner.given(name)]
        if named:
            edits = [edit for name in named for edit in context.remove(inner.items[name])]
            yield hit("A07", inner, named[0], edits=edits, names=", ".join(f"`{n}`" for n in named))
        return
    stage = inner.number("zero_stage")
    if stage is not None and not 0 <= stage <= 3:
        yield hit("A09", inner, "zero_stage", value=int(stage))
    if stage == 3 and inner.flag("zero3_save_16bit_model", False) is False:
        edits = (
            context.replace(inner.items["zero3_save_16bit_model"], True)
            if "zero3_save_16bit_model" in inner.items
            else context.add(inner, "zero3_save_16bit_model", True, "zero_stage")
        )
        yield hit("A10", inner, "zero_stage", edits=edits)


@on("fsdp")
def fsdp(settings: Settings, context: Context) -> Iterator[Hit]:
    """FS01–FS03, FS05, FS07, FS08. Names come without their prefix `fsdp_`."""
    yield from _wrapped_class(settings, context)
    for name, allowed in _VALUES.items():
        value = settings.text(name)
        data = settings.data(name)
        if (
            name == "sharding_strategy"
            and isinstance(data, int)
            and not isinstance(data, bool)
            and not 1 <= data <= 5
        ):
            yield hit("FS05", settings, name, name=name, value=data, allowed=", ".join(allowed))
        if isinstance(data, str) and value and not value.isdigit() and value.upper() not in allowed:
            close = difflib.get_close_matches(value.upper(), allowed, 1, 0.6)
            edits = context.replace(settings.items[name], close[0]) if close else []
            yield hit("FS05", settings, name, edits=edits, name=name, value=value, allowed=", ".join(allowed))
    if settings.flag("cpu_ram_efficient_loading") and settings.flag("sync_module_states") is False:
        edits = context.replace(settings.items["sync_module_states"], True)
        yield hit("FS03", settings, "sync_module_states", "cpu_ram_efficient_loading", edits=edits)
    wrapped = (
        settings.given("transformer_layer_cls_to_wrap")
        and settings.data("transformer_layer_cls_to_wrap") != []
    )
    if wrapped and (settings.number("min_num_params") or 0) > 0:
        edits = context.remove(settings.items["min_num_params"])
        yield hit("FS07", settings, "min_num_params", "transformer_layer_cls_to_wrap", edits=edits)
    if settings.data("version", settings.data("fsdp_version")) == 2:
        yield from _second_version(settings, context)


def _second_version(settings: Settings, context: Context) -> Iterator[Hit]:
    named = [name for name in _FIRST_VERSION if settings.given(name)]
    if named:
        edits = [edit for name in named for edit in context.remove(settings.items[name])]
        yield hit("FS02", settings, named[0], edits=edits, names=", ".join(f"`{n}`" for n in named))
    if settings.flag("forward_prefetch"):
        yield hit(
            "FS08", settings, "forward_prefetch", edits=context.remove(settings.items["forward_prefetch"])
        )


def _wrapped_class(settings: Settings, context: Context) -> Iterator[Hit]:
    data = settings.data("transformer_layer_cls_to_wrap")
    names = (
        [part.strip() for part in data.split(",")]
        if isinstance(data, str)
        else data
        if isinstance(data, list)
        else []
    )
    known = every_class() if names else frozenset()
    for name in names:
        if not isinstance(name, str) or not known or name in known or not name or name in ("null", "None"):
            continue
        close = difflib.get_close_matches(name, known, 1, 0.8)
        item = settings.items["transformer_layer_cls_to_wrap"]
        single = len(names) == 1 and close
        edits = context.replace(item, close[0] if isinstance(data, str) else [close[0]]) if single else []
        how = phrase("accelerate", "how", "spelling" if close else "blocks", new=close[0] if close else "")
        version = versioned(context, "transformers")
        yield hit(
            "FS01",
            settings,
            "transformer_layer_cls_to_wrap",
            edits=edits,
            name=name,
            version=version,
            how=how,
        )


@on_file
def fsdp_and_training(context: Context) -> Iterator[Hit]:
    """FS04, FS09."""
    lora = bool(list(context.of("lora")))
    for args in context.of("training"):
        inner = args.inner("fsdp_config")
        if inner is None or not args.given("fsdp"):
            continue
        if inner.flag("activation_checkpointing") or inner.flag("fsdp_activation_checkpointing"):
            for name in ("gradient_checkpointing", "activation_checkpointing"):
                if args.flag(name):
                    yield hit("FS04", args, name, edits=context.remove(args.items[name]))
        for name in ("use_orig_params", "fsdp_use_orig_params"):
            if lora and inner.flag(name) is False and "fsdp_auto_wrap_policy" not in context.text.content:
                yield hit("FS09", inner, name, edits=context.replace(inner.items[name], True))
