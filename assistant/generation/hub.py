"""Fetches a model from the hub: resumable, cancellable, within the disk's free space, never where
HF_HUB_OFFLINE forbids it. The transfer runs in a process of its own, which can be ended at any moment.

python -m assistant.generation.hub ID [REVISION] fetches and prints the folder.
"""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant.errors import UserError

WANTED = ["*.safetensors", "*.json", "*.jinja", "*.txt", "*.model", "*.tiktoken"]
UNWANTED = ["consolidated*", "original/*", "metal/*", "onnx/*", "*/*.safetensors"]
_POLL_SECONDS = 0.3
_SPARE = 1 << 30


class Cancel(Exception):
    """The user does not want the model any more."""


def fetch(
    model: str,
    revision: str | None,
    report: Callable[[str, int, int], None],
    cancelled: threading.Event,
) -> Path:
    """The folder of a hub id, fetched if it is not on this machine. Raises UserError."""
    if not is_offline():
        files = _listing(model, revision)
        if files is not None:
            _check_listing(model, files)
            missing = sum(each.file_size for each in files if each.will_download)
            if missing:
                _check_disk(model, missing)
                _transfer(model, revision, missing, report, cancelled)
    return _local(model, revision)


def is_offline() -> bool:
    """Whether the hub must not be asked."""
    return os.environ.get("HF_HUB_OFFLINE", "").strip().lower() in ("1", "true", "yes", "on")


def _snapshot(model: str, revision: str | None, **options: Any) -> Any:
    from huggingface_hub import snapshot_download

    return snapshot_download(
        model, revision=revision, allow_patterns=WANTED, ignore_patterns=UNWANTED, **options
    )


def _listing(model: str, revision: str | None) -> list[Any] | None:
    """What the hub has; None if it cannot be reached, as the model may be on this machine all the same."""
    from huggingface_hub import errors

    try:
        found: list[Any] = _snapshot(model, revision, dry_run=True)
        return found
    except (
        Exception
    ) as raised:  # what the hub says is a sentence; whatever else keeps it from answering is not
        error = raised.__cause__ if isinstance(raised, errors.DryRunError) else raised
        for kind, sentence in (
            (
                errors.GatedRepoError,
                "{model} asks for consent to its licence: accept it at https://huggingface.co/{model} and set HF_TOKEN.",
            ),
            (errors.RevisionNotFoundError, "{model} has no revision {revision} on the hub."),
            (
                errors.RepositoryNotFoundError,
                "The hub has no model {model}, or it is private: check the id, or set HF_TOKEN.",
            ),
            (errors.HFValidationError, "{model} is neither a folder nor a hub id such as Qwen/Qwen3-0.6B."),
        ):
            if isinstance(error, kind):
                raise UserError(sentence.format(model=model, revision=revision), 3) from raised
        return None


def _check_listing(model: str, files: list[Any]) -> None:
    names = [each.filename for each in files]
    if not any(name.endswith(".safetensors") for name in names):
        raise UserError(
            f"{model} has no safetensors weights, and pickle files can run code when loaded: choose another model."
        )


def _check_disk(model: str, missing: int) -> None:
    free = shutil.disk_usage(_nearest(_cache())).free
    if missing + _SPARE > free:
        raise UserError(
            f"{model} needs {missing / 2**30:.1f} GiB more on the disk and {free / 2**30:.1f} GiB are free in {_cache()}.",
            3,
        )


def _cache() -> Path:
    from huggingface_hub.constants import HF_HUB_CACHE

    return Path(HF_HUB_CACHE)


def _nearest(folder: Path) -> Path:
    return folder if folder.exists() or folder == folder.parent else _nearest(folder.parent)


def _transfer(
    model: str,
    revision: str | None,
    missing: int,
    report: Callable[[str, int, int], None],
    cancelled: threading.Event,
) -> None:
    folder = _cache() / f"models--{model.replace('/', '--')}"
    before = _size(folder)
    process = subprocess.Popen(
        [sys.executable, "-m", "assistant.generation.hub", model, *([revision] if revision else [])],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "HF_HUB_DISABLE_PROGRESS_BARS": "1"},
    )
    try:
        while process.poll() is None:
            if cancelled.wait(_POLL_SECONDS):
                raise Cancel
            report("download", min(missing, max(0, _size(folder) - before)), missing)
        said = process.stderr.read().strip().splitlines() if process.stderr else []
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()
    if process.returncode:
        reason = said[-1][:200] if said else f"exit code {process.returncode}"
        raise UserError(
            f"{model} could not be fetched: {reason} What has arrived is kept: choose it again to go on.", 3
        )


def _size(folder: Path) -> int:
    total = 0
    for file in folder.glob("blobs/*"):
        try:
            total += file.stat().st_size
        except OSError:
            continue  # renamed in this moment, once it is complete
    return total


def _local(model: str, revision: str | None) -> Path:
    try:
        folder = Path(_snapshot(model, revision, local_files_only=True))
    except Exception as error:  # not on this machine, or not whole
        reason = (
            "HF_HUB_OFFLINE is set: fetch it where the hub can be reached, or give a folder"
            if is_offline()
            else "the hub cannot be reached: check the network, or give a folder"
        )
        raise UserError(f"{model} is not on this machine and {reason}.", 3) from error
    if not (folder / "config.json").is_file() or not any(folder.glob("*.safetensors")):
        raise UserError(
            f"{model} is not whole on this machine: fetch it again where the hub can be reached.", 3
        )
    return folder


def main(arguments: list[str]) -> int:
    """Fetches; what fails is one sentence on stderr."""
    try:
        print(_snapshot(arguments[0], arguments[1] if len(arguments) > 1 else None))
    except Exception as error:  # any failure is a sentence for the process that waits
        print(" ".join(str(error).split()) or type(error).__name__, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
