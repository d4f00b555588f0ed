"""Loads a causal LM: from a folder or the hub, in 4 bits where asked, with an adapter on top.

safetensors only, no code from the model's repository, and nothing is fetched where HF_HUB_OFFLINE says
so. What cannot be loaded is said in one sentence.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from assistant.errors import UserError
from assistant.generation.hub import Cancel, fetch
from assistant.generation.models import free_memory, memory_need, shape_of

Precision = Literal["auto", "nf4", "bf16", "fp32"]
Report = Callable[[str, int, int], None]
Cancelled = threading.Event

INSTALL = 'pip install "tracedoc[lm]"'


@dataclass(frozen=True)
class Loaded:
    """A model that is ready to read, its tokenizer, and what is known of them. `merged` is a second model
    with the adapter in its weights, where that is served in place of an attached one."""

    name: str
    model: Any
    tokenizer: Any
    device: str
    quantization: str
    adapter: str | None = None
    merged: Any = None


def load(
    source: str,
    *,
    adapter: str | None = None,
    revision: str | None = None,
    precision: Precision = "auto",
    device: str = "auto",
    context: int = 4096,
    name: str = "",
    report: Report = lambda stage, done, total: None,
    cancelled: Cancelled | None = None,
) -> Loaded:
    """Loads a folder or a hub id. `precision` "auto" is NF4, except where a folder is quantized already.
    Raises UserError, and Cancel soon after `cancelled` is set."""
    stop = cancelled or threading.Event()
    _require()
    folder = _folder(source, revision, report, stop)
    config = _config(folder)
    chosen = _device(device)
    quantization = _quantization(config, precision)
    _check_weights(folder, source)
    _check_memory(config, quantization, chosen, context, name or source)
    with _sentences(source, folder):
        model = _model(folder, config, quantization, chosen, report, stop)
        tokenizer = _tokenizer(folder, model)
        if adapter:
            model = _with_adapter(model, Path(adapter), report, stop)
        _ready(model, chosen, stop)
    return Loaded(name or Path(source).name, model, tokenizer, chosen, quantization, _short(adapter))


def load_pair(
    base: Path,
    merged: Path,
    *,
    adapter: str,
    device: str = "auto",
    context: int = 4096,
    name: str = "",
    report: Report = lambda stage, done, total: None,
    cancelled: Cancelled | None = None,
) -> Loaded:
    """Loads a quantized model and the same one with an adapter merged into its weights, which share what
    the adapter left alone: the embedding and head. Raises UserError, and Cancel."""
    stop = cancelled or threading.Event()
    first = load(str(base), device=device, context=context, name=name, report=report, cancelled=stop)
    config = _config(merged)
    _check_weights(merged, str(merged))
    with _sentences(str(merged), merged):
        second = _model(merged, config, first.quantization, first.device, report, stop)
        _share(first.model, second)
        _ready(second, first.device, stop)
    return replace(first, adapter=_short(adapter), merged=second)


def _require() -> None:
    from importlib.util import find_spec

    missing = [
        each for each in ("torch", "transformers", "accelerate", "bitsandbytes") if not find_spec(each)
    ]
    if missing:
        raise UserError(f"A local model needs {', '.join(missing)}: {INSTALL}", 3)
    # it warns of a package that it would fetch kernels with, from the hub
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)


def _folder(source: str, revision: str | None, report: Report, stop: Cancelled) -> Path:
    folder = Path(source).expanduser()
    if folder.is_dir():
        return folder
    if folder.is_absolute() or source.startswith((".", "~")) or source.count("/") > 1:
        raise UserError(f"There is no folder {source}: give a model's folder or its id on the hub.")
    return fetch(source, revision, report, stop)


def _config(folder: Path) -> Any:
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
        raise UserError(f"The config.json of {folder.name} cannot be read: {_line(error)}") from error


def _check_weights(folder: Path, source: str) -> None:
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


def _device(device: str) -> str:
    import torch

    if device != "auto":
        return device
    return "cuda" if torch.cuda.is_available() else "cpu"


def _quantization(config: Any, precision: Precision) -> str:
    stored = getattr(config, "quantization_config", None)
    if stored:
        settings = stored if isinstance(stored, dict) else stored.to_dict()
        if settings.get("load_in_4bit") or settings.get("bnb_4bit_quant_type"):
            return str(settings.get("bnb_4bit_quant_type", "nf4"))
        return str(settings.get("quant_method", "quantized"))
    return "nf4" if precision == "auto" else precision


def _check_memory(config: Any, quantization: str, device: str, context: int, name: str) -> None:
    shape = shape_of(config)
    need, free = memory_need(shape, context, quantization, device), free_memory(device)
    if need > free:
        place = "the GPU has" if device.startswith("cuda") else "there are"
        raise UserError(
            f"{name} needs about {need / 2**30:.1f} GiB and {place} {free / 2**30:.1f} GiB free: choose a smaller model.",
            3,
        )


def compute_dtype(device: str) -> Any:
    """bf16 where the device computes in it, else fp16 on GPUs and fp32 on CPUs."""
    import torch

    if device.startswith("cuda"):
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return torch.bfloat16 if _cpu_has_bf16() else torch.float32


def _cpu_has_bf16() -> bool:
    try:
        from bitsandbytes.functional import has_avx512bf16

        return bool(has_avx512bf16())  # type: ignore[no-untyped-call]
    except ImportError:
        return False


def _model(folder: Path, config: Any, quantization: str, device: str, report: Report, stop: Cancelled) -> Any:
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    total = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    report("load", 0, total)
    _unless(stop)
    options: dict[str, Any] = {"dtype": compute_dtype(device)}
    if quantization in ("bf16", "fp32"):
        options["dtype"] = torch.bfloat16 if quantization == "bf16" else torch.float32
    elif not getattr(config, "quantization_config", None):
        options["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=compute_dtype(device),
        )
    with _quiet():
        model = AutoModelForCausalLM.from_pretrained(
            folder,
            config=config,
            device_map={"": device},
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            **options,
        )
    _unless(stop)
    report("load", total, total)
    return model


def _tokenizer(folder: Path, model: Any) -> Any:
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


def _with_adapter(model: Any, folder: Path, report: Report, stop: Cancelled) -> Any:
    try:
        from peft import PeftConfig, PeftModel
    except ImportError as error:
        raise UserError(f"An adapter needs peft: {INSTALL}", 3) from error
    if not (folder / "adapter_config.json").is_file():
        raise UserError(f"{folder} is not an adapter: it has no adapter_config.json.")
    if not (folder / "adapter_model.safetensors").is_file():
        raise UserError(
            f"The adapter {folder} has no adapter_model.safetensors: save it with save_pretrained."
        )
    report("adapter", 0, 0)
    _unless(stop)
    base = str(PeftConfig.from_pretrained(str(folder)).base_model_name_or_path or "not said which")
    try:
        attached = PeftModel.from_pretrained(model, folder, is_trainable=False)
        strange = _strange(attached, folder / "adapter_model.safetensors")
    except (RuntimeError, ValueError, KeyError) as error:
        raise UserError(
            f"The adapter {folder.name} is for another base model ({base}): {_line(error)}"
        ) from error
    if strange:
        raise UserError(
            f"The adapter {folder.name} is for another base model ({base}): it has no place for {strange}."
        )
    _unless(stop)
    return attached


def _strange(attached: Any, file: Path) -> str:
    """A tensor that only the adapter's file or only the model has; peft passes over both."""
    from peft import get_peft_model_state_dict
    from safetensors import safe_open

    with safe_open(file, "pt") as stored:
        theirs = set(stored.keys())
    ours = set(get_peft_model_state_dict(attached, save_embedding_layers=False))
    return min(theirs ^ ours, default="")


