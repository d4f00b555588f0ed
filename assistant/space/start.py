"""What a server does before it serves, where it runs on a Space or from a bundle."""

import os
import re
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from assistant.errors import UserError
from assistant.settings import cache_folder, data_folder, value
from assistant.space.carried import unpack
from assistant.space.place import Hardware, hardware

if TYPE_CHECKING:
    from assistant.service import Service
    from assistant.store import Store

_HUB_ID = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}")
_ADAPTER_FILES = ["adapter_config.json", "adapter_model.safetensors"]


class Closing(Protocol):
    """What is closed when the server ends."""

    def close(self) -> None: ...


def prepare() -> Hardware:
    """Finds the hardware and puts the carried index in place. Must run in the main thread, before torch is
    imported. Raises UserError."""
    found = hardware()
    if found.kind == "zero":
        from assistant.space.zero import begin

        begin()
    elif value("TRACEDOC_HARDWARE", "").lower() == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""  # what was overruled must not be found by a library
    unpack(cache_folder())
    return found


def use_model(service: "Service", place: Hardware, model: str, adapter: str) -> None:
    """Makes the language model ready: in the background, but for ZeroGPU, where it is loaded here and now.
    Raises UserError for a choice that cannot be meant."""
    if place.kind != "zero" or model == "none" or "://" in model:
        try:
            adapter = adapter_folder(adapter)
        except UserError as error:
            _failed(service, model, error)
            return
        service.use_model(model, adapter)
        return
    from assistant.generation.choice import EMBEDDED
    from assistant.space.zero import ZERO_MODEL, open_zero

    try:
        if model == EMBEDDED:
            raise UserError(
                "the embedded model needs CPU hardware: on ZeroGPU use auto, a hub id or a folder."
            )
        folder = adapter_folder(adapter)
        chosen = ZERO_MODEL if model == "auto" else model
        ready = open_zero(chosen, None if folder in ("auto", "none") else folder)
    except UserError as error:
        _failed(service, model, error)
        return
    service.host.use(ready.name, lambda report, cancelled: ready)
    service.host.wait()
    service.model_choice = ready.name


def keep_feedback(store: "Store") -> "Closing":
    """Starts writing judgements where TRACEDOC_FEEDBACK says; what it returns writes the rest when closed.
    Raises UserError for a destination that cannot be meant."""
    where = value("TRACEDOC_FEEDBACK", "")
    if not where:
        return ExitStack()
    from assistant.store.batches import Keeper, destination

    return Keeper(store, destination(where), data_folder() / "feedback-kept")


def report(page: Any, place: Hardware, port: int) -> None:
    """Tells ZeroGPU that what it has to hold ready is loaded; elsewhere there is nobody to tell."""
    if place.kind == "zero":
        from assistant.space.zero import report_start

        report_start(page, port)


def adapter_folder(adapter: str) -> str:
    """An adapter as the loader takes it: "auto", "none" or a folder; a hub id is fetched, its settings and
    safetensors alone. Raises UserError (code 3)."""
    if adapter in ("auto", "none") or Path(adapter).expanduser().is_dir() or not _HUB_ID.fullmatch(adapter):
        return adapter
    from huggingface_hub import snapshot_download

    try:
        folder: str = snapshot_download(adapter, allow_patterns=_ADAPTER_FILES)
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise UserError(f"the adapter {adapter} could not be fetched: {reason}", 3) from error
    if not (Path(folder) / _ADAPTER_FILES[0]).is_file():
        raise UserError(f"{adapter} on the hub is not an adapter: it has no {_ADAPTER_FILES[0]}.")
    return folder


def _failed(service: "Service", name: str, error: UserError) -> None:
    """A Space whose model cannot be loaded still answers: the page says why there are no replies."""

    def load(*_: object) -> "object":
        raise error

    service.host.use(name, load)  # type: ignore[arg-type]
