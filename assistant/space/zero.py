"""The language model on ZeroGPU, where a GPU is lent for each reply: loaded in bf16 when the process starts,
before anything serves, and run in a process that has the GPU.

bitsandbytes cannot quantize at module level there, so nothing is quantized. The decorator of the `spaces`
package does nothing elsewhere, so that this code runs on any machine.
"""

import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import UserError
from assistant.generation.model import Finished, Job

if TYPE_CHECKING:
    from assistant.generation.local import LocalModel

ZERO_MODEL = "Qwen/Qwen3-4B-Instruct-2507"
"""What replies where nothing else is chosen: 8 GB in bf16. A reply takes a few seconds of the two to forty
minutes that a visitor has a day; a model of 14B would take four times as many."""

_SHORTEST, _LONGEST = 8, 60
_START, _READ_A_SECOND, _WRITTEN_A_SECOND = 4.0, 1_500, 20
"""Seconds until the weights are on the GPU, and tokens a second, both on the careful side: a call that takes
longer than it said is ended, and one that says less is let in earlier."""
_CHARACTERS_A_TOKEN = 3

_models: dict[str, "LocalModel"] = {}
"""Models by name; the process that has the GPU is forked and finds them here."""


def seconds_for(name: str, job: Job) -> int:
    """How long a reply may take, from the length of its prompt and its limit of tokens."""
    read = sum(len(message.content) for message in job.messages) / _CHARACTERS_A_TOKEN
    needed = _START + read / _READ_A_SECOND + job.sampling.max_new_tokens / _WRITTEN_A_SECOND
    return max(_SHORTEST, min(_LONGEST, math.ceil(needed)))


def begin() -> None:
    """Lets the `spaces` package take over torch's CUDA. Must run in the main thread, before torch is imported.
    Raises UserError (code 3) where that cannot be."""
    try:
        import spaces  # noqa: F401
    except ImportError as error:
        raise UserError(
            'ZeroGPU needs the package `spaces`: run `pip install "tracedoc[zero]"` (Spaces installs it itself).',
            3,
        ) from error
    except AttributeError as error:  # the package reads the CUDA version of a build that has none
        raise UserError(
            "ZeroGPU needs a build of PyTorch with CUDA: run `tracedoc deploy OWNER/NAME --hardware zero-a10g`.",
            3,
        ) from error


def open_zero(model: str, adapter: str | None, *, device: str = "cuda") -> "ZeroModel":
    """Loads a hub id or a folder, in the main thread: what is put on the GPU is recorded by thread. Raises
    UserError."""
    import torch
    from transformers import AutoModelForCausalLM

    from assistant.generation.attaching import attached
    from assistant.generation.loading import Loaded
    from assistant.generation.local import LocalModel
    from assistant.generation.model_folder import check_weights, config_of, found, one_line, tokenizer_of
    from assistant.generation.models import row

    known = row(model)
    folder = found(model, known.revision if known else None, lambda *_: None, threading.Event())
    check_weights(folder, model)
    config = config_of(folder)
    if getattr(config, "quantization_config", None):
        raise UserError(f"{model} is quantized, which ZeroGPU cannot load: choose a model in bf16.")
    try:
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            folder,
            config=config,
            dtype=torch.bfloat16,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
        )
        tokenizer = tokenizer_of(folder, loaded)
        if adapter:
            loaded = attached(loaded, Path(adapter), lambda *_: None)
        loaded.eval().to(device)
    except UserError:
        raise
    except Exception as error:  # whatever a model's files make transformers raise
        raise UserError(f"{model} cannot be loaded: {one_line(error)}", 3) from error
    name = model if known else Path(model).name
    _models[name] = LocalModel(
        Loaded(name, loaded, tokenizer, device, "bf16", Path(adapter).name if adapter else None)
    )
    return ZeroModel(name)


def report_start(page: Any, port: int) -> None:
    """Tells ZeroGPU that everything is loaded. The package does so when Gradio's own server is launched,
    which ours is not; it also closes the page's connections in the process that has the GPU, by the port."""
    from types import SimpleNamespace

    import spaces.zero

    page.server = SimpleNamespace(config=SimpleNamespace(port=port))
    startup = getattr(spaces.zero, "startup", None)
    if startup is not None:
        startup()


class ZeroModel:
    """A Generator whose replies are written where the GPU is. `write` is what the decorator made."""

    quantization = "none"

    def __init__(self, name: str) -> None:
        import spaces

        model = _models[name]
        self.name, self.adapter, self.context = name, model.adapter, model.context
        self.small, self.tools = model.small, model.tools
        self._write = spaces.GPU(_write, duration=seconds_for)

    def count(self, text: str) -> int:
        return _models[self.name].count(text)

    def stream(self, job: Job, cancelled: threading.Event) -> Iterator[str | Finished]:
        """New text as it is written, then one Finished. An event does not reach another process: a reply that
        is not wanted any more is left between two pieces of text."""
        pieces = self._write(self.name, job)
        try:
            for piece in pieces:
                yield piece
                if isinstance(piece, Finished):
                    return
                if cancelled.is_set():
                    yield Finished("user")
                    return
            yield Finished("error", error="the GPU was taken back before the reply was whole.")
        except Exception as error:  # no GPU, no minutes left: the hub's sentence is for the visitor
            yield Finished("error", error=" ".join(str(error).split())[:300] or type(error).__name__)
        finally:
            pieces.close()

    def close(self) -> None:
        """Nothing: what ZeroGPU has recorded stays until the process ends."""


def _write(name: str, job: Job) -> Iterator[str | Finished]:
    """Runs where the GPU is. The model's own thread is not there after a fork, so it is gone around."""
    yield from _models[name].reply(job, lambda: False)
