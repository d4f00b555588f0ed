"""PEFT adapters against the model, the trainer and the tokens that they are used with."""

import ast
from collections.abc import Iterator, Sequence
from typing import Any

from assistant.config.python.code import span
from assistant.config.python.fold import fold
from assistant.config.rules.links import Model, model_of, quantized, runs
from assistant.config.rules.rule import Context, Hit, family, hit, on_file
from assistant.config.rules.versions import patched, versioned
from assistant.config.settings import Settings
from assistant.config.signatures.models import HEADS, Known, known
from assistant.config.signatures.models import family as model_family


@on_file
def targets_of_the_model(context: Context) -> Iterator[Hit]:
    """L01, L02, L03: names against the modules of the model's family."""
    seen: set[int] = set()
    for adapter, model in _attached(context):
        if adapter.span.start in seen or not model.id or patched(context):
            continue
        seen.add(adapter.span.start)
        remote = model.loaded is not None and model.loaded.data("trust_remote_code", False) is not False
        row = known(model.id)
        if row is not None and not remote:
            yield from targets(adapter, "target_modules", adapter.names("target_modules"), row, context)
            yield from saved_modules(adapter, row)


def targets(
    settings: Settings, key: str, names: Sequence[str] | None, row: Known, context: Context
) -> Iterator[Hit]:
    """L01, L02 for any kind of file: `names` are what `key` lists."""
    modules = model_family(row.family)
    if modules is None or not names:
        return
    asked = {name: name.rsplit(".", 1)[-1] for name in names}
    missing = [name for name, last in asked.items() if not last.isdigit() and last not in modules.attributes]
    if not missing:
        return
    words: dict[str, Any] = {
        "family": row.family,
        "missing": _listed(missing),
        "targets": _listed(row.targets, ""),
    }
    item = settings.items[key]
    edits = context.replace(item, list(row.targets)) if isinstance(item.value.data, list) else []
    if len(missing) == len(asked):
        yield hit("L02", settings, key, edits=edits, **words)
        return
    rest = [name for name in names if name not in missing]
    yield hit("L01", settings, key, edits=edits, rest=_listed(rest), **words)


def saved_modules(settings: Settings, row: Known) -> Iterator[Hit]:
    """L03."""
    names, modules = settings.names("modules_to_save"), model_family(row.family)
    if not names or modules is None:
        return
    missing = [name for name in names if name.rsplit(".", 1)[-1] not in modules.attributes | HEADS]
    if missing:
        yield hit("L03", settings, "modules_to_save", family=row.family, missing=_listed(missing))


def _listed(names: Sequence[str], quote: str = "`") -> str:
    return ", ".join(f"{quote}{name}{quote}" for name in names) if quote else str(list(names))


def _attached(context: Context) -> Iterator[tuple[Settings, Model]]:
    """Every adapter with the model that it is attached to."""
    for run in runs(context):
        if run.model.adapter is not None and family(run.model.adapter) == "lora":
            yield run.model.adapter, run.model
    for one in context.of("wrapping"):
        adapter = one.inner("peft_config")
        if one.kind == "peft.get_peft_model" and adapter is not None and family(adapter) == "lora":
            yield adapter, model_of(one, context)
    for one in context.settings:
        base = one.text("base_model_name_or_path") if one.kind == "file.adapter" else None
        if base:
            yield one, Model(None, one, True, None, base)


@on_file
def frozen_adapter(context: Context) -> Iterator[Hit]:
    """L07: only where the adapter is trained in the same file."""
    training = bool(list(context.of("trainer"))) or ".backward(" in context.text.content
    for adapter, _ in _attached(context):
        if training and adapter.kind != "file.adapter" and adapter.flag("inference_mode"):
            edits = context.replace(adapter.items["inference_mode"], False)
            yield hit("L07", adapter, "inference_mode", edits=edits)


@on_file
def adapters_and_trainers(context: Context) -> Iterator[Hit]:
    """L09, L11, L12."""
    for run in runs(context):
        adapter, trainer = run.model.adapter, run.trainer
        names = adapter.names("target_modules") if adapter is not None else None
        if (
            adapter is not None
            and names
            and "lm_head" in names
            and trainer.kind == "trl.SFTTrainer"
            and context.from_version("trl", "1.15")
        ):
            rest = [name for name in names if name != "lm_head"]
            edits = context.replace(adapter.items["target_modules"], rest) if rest else []
            yield hit("L09", adapter, "target_modules", edits=edits, version=versioned(context, "trl"))
        twice = (
            trainer.inner("peft_config") is not None
            and model_of(trainer.data("model"), context).adapted is True
        )
        if (
            twice
            and trainer.kind == "trl.SFTTrainer"
            and context.from_version("trl", "0.27")
            and not trainer.local
            and not patched(context)
        ):
            edits = context.remove(trainer.items["peft_config"])
            yield hit("L11", trainer, "peft_config", edits=edits, version=versioned(context, "trl"))
        if adapter is not None and adapter.flag("use_dora") and quantized(run.model):
            yield hit("L12", adapter, "use_dora", edits=context.remove(adapter.items["use_dora"]))


@on_file
def new_tokens(context: Context) -> Iterator[Hit]:
    """L10."""
    code = context.code
    if code is None or ".resize_token_embeddings(" not in context.text.content or patched(context):
        return
    if not any(_adds_tokens(context, call) for call in code.walk.calls):
        return
    for settings in context.of("lora"):
        targets = settings.names("target_modules") or ()
        if any("emb" in name or name in ("wte", "lm_head") for name in targets):
            continue
        if settings.absent("modules_to_save") and settings.absent("trainable_token_indices"):
            near = next(iter(settings.items), "")
            yield hit("L10", settings, near)


def _adds_tokens(context: Context, call: ast.Call) -> bool:
    """Whether the call adds tokens other than one for padding."""
    method = getattr(call.func, "attr", "")
    if context.code is None or method not in ("add_tokens", "add_special_tokens") or not call.args:
        return False
    data = fold(context.code, call.args[0]).data
    if isinstance(data, Settings):
        return not data.open and bool(set(data.items) - {"pad_token"})
    return isinstance(data, (list, str)) and data != [] and "pad" not in str(data).lower()


@on_file
def merging(context: Context) -> Iterator[Hit]:
    """L24."""
    code = context.code
    for call in code.walk.calls if code else ():
        if code is None or getattr(call.func, "attr", "") != "merge_and_unload":
            continue
        owner = fold(code, call.func.value).data  # type: ignore[attr-defined]
        model = model_of(owner, context) if isinstance(owner, Settings) else None
        config = model.loaded.inner("quantization_config") if model and model.loaded else None
        if config is not None and config.flag("load_in_4bit"):
            yield Hit("L24", span(code, call))


@on_file
def prefix_and_checkpointing(context: Context) -> Iterator[Hit]:
    """L25."""
    for run in runs(context):
        adapter, args = run.model.adapter, run.args
        if args is None or adapter is None or adapter.kind != "peft.PrefixTuningConfig":
            continue
        for name in ("gradient_checkpointing", "activation_checkpointing"):
            if args.flag(name):
                yield hit("L25", args, name, edits=context.replace(args.items[name], False), name=name)
