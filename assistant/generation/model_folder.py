"""Finds a model's folder, on this machine or by the hub, and says what is wrong with it before it is loaded."""

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

from assistant.errors import UserError
from assistant.generation.hub import fetch
from assistant.generation.need import free_memory, model_of, serving_need

INSTALL = 'pip install "tracedoc[lm]"'


def found(source: str, revision: str | None, report: Callable[[str, int, int], None], stop: Event) -> Path:
    """The folder of a source: itself, or what the hub has under this id. Raises UserError, and Cancel."""
    folder = Path(source).expanduser()
    if folder.is_dir():
        return folder
    if folder.is_absolute() or source.startswith((".", "~")) or source.count("/") > 1:
        raise UserError(f"There is no folder {source}: give a model's folder or its id on the hub.")
    return fetch(source, revision, report, stop)


def config_of(folder: Path) -> Any:
    """A model's config. Raises UserError if there is none, or it needs code of the model's own."""
    from transformers import AutoConfig

    if not (folder / "config.json").is_file():
        if (folder / "adapter_config.json").is_file():
            raise UserError(
                f"{folder} is an adapter, not a model: give its base model, and the folder as the adapter."
            )
        raise UserError(f"{folder} is not a model: it has no config.json.")
    try:
        return AutoConfig.from_pretrained(folder, trust_remote_code=False)
    except Exception as error:
        if "trust_remote_code" in str(error) or "custom code" in str(error):
            raise UserError(
                f"{folder.name} needs code of its own, which is not run here: choose a model that transformers knows."
            ) from error
        raise UserError(f"The config.json of {folder.name} cannot be read: {one_line(error)}") from error


def check_weights(folder: Path, source: str) -> None:
    """Raises UserError if there are no safetensors."""
    if any(folder.glob("*.safetensors")):
        return
    if any(folder.glob("*.bin")) or any(folder.glob("*.pt")) or any(folder.glob("*.pth")):
        raise UserError(
            f"{source} has its weights only as pickle files, which can run code when loaded: choose a model with safetensors, or convert it with save_pretrained."
        )
    if any(folder.glob("*.gguf")):
        raise UserError(
            f"{source} has its weights as GGUF: serve it with llama.cpp or Ollama and give that server's URL."
        )
    raise UserError(f"{source} has no weights: there is no .safetensors file.")


def quantization_of(config: Any, precision: str) -> str:
    """How a model will be quantized: as it is stored, else as `precision` says, "nf4" for "auto"."""
    stored = getattr(config, "quantization_config", None)
    if stored:
        settings = stored if isinstance(stored, dict) else stored.to_dict()
        if settings.get("load_in_4bit") or settings.get("bnb_4bit_quant_type"):
            return str(settings.get("bnb_4bit_quant_type", "nf4"))
        return str(settings.get("quant_method", "quantized"))
    return "nf4" if precision == "auto" else precision


def check_memory(config: Any, quantization: str, device: str, context: int, name: str) -> None:
    """Raises UserError if a model needs more memory than is free, as far as its weights can be counted."""
    try:
        model = model_of(name, config)
    except UserError:
        return
    need, free = serving_need(model, context, quantization, device), free_memory(device)
    if need > free:
        place = "the GPU has" if device.startswith("cuda") else "there are"
        raise UserError(
            f"{name} needs about {need / 2**30:.1f} GiB and {place} {free / 2**30:.1f} GiB free: choose a smaller model.",
            3,
        )


def tokenizer_of(folder: Path, model: Any) -> Any:
    """A model's tokenizer. Raises UserError if there is none, or it is another model's."""
    from transformers import AutoTokenizer

    # without these, transformers makes an empty one
    if (
        not any(folder.glob("tokenizer.*"))
        and not any(folder.glob("vocab.*"))
        and not any(folder.glob("*.model"))
    ):
        raise UserError(f"{folder.name} has no tokenizer: save one beside the model with save_pretrained.")
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    rows = model.get_input_embeddings().weight.shape[0]
    if len(tokenizer) > rows:
        raise UserError(
            f"The tokenizer of {folder.name} has {len(tokenizer)} tokens and the model {rows}: they do not belong together."
        )
    return tokenizer


def one_line(error: BaseException) -> str:
    """What an error says, on one line, cut at 200 characters."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else f"{text[:200].rstrip()} …"
