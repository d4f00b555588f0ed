"""Learning rate, warmup, length of training and evaluation."""

import re
from collections.abc import Iterator

from assistant.config.rules.links import runs
from assistant.config.rules.rule import Context, Hit, hit, on, on_file
from assistant.config.rules.versions import versioned
from assistant.config.settings import Settings

_TEXT_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?[eE][+-]?\d+\Z")
_NUMBERS = (
    "learning_rate",
    "weight_decay",
    "adam_epsilon",
    "max_grad_norm",
    "warmup_ratio",
    "warmup_steps",
    "beta",
)
_OTHER_SCALES = ("sgd", "adafactor", "lomo", "rmsprop", "adagrad", "schedule_free")
"""Optimizers whose usual rates are another matter."""


@on("training")
def warmup(settings: Settings, context: Context) -> Iterator[Hit]:
    """C10, C11."""
    steps, total = settings.number("warmup_steps"), settings.number("max_steps", -1)
    if steps is None:
        return
    item = settings.items["warmup_steps"]
    if total and total > 0 and steps >= total and steps >= 1:
        some = max(1, round(0.03 * total))
        yield hit(
            "C10",
            settings,
            "warmup_steps",
            "max_steps",
            edits=context.replace(item, some),
            warmup=steps,
            total=total,
            some=some,
        )
    old = not context.from_version("transformers", "5.0")
    if steps >= 1 and not float(steps).is_integer():
        yield hit("C11", settings, "warmup_steps", value=steps, steps=int(steps))
    elif 0 < steps < 1 and old and not settings.kind.startswith("llamafactory"):
        edits = context.rename(item, "warmup_ratio") if "warmup_ratio" not in settings.items else []
        yield hit(
            "C11-old",
            settings,
            "warmup_steps",
            edits=edits,
            value=steps,
            version=versioned(context, "transformers"),
        )


@on("training")
def learning_rate(settings: Settings, context: Context) -> Iterator[Hit]:
    """C12: rates that no AdamW stands."""
    rate = settings.number("learning_rate")
    optimizer = settings.text("optim", "adamw_torch")
    if rate is None or rate < 0.1 or optimizer is None or any(word in optimizer for word in _OTHER_SCALES):
        return
    if context.code is not None and {"PromptTuningConfig", "PromptEncoderConfig", "PrefixTuningConfig"} & {
        one.kind.rsplit(".", 1)[1] for one in context.of("peft")
    }:
        return
    yield hit("C12", settings, "learning_rate", "optim", rate=rate)


@on_file
def learning_rate_of_adapters(context: Context) -> Iterator[Hit]:
    """C12: full fine-tuning's rate for LoRA, in supervised training."""
    for run in runs(context):
        if run.args is None or run.trainer.kind not in ("trl.SFTTrainer", "transformers.Trainer"):
            continue
        rate = run.args.number("learning_rate")
        lora = run.model.adapter is not None and run.model.adapter.kind == "peft.LoraConfig"
        if lora and rate is not None and 0 < rate <= 1e-5:
            yield hit("C12-low", run.args, "learning_rate", rate=rate)


@on("training")
def numbers_as_text(settings: Settings, context: Context) -> Iterator[Hit]:
    """C13."""
    if settings.kind != "file.training" or settings.layout not in ("yaml", "flow"):
        return
    for name in _NUMBERS:
        item = settings.items.get(name)
        data = item.value.data if item else None
        if item is None or not isinstance(data, str) or not _TEXT_NUMBER.match(data):
            continue
        if context.text.of(item.value.span)[:1] in "\"'":
            continue
        mantissa, exponent = re.split("[eE]", data)
        better = f"{mantissa if '.' in mantissa else mantissa + '.0'}e{exponent if exponent[0] in '+-' else '+' + exponent}"
        yield hit(
            "C13",
            settings,
            name,
            edits=context.replace_text(item, better),
            key=name,
            value=data,
            better=better,
        )


@on("training")
def length_of_training(settings: Settings, context: Context) -> Iterator[Hit]:
    """C15."""
    epochs, steps = settings.number("num_train_epochs"), settings.number("max_steps", -1)
    if epochs is None or steps is None:
        return
    if epochs <= 0 and steps <= 0:
        yield hit("C15", settings, "num_train_epochs", "max_steps", value=epochs)
    elif epochs > 0 and steps > 0 and "max_steps" in settings.items:
        edits = context.remove(settings.items["num_train_epochs"])
        yield hit(
            "C15-both", settings, "max_steps", "num_train_epochs", edits=edits, steps=steps, epochs=epochs
        )


@on("training")
def scheduler_arguments(settings: Settings, context: Context) -> Iterator[Hit]:
    """C21."""
    schedule = settings.text("lr_scheduler_type") or ""
    if (
        schedule not in ("cosine_with_min_lr", "cosine_warmup_with_min_lr")
        or settings.kind == "llamafactory.training"
    ):
        return
    kwargs = settings.inner("lr_scheduler_kwargs")
    missing = settings.absent("lr_scheduler_kwargs") or (
        kwargs is not None and kwargs.absent("min_lr") and kwargs.absent("min_lr_rate")
    )
    if missing:
        edits = (
            context.add(settings, "lr_scheduler_kwargs", {"min_lr_rate": 0.1}, "lr_scheduler_type")
            if kwargs is None
            else []
        )
        yield hit("C21", settings, "lr_scheduler_type", "lr_scheduler_kwargs", edits=edits, value=schedule)
