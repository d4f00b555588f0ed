"""LoRA targets in the files of Axolotl and LLaMA-Factory, against the model that they name."""

from collections.abc import Iterator

from assistant.config.rules.adapters import targets
from assistant.config.rules.rule import Context, Hit, on
from assistant.config.settings import Settings
from assistant.config.signatures.models import known

_EVERYTHING = ("all", "all-linear")


@on("axolotl", "llamafactory")
def targets_in_files(settings: Settings, context: Context) -> Iterator[Hit]:
    """L01, L02."""
    axolotl = settings.kind == "axolotl"
    base, key = ("base_model", "lora_target_modules") if axolotl else ("model_name_or_path", "lora_target")
    model, data = settings.text(base), settings.data(key)
    row = known(model) if model else None
    if axolotl and settings.text("adapter") not in ("lora", "qlora"):
        return
    if row is None or settings.flag("trust_remote_code") or (axolotl and settings.flag("lora_target_linear")):
        return
    names = [part.strip() for part in data.split(",")] if isinstance(data, str) else settings.names(key)
    if names and not set(names) & set(_EVERYTHING):
        yield from targets(settings, key, names, row, context)
