"""Which checkpoint a run goes on from: the newest one that is whole."""

import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

_STATE = "trainer_state.json"
"""Written last: where it can be read, the rest is there."""


def newest(folder: Path) -> Path | None:
    """The newest whole checkpoint of a run; those that a kill left half-written are removed."""
    for checkpoint in sorted(_all(folder), key=_step, reverse=True):
        if is_whole(checkpoint):
            return checkpoint
        shutil.rmtree(checkpoint, ignore_errors=True)
    return None


def is_whole(checkpoint: Path) -> bool:
    """Whether everything that going on needs can be read."""
    try:
        json.loads((checkpoint / _STATE).read_bytes())
    except (OSError, ValueError):
        return False
    optimizer = checkpoint / "optimizer.pt"
    weights = any(checkpoint.glob("adapter_model.safetensors")) or any(checkpoint.glob("*.distcp"))
    return weights and (not optimizer.exists() or zipfile.is_zipfile(optimizer))


def discard(folder: Path, step: int) -> None:
    """Removes the checkpoint of a step, which could not be written."""
    shutil.rmtree(folder / f"checkpoint-{step}", ignore_errors=True)


def steps_done(checkpoint: Path) -> int:
    """How many steps were done at a checkpoint."""
    return int(json.loads((checkpoint / _STATE).read_bytes())["global_step"])


def _all(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (each for each in folder.glob("checkpoint-*") if each.is_dir() and _step(each) >= 0)


def _step(checkpoint: Path) -> int:
    number = checkpoint.name.rpartition("-")[2]
    return int(number) if number.isdigit() else -1
