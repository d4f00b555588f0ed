"""TRL's trainers, and the data that trainers get."""

from collections.abc import Iterator

from assistant.config.report import Severity
from assistant.config.rules.links import Run, runs
from assistant.config.rules.phrases import phrase
from assistant.config.rules.rule import Context, Hit, family, hit, on, on_file
from assistant.config.rules.versions import patched, versioned
from assistant.config.settings import Settings
from assistant.config.signatures.models import known

_REMOVED = {
    "use_auth_token": ("3.0", "token"), "ignore_verifications": ("3.0", "verification_mode"), "task": ("3.0", ""),
    "trust_remote_code": ("4.0", ""),
}  # fmt: skip


@on_file
def models_by_name(context: Context) -> Iterator[Hit]:
    """S01, S02, S06."""
    if patched(context):
        return
    for run in runs(context):
        kwargs = run.args.inner("model_init_kwargs") if run.args else None
        if kwargs is not None and "torch_dtype" in kwargs.items and context.from_version("trl", "1.0"):
            edits = context.rename(kwargs.items["torch_dtype"], "dtype")
            yield hit("S02", kwargs, "torch_dtype", edits=edits, version=versioned(context, "trl"))
        by_name = isinstance(run.trainer.data("model"), str) and run.trainer.kind.startswith("trl.")
        if (
            by_name
            and run.args is not None
            and run.args.absent("model_init_kwargs")
            and context.from_version("trl", "1.0")
        ):
            near = next((item.key for item in run.args if item.layout == "call"), "")
            edits = context.add(run.args, "model_init_kwargs", {"dtype": "bfloat16"}, near)
            yield hit("S01", run.trainer, "model", edits=edits)
        yield from _positions(run, context)


def _positions(run: Run, context: Context) -> Iterator[Hit]:
    row = known(run.model.id) if run.model.id else None
    if row is None or not row.positions or run.args is None:
        return
    for name in ("max_length", "max_seq_length"):
        value = run.args.number(name)
        if value is not None and value > row.positions and "rope" not in context.text.content:
            edits = context.replace(run.args.items[name], row.positions)
            yield hit(
                "S06",
                run.args,
                name,
                edits=edits,
                name=name,
                value=value,
                model=run.model.id,
                most=row.positions,
            )


@on("training")
def short_sequences(settings: Settings, context: Context) -> Iterator[Hit]:
    """S05."""
    if settings.kind != "trl.SFTConfig":
        return
    for name in ("max_length", "max_seq_length"):
        value = settings.number(name)
        if value is not None and 0 < value < 128:
            yield hit("S05", settings, name, value=value)


@on_file
def trl_trainers(context: Context) -> Iterator[Hit]:
    """S10, S14, S15."""
    for run in runs(context):
        args, trainer = run.args, run.trainer
        if trainer.kind != "trl.SFTTrainer" or args is None or trainer.local or patched(context):
            continue
        gpus = context.facts.gpus
        if gpus and gpus > 1 and context.from_version("trl", "1.15") and not context.distributed:
            yield Hit("S10", trainer.span, {"gpus": gpus, "version": versioned(context, "trl")})
        if (
            args.flag("completion_only_loss")
            and trainer.given("formatting_func")
            and context.from_version("trl", "0.18")
        ):
            edits = context.remove(args.items["completion_only_loss"])
            yield hit("S14", args, "completion_only_loss", edits=edits)
        packed = args.flag("packing") and (args.text("packing_strategy", "bfd") or "").startswith("bfd")
        if (
            (packed or args.flag("padding_free"))
            and trainer.given("data_collator")
            and context.from_version("trl", "0.19")
        ):
            edits = context.remove(trainer.items["data_collator"])
            yield hit("S15", trainer, "data_collator", edits=edits, version=versioned(context, "trl"))


@on("training")
def generations(settings: Settings, context: Context) -> Iterator[Hit]:
    """S16: where one GPU is known or nothing speaks of more."""
    if settings.kind != "trl.GRPOConfig" or context.distributed or (context.facts.gpus or 1) > 1:
        return
    wanted, size = settings.number("num_generations"), settings.number("per_device_train_batch_size")
    steps = settings.number("gradient_accumulation_steps", 1)
    others = ("generation_batch_size", "steps_per_generation", "vllm_server_host", "vllm_server_base_url")
    if (
        not wanted
        or not size
        or not steps
        or any(settings.given(name) for name in others)
        or patched(context)
    ):
        return
    if int(size * steps) % int(wanted):
        names = ("num_generations", "per_device_train_batch_size", "gradient_accumulation_steps")
        yield hit(
            "S16",
            settings,
            *names,
            batch=int(size * steps),
            size=int(size),
            steps=int(steps),
            generations=int(wanted),
        )


@on_file
def streamed_data(context: Context) -> Iterator[Hit]:
    """C09, C35."""
    for run in runs(context):
        data = run.trainer.data("train_dataset")
        if run.args is None or not isinstance(data, Settings) or family(data) != "dataset":
            continue
        if not data.flag("streaming") or not data.given("split"):
            continue
        if run.args.absent("max_steps") and not run.trainer.local:
            near = next((item.key for item in run.args if item.layout == "call"), "")
            yield hit("C35", run.args, edits=context.add(run.args, "max_steps", 1000, near))
        for name in ("group_by_length", "train_sampling_strategy"):
            if run.args.data(name) in (True, "group_by_length") and name in run.args.items:
                yield hit("C09", run.args, name, edits=context.remove(run.args.items[name]))


@on("training")
def transformed_data(settings: Settings, context: Context) -> Iterator[Hit]:
    """C22."""
    code = context.code
    if (
        code is None
        or not settings.absent("remove_unused_columns")
        or settings.local
        or not settings.kind.startswith("transformers.")
    ):
        return
    for call in code.walk.calls:
        method = getattr(call.func, "attr", "")
        if method in ("set_transform", "with_transform") and any(
            run.args is not None for run in runs(context)
        ):
            near = next((item.key for item in settings if item.layout == "call"), "")
            edits = context.add(settings, "remove_unused_columns", False, near)
            yield hit("C22", settings, edits=edits, method=method)
            return


@on("dataset")
def dataset_arguments(settings: Settings, context: Context) -> Iterator[Hit]:
    """R17."""
    if settings.kind != "datasets.load_dataset":
        return
    for name, (since, new) in _REMOVED.items():
        item = settings.items.get(name)
        if item is None or not context.from_version("datasets", since) or name == "use_auth_token":
            continue
        edits = context.rename(item, new) if new == "token" else context.remove(item)
        fails = name != "trust_remote_code"
        what = phrase("trl", "what", "refused" if fails else "ignored")
        how = phrase("trl", "how", "rename" if new else "delete", new=new)
        severity: Severity | None = None if fails else "warning"
        if name == "trust_remote_code" and settings.flag(name) is not True:
            severity = "advice"
        yield hit(
            "R17",
            settings,
            name,
            edits=edits,
            name=name,
            version=versioned(context, "datasets"),
            what=what,
            how=how,
            severity=severity,
        )
