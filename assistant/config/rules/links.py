"""What belongs together: a trainer with its arguments, its model, its adapter and quantization."""

from collections.abc import Iterator
from dataclasses import dataclass

from assistant.config.rules.rule import Context, family
from assistant.config.settings import UNKNOWN, Settings

_LOADED = ("transformers.from_pretrained",)


@dataclass(frozen=True, slots=True)
class Model:
    """A model as it reaches a call. `loaded`: the `from_pretrained`; `adapter`: the PEFT config that
    was attached, `adapted` whether one surely was (None: not known); `prepared`: by
    `prepare_model_for_kbit_training`; `id`: name or folder, if it is written out."""

    loaded: Settings | None
    adapter: Settings | None
    adapted: bool | None
    prepared: Settings | None
    id: str


@dataclass(frozen=True, slots=True)
class Run:
    """One trainer with all that the text says of it."""

    trainer: Settings
    args: Settings | None
    model: Model


def runs(context: Context) -> Iterator[Run]:
    """Every trainer of the file."""
    named = {one.name: one for one in context.settings if one.name}
    for trainer in context.of("trainer"):
        args = trainer.inner("args")
        args = args if args is not None and family(args) == "training" else None
        if args is not None:  # the same object with what was assigned to it later
            args = next(
                (one for one in named.values() if one.span == args.span and family(one) == "training"), args
            )
        yield Run(trainer, args, of_trainer(trainer, context))


def of_trainer(trainer: Settings, context: Context) -> Model:
    """The model that a trainer gets, and the adapter that it attaches itself."""
    model = model_of(trainer.data("model", UNKNOWN), context)
    peft = trainer.data("peft_config")
    if isinstance(peft, Settings):
        return Model(model.loaded, peft, True, model.prepared, model.id)
    if peft is not None:  # given, but not known
        return Model(model.loaded, model.adapter, model.adapted or None, model.prepared, model.id)
    return model


def model_of(data: object, context: Context) -> Model:
    """Follows a model back through its wrappers to where it is loaded."""
    adapter: Settings | None = None
    prepared: Settings | None = None
    adapted: bool | None = False
    for _ in range(10):
        if isinstance(data, str):
            return Model(None, adapter, adapted, prepared, data)
        if not isinstance(data, Settings):
            break
        if data.kind == "peft.get_peft_model":
            adapter, adapted = data.inner("peft_config"), True
        elif data.kind == "peft.from_pretrained":
            adapted = True
        elif data.kind == "peft.prepare_model_for_kbit_training":
            prepared = data
        elif data.kind in _LOADED:
            name = data.data("pretrained_model_name_or_path")
            later = _attached_later(data, context)
            sure = None if later and not adapted else adapted
            return Model(data, adapter, sure, prepared, name if isinstance(name, str) else "")
        else:
            break
        data = data.data("model", UNKNOWN)
    return Model(None, adapter, adapted or None, prepared, "")


def _attached_later(loaded: Settings, context: Context) -> bool:
    """Whether `model.add_adapter(…)` or `load_adapter` is called anywhere."""
    code = context.code
    return code is not None and any(
        getattr(call.func, "attr", "") in ("add_adapter", "load_adapter", "inject_adapter_in_model")
        or getattr(call.func, "id", "") == "inject_adapter_in_model"
        for call in code.walk.calls
    )


def quantization(model: Model) -> Settings | None:
    """The BitsAndBytesConfig that the model is loaded with."""
    found = model.loaded.inner("quantization_config") if model.loaded else None
    return found if found is not None and family(found) == "quantization" else None


def quantized(model: Model) -> bool | None:
    """Whether the model is loaded in 4 or 8 bit; None where it is not known."""
    if model.loaded is None:
        return None
    for flag in ("load_in_4bit", "load_in_8bit"):
        if model.loaded.flag(flag, False):
            return True
    config = model.loaded.data("quantization_config")
    if config is None:
        return False
    if isinstance(config, Settings) and family(config) == "quantization":
        return bool(config.flag("load_in_4bit", False) or config.flag("load_in_8bit", False)) or None
    return None
