"""DeepSpeed configs, in files of their own and in training arguments."""

import difflib
import re
from collections.abc import Iterator

from assistant.config.rules.links import runs
from assistant.config.rules.phrases import phrase
from assistant.config.rules.rule import Context, Hit, hit, on, on_file
from assistant.config.rules.values import of_family
from assistant.config.settings import Settings

_TOP = frozenset(
    {
        *("train_batch_size", "train_micro_batch_size_per_gpu", "gradient_accumulation_steps", "optimizer", "scheduler"),
        *("communication_data_type", "prescale_gradients", "gradient_predivide_factor", "sparse_gradients", "fp16", "bf16"),
        *("amp", "gradient_clipping", "zero_optimization", "zero_allow_untested_optimizer", "steps_per_print"),
        *("wall_clock_breakdown", "dump_state", "activation_checkpointing", "sparse_attention", "data_efficiency", "flops_profiler"),
        *("comms_logger", "tensorboard", "wandb", "csv_monitor", "elasticity", "autotuning", "compression_training", "checkpoint"),
        *("data_types", "aio", "zero_force_ds_cpu_optimizer", "disable_allgather", "memory_breakdown", "curriculum_learning"),
        *("progressive_layer_drop", "eigenvalue", "pipeline", "hybrid_engine", "compile", "tensor_parallel", "quantize_training"),
        *("gradient_accumulation_dtype", "dataloader_drop_last", "use_data_before_expert_parallel_", "monitor_config", "nebula"),
        *("graph_harvesting", "weight_quantization", "sequence_parallel_size", "timers", "torch_autocast", "seq_parallel_communication_data_type"),
    }
)  # fmt: skip
_ZERO = frozenset(
    {
        *("stage", "contiguous_gradients", "reduce_scatter", "reduce_bucket_size", "allgather_partitions", "allgather_bucket_size"),
        *("overlap_comm", "load_from_fp32_weights", "elastic_checkpoint", "offload_param", "offload_optimizer", "sub_group_size"),
        *("cpu_offload_param", "cpu_offload_use_pin_memory", "cpu_offload", "stage3_prefetch_bucket_size", "ignore_unused_parameters"),
        *("stage3_param_persistence_threshold", "stage3_model_persistence_threshold", "stage3_max_live_parameters", "round_robin_gradients"),
        *("stage3_max_reuse_distance", "stage3_gather_16bit_weights_on_model_save", "stage3_gather_fp16_weights_on_model_save"),
        *("use_all_reduce_for_fetch_params", "stage3_module_granularity_threshold", "use_multi_rank_bucket_allreduce", "legacy_stage1"),
        *("zero_hpz_partition_size", "zero_quantized_weights", "zero_quantized_nontrainable_weights", "zero_quantized_gradients"),
        *("zeropp_loco_param", "mics_shard_size", "mics_hierarchical_params_gather", "memory_efficient_linear", "log_trace_cache_warnings"),
        *("pipeline_loading_checkpoint", "override_module_apply", "param_persistence_threshold", "model_persistence_threshold"),
        *("max_live_parameters", "max_reuse_distance", "gather_16bit_weights_on_model_save", "prefetch_bucket_size", "leaf_module"),
    }
)  # fmt: skip
_SHARED = {
    "train_micro_batch_size_per_gpu": "per_device_train_batch_size",
    "gradient_accumulation_steps": "gradient_accumulation_steps",
    "gradient_clipping": "max_grad_norm",
}
_ADAM = frozenset({"adam", "adamw", "cpuadam", "deepspeedcpuadam", "fusedadam"})
_STAGE_THREE = re.compile(r"(?:zero|stage|z)[-_]?(?:stage)?[-_]?3", re.IGNORECASE)


@on("deepspeed")
def whole(settings: Settings, context: Context) -> Iterator[Hit]:
    """D01, D11."""
    precise = {name: settings.inner(name) for name in ("fp16", "bf16", "bfloat16")}
    on_now = [name for name, inner in precise.items() if inner is not None and inner.flag("enabled") is True]
    if "fp16" in on_now and len(on_now) > 1 and precise["fp16"] is not None:
        edits = context.replace(precise["fp16"].items["enabled"], False)
        yield hit("D01", settings, "fp16", edits=edits)
    capability = context.facts.compute_capability
    if capability is not None and capability < 8.0 and on_now and on_now != ["fp16"]:
        yield hit("D11", settings, on_now[-1], gpu=context.facts.gpu or "GPU", cc=capability)
    total, micro = settings.number("train_batch_size"), settings.number("train_micro_batch_size_per_gpu")
    steps = settings.number("gradient_accumulation_steps", 1)
    if total and micro and steps:
        per_gpu, gpus = micro * steps, context.facts.gpus
        if total % per_gpu or (gpus and total != per_gpu * gpus):
            yield hit(
                "D01-batch",
                settings,
                "train_batch_size",
                total=int(total),
                micro=int(micro),
                steps=int(steps),
            )