def _share(first: Any, second: Any) -> None:
    """Lets the second model use the first one's embedding and head, where they are the same."""
    import torch

    for get, put in (
        (first.get_input_embeddings, second.get_input_embeddings),
        (first.get_output_embeddings, second.get_output_embeddings),
    ):
        ours, theirs = get(), put()
        if ours.weight.shape == theirs.weight.shape and torch.equal(ours.weight, theirs.weight):
            theirs.weight = ours.weight


def _ready(model: Any, device: str, stop: Cancelled) -> None:
    """Reads a few tokens, which packs 4-bit weights for the CPU's instructions, once and not in a reply."""
    import torch

    from assistant.generation.attention import use_for

    model.eval()
    head = model.get_output_embeddings()
    if head is not None and head.weight.is_floating_point():
        # torch multiplies the last position's states with a frozen head by copying the whole head first
        # (matmul does not fold what is not contiguous unless the weight takes part in a graph)
        head.weight.requires_grad_(True)
    if device == "cpu":
        use_for(model)
    for module in model.modules():
        # what bitsandbytes' packed layout does not fit is computed in the plain one
        if getattr(module, "support_avx512bf16_for_cpu", False) and (
            module.out_features % 32 or module.in_features % 64
        ):
            module.support_avx512bf16_for_cpu = False
    _unless(stop)
    with torch.inference_mode():
        model(input_ids=torch.tensor([[1, 2]], device=device), use_cache=False)
    _unless(stop)


@contextmanager
def _sentences(source: str, folder: Path) -> Any:
    """Says in one sentence what went wrong while loading."""
    import torch
    from safetensors import SafetensorError

    try:
        yield
    except (UserError, Cancel):
        raise
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise UserError(f"There is not enough memory for {source}: choose a smaller model.", 3) from error
    except SafetensorError as error:
        raise UserError(
            f"A weights file in {folder} is damaged ({_line(error)}): fetch the model again.", 3
        ) from error
    except ImportError as error:
        raise UserError(f"{source} needs a package that is not installed: {_line(error)}", 3) from error
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{source} cannot be loaded: {_line(error)}", 3) from error


@contextmanager
def _quiet() -> Any:
    """Keeps progress bars of loading off the terminal."""
    from transformers.utils.logging import disable_progress_bar, enable_progress_bar, is_progress_bar_enabled

    shown = is_progress_bar_enabled()
    disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            enable_progress_bar()


def _unless(stop: Cancelled) -> None:
    if stop.is_set():
        raise Cancel


def _short(adapter: str | None) -> str | None:
    return Path(adapter).name if adapter else None


def _line(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else f"{text[:200].rstrip()} …"
