"""Loads a causal LM: from a folder or the hub, in 4 bits where asked, with an adapter on top.

safetensors only, no code from the model's repository, and nothing is fetched where HF_HUB_OFFLINE says
so. What cannot be loaded is said in one sentence.
"""

import logging
import sys
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from assistant.errors import UserError
from assistant.generation.attaching import attached
from assistant.generation.hub import Cancel
from assistant.generation.model_folder import (
    INSTALL,
    check_memory,
    check_weights,
    config_of,
    found,
    one_line,
    quantization_of,
    tokenizer_of,
)

Precision = Literal["auto", "nf4", "bf16", "fp32"]
Report = Callable[[str, int, int], None]
Cancelled = threading.Event


@dataclass(frozen=True)
class Loaded:
    """A model that is ready to read, its tokenizer, and what is known of them. `plain` gives the model without the
    adapter where that is merged into the weights that are served; it is read when it is first asked for."""

    name: str
    model: Any
    tokenizer: Any
    device: str
    quantization: str
    adapter: str | None = None
    plain: Callable[[], Any] | None = None


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
    folder = found(source, revision, report, stop)
    config = config_of(folder)
    chosen = _device(device)
    _import_bitsandbytes(chosen)
    quantization = quantization_of(config, precision)
    check_weights(folder, source)
    check_memory(config, quantization, chosen, context, name or source)
    with _sentences(source, folder):
        model = _model(folder, config, quantization, chosen, report, stop)
        tokenizer = tokenizer_of(folder, model)
        if adapter:
            model = attached(model, Path(adapter), report)
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
    """Loads a quantized model that an adapter is merged into, and the same one without it when that is first
    asked for; they share what the adapter left alone: the embedding and head. Raises UserError, and Cancel."""
    stop = cancelled or threading.Event()
    check_weights(base, str(base))
    served = load(str(merged), device=device, context=context, name=name, report=report, cancelled=stop)

    @cache
    def plain() -> Any:
        config = config_of(base)
        with _sentences(str(base), base):
            second = _model(base, config, served.quantization, served.device, report, threading.Event())
            _share(served.model, second)
            _ready(second, served.device, threading.Event())
        return second

    return replace(served, adapter=_short(adapter), plain=plain)


def _require() -> None:
    from importlib.util import find_spec

    missing = [
        each for each in ("torch", "transformers", "accelerate", "bitsandbytes") if not find_spec(each)
    ]
    if missing:
        raise UserError(f"A local model needs {', '.join(missing)}: {INSTALL}", 3)
    # it warns of a package that it would fetch kernels with, from the hub
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)


def _import_bitsandbytes(device: str) -> None:
    """Imports bitsandbytes. On a CPU its fallback kernels stay uncompiled: `torch.compile` around them, which
    it asks for on import, would import the compiler (a third of the time that a small model takes to load)
    for kernels that its own CPU library replaces."""
    if device != "cpu" or "bitsandbytes" in sys.modules:
        return
    import torch

    compiled, torch.compile = torch.compile, _as_it_is
    try:
        import bitsandbytes  # noqa: F401
    finally:
        torch.compile = compiled


def _as_it_is(function: Any = None, **options: Any) -> Any:
    return function if function is not None else lambda each: each


def _device(device: str) -> str:
    import torch

    if device != "auto":
        return device
    return "cuda" if torch.cuda.is_available() else "cpu"


def compute_dtype(device: str) -> Any:
    """What 4-bit layers compute in: bf16 where the device has instructions for it, else fp16 on GPUs, and
    fp32 on CPUs, where a prompt in bf16 took three times as long without them."""
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
    # on a CPU the other weights are read fastest where they are smallest, whatever is computed in
    options: dict[str, Any] = {"dtype": torch.bfloat16 if device == "cpu" else compute_dtype(device)}
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
        if getattr(model, "is_quantized", False) and compute_dtype(device) == torch.float32:
            for each in (*model.parameters(), *model.buffers()):  # what is not in 4 bits is as it was stored
                if each.dtype == torch.bfloat16:
                    each.data = each.data.float()
    for module in model.modules():
        if hasattr(module, "compute_dtype"):  # a stored 4-bit model has that of the machine that stored it
            module.compute_dtype = compute_dtype(device)
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
            f"A weights file in {folder} is damaged ({one_line(error)}): fetch the model again.", 3
        ) from error
    except ImportError as error:
        raise UserError(f"{source} needs a package that is not installed: {one_line(error)}", 3) from error
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{source} cannot be loaded: {one_line(error)}", 3) from error


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