@on("deepspeed")
def unknown_names(settings: Settings, context: Context) -> Iterator[Hit]:
    """D10: only names that look like a known one."""
    zero = settings.inner("zero_optimization")
    for inner, known in ((settings, _TOP), (zero, _ZERO)):
        for item in inner or ():
            close = difflib.get_close_matches(item.key, known, 1, 0.85)
            if item.key in known or not close or inner is None:
                continue
            where = phrase("deepspeed", "where", "zero" if inner is zero else "top")
            edits = context.rename(item, close[0]) if close[0] not in inner.items else []
            yield hit("D10", inner, item.key, edits=edits, name=item.key, new=close[0], where=where)


@on("deepspeed.zero")
def zero_stages(settings: Settings, context: Context) -> Iterator[Hit]:
    """D07, D12, D13."""
    yield from of_family(settings, "deepspeed.zero", context)
    stage = settings.number("stage")
    named = [item.key for item in settings if item.key.startswith("stage3_") and item.value.data != "auto"]
    if stage is not None and stage < 3 and named:
        edits = (
            [edit for name in named for edit in context.remove(settings.items[name])]
            if settings.layout == "yaml"
            else []
        )
        yield hit(
            "D12", settings, named[0], edits=edits, names=", ".join(f"`{n}`" for n in named), stage=int(stage)
        )
    for name in ("offload_optimizer", "offload_param"):
        inner = settings.inner(name)
        if inner is not None:
            yield from of_family(inner, "deepspeed.offload", context)


@on("deepspeed")
def offloaded_optimizer(settings: Settings, context: Context) -> Iterator[Hit]:
    """D06 within one DeepSpeed config."""
    optimizer = settings.inner("optimizer")
    name = optimizer.text("type") if optimizer is not None else None
    if (
        name
        and name.lower() not in _ADAM
        and _offloads(settings)
        and settings.flag("zero_force_ds_cpu_optimizer", True)
        and optimizer
    ):
        yield hit("D06", optimizer, "type", optimizer=name)


def _offloads(settings: Settings) -> bool:
    zero = settings.inner("zero_optimization")
    inner = zero.inner("offload_optimizer") if zero is not None else None
    return inner is not None and inner.text("device") == "cpu"


@on_file
def against_arguments(context: Context) -> Iterator[Hit]:
    """D01, D06 where a DeepSpeed config is written out in the training arguments."""
    for args in context.of("training"):
        config = args.inner("deepspeed")
        if config is None:
            continue
        optimizer = args.text("optim")
        forced = config.flag("zero_force_ds_cpu_optimizer", True) and config.absent("optimizer")
        foreign = optimizer and "adamw_torch" not in optimizer and optimizer != "adamw_hf"
        if foreign and forced and _offloads(config):
            edits = context.replace(args.items["optim"], "adamw_torch")
            yield hit("D06", args, "optim", edits=edits, optimizer=optimizer)
        for name, other in _SHARED.items():
            one, two = config.number(name), args.number(other)
            if one is not None and two is not None and one != two:
                edits = context.replace(config.items[name], "auto")
                yield hit("D01-auto", config, name, edits=edits, name=name, value=one, other=two)
        for name in ("fp16", "bf16"):
            inner = config.inner(name)
            enabled, flag = inner.flag("enabled") if inner else None, args.flag(name)
            if inner is not None and enabled is not None and flag is not None and enabled != flag:
                edits = context.replace(inner.items["enabled"], "auto")
                yield hit(
                    "D01-auto",
                    inner,
                    "enabled",
                    edits=edits,
                    name=f"{name}.enabled",
                    value=enabled,
                    other=flag,
                )


@on_file
def order_of_loading(context: Context) -> Iterator[Hit]:
    """D03."""
    for run in runs(context):
        loaded, args = run.model.loaded, run.args
        if loaded is None or args is None or args.span.start < loaded.span.start:
            continue
        config, path = args.inner("deepspeed"), args.text("deepspeed")
        zero = config.inner("zero_optimization") if config is not None else None
        three = (zero is not None and zero.number("stage") == 3) or (
            path is not None and bool(_STAGE_THREE.search(path))
        )
        if three and context.code is not None and "HfDeepSpeedConfig" not in context.text.content:
            yield Hit("D03", loaded.span)
