"""Makes the model that is served out of the packaged weights: `python -m assistant.generation.convert CACHE
full|nf4|merged [ADAPTER]`. Progress goes to stdout, a JSON list `[stage, done, total]` a line.

Run in a process of its own by `stored.py`, so that the memory is given back.
"""

import errno
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.errors import UserError
from assistant.generation import embedded, stored, vocabulary
from assistant.generation.embedded import Source
from assistant.generation.gemma import ROWS, config_of, names, weight
from assistant.generation.gguf_file import NotGguf, open_gguf
from assistant.generation.stored import Report

_SPARE = 32 * 2**20
"""Bytes for tokenizers, settings and what a file system takes for itself."""
_MORE = {"full": 0.0, "nf4": 0.5, "merged": 1.5}
"""Room that is needed beside the model in bf16, as a share of its size: in 4 bits the layers are a quarter
and the embedding is whole; merging writes another copy in bf16 first."""
_WEIGHTS = "model.safetensors"


def make(cache: Path, what: str, source: Source, report: Report, adapter: Path | None = None) -> Path:
    """Makes what is missing for "full", "nf4" or "merged", and returns its folder.

    A second process waits for the first and uses what it made. Raises UserError with one sentence.
    """
    from filelock import FileLock  # the system's lock: it dies with its process, so it is never stale

    home = stored.home(cache, source)
    with _sentences(home):
        home.mkdir(parents=True, exist_ok=True)
        with FileLock(home.parent / "lock"):
            _sweep(home, source)
            size, more = _full_size(source), _MORE[what]
            full = _made(home / "full", lambda folder: _full(folder, source, report), size * (1 + more))
            if what == "full":
                return full
            if what == "nf4":
                return _made(home / "nf4", lambda folder: _quantize(full, folder, report), size * more)
            if adapter is None:
                raise ValueError("merging needs an adapter")
            return _merged(home, full, adapter, source, report)


def _merged(home: Path, full: Path, adapter: Path, source: Source, report: Report) -> Path:
    from assistant.generation.merging import check, merge

    check(adapter, full, source)

    def fill(folder: Path) -> None:
        whole = folder / "whole"
        merge(full, adapter, whole, report)
        _quantize(whole, folder, report)
        shutil.rmtree(whole)

    needed = _full_size(source) * _MORE["merged"]
    made = _made(home / stored.merged_name(adapter), fill, needed)
    _forget_merged(home, made)
    return made


def _full(folder: Path, source: Source, report: Report) -> None:
    """Verifies, trims and unpacks: the model in bf16."""
    import torch
    from safetensors.torch import save_file

    embedded.verify(source, lambda done, total: report("verify", done, total))
    file = open_gguf(source.parts)
    rows = file.tensors[ROWS].size
    report("trim", 0, rows)
    tokens = vocabulary.tokens_of(file.metadata)
    tokenizer = vocabulary.tokenizer(tokens, source.kept)
    tokenizer.save_pretrained(folder)
    report("trim", rows, rows)
    done, total = 0, sum(tensor.size for tensor in file.tensors.values())
    weights: dict[str, torch.Tensor] = {}
    for name, tensor in names(file):
        weights[name] = weight(file, name, tensor, source.kept)
        done += tensor.size
        report("convert", done, total)
    report("store", 0, _full_size(source))
    config, generation = config_of(file, tokenizer)
    config.save_pretrained(folder)
    generation.save_pretrained(folder)
    save_file(weights, folder / _WEIGHTS, metadata={"format": "pt"})
    report("store", _full_size(source), _full_size(source))


def _quantize(full: Path, folder: Path, report: Report) -> None:
    """The model of a folder in 4 bits: NF4, scales quantized too, computing in bf16."""
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    total = (full / _WEIGHTS).stat().st_size
    report("quantize", 0, total)
    model = AutoModelForCausalLM.from_pretrained(
        full,
        quantization_config=BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        ),
        dtype=torch.bfloat16,
        device_map={"": "cpu"},
        local_files_only=True,
    )
    report("quantize", total, total)
    report("store", 0, total // 2)
    model.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(full / name, folder / name)
    report("store", total // 2, total // 2)


def _made(folder: Path, fill: Callable[[Path], None], needed: float) -> Path:
    """A folder that is whole: as it stands, or filled beside and renamed. Raises UserError for a full disk."""
    if stored.damage(folder, thorough=True) is None:
        return folder
    free = shutil.disk_usage(folder.parent).free
    if free < needed + _SPARE:
        raise _no_room(folder.parent, needed + _SPARE, free)
    scratch = Path(tempfile.mkdtemp(prefix=".building-", dir=folder.parent))
    try:
        fill(scratch)
        stored.write_manifest(scratch)
        for file in scratch.iterdir():
            _to_disk(file)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(scratch, folder)
    except BaseException as error:
        shutil.rmtree(scratch, ignore_errors=True)
        if _is_full(error):
            free = shutil.disk_usage(folder.parent).free
            raise _no_room(folder.parent, needed + _SPARE, free) from error
        raise
    return folder


def _full_size(source: Source) -> int:
    """Bytes that the model in bf16 takes, near enough: blocks of 5 to 8 bits become 16."""
    packed = sum(part.stat().st_size for part in source.parts)
    return packed * 5 // 4


def _sweep(home: Path, source: Source) -> None:
    """Removes what no run names any more. Called under the lock, so nothing here is being built."""
    for item in (*home.glob(".building-*"), *stored.others(home, source)):
        shutil.rmtree(item, ignore_errors=True)


def _forget_merged(home: Path, made: Path) -> None:
    """Keeps the merged model just made, and the youngest of the others."""
    merged = sorted(home.glob("merged-*"), key=lambda each: (each == made, each.stat().st_mtime))
    for item in merged[:-2]:
        shutil.rmtree(item, ignore_errors=True)


def _to_disk(file: Path) -> None:
    with file.open("rb") as stream:
        os.fsync(stream.fileno())


def _is_full(error: BaseException) -> bool:
    """Whether a disk was full; safetensors says so in words only."""
    number = getattr(error, "errno", None)
    return number in (errno.ENOSPC, errno.EDQUOT) or "os error 28" in str(error)


def _no_room(folder: Path, needed: float, free: int) -> UserError:
    return UserError(
        f"The local model needs {needed / 1e6:.0f} MB in {folder} and {free / 1e6:.0f} MB are free: "
        "free some, or set TRACEDOC_CACHE to a folder with room.",
        3,
    )


@contextmanager
def _sentences(home: Path) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except NotGguf as error:
        raise UserError(f"The weights of the local model cannot be read: {error}", 3) from error
    except ImportError as error:
        raise UserError(f"{error.name or error} is missing: {embedded.MISSING}", 3) from error
    except MemoryError as error:
        raise UserError(
            "There is not enough memory to convert the local model: 1.5 GB are needed.", 3
        ) from error
    except OSError as error:
        raise UserError(
            f"The local model cannot be written to {home} ({error.strerror or error}): "
            "set TRACEDOC_CACHE to a folder that can be.",
            3,
        ) from error


def main(arguments: list[str]) -> int:
    """Runs one conversion; returns 0, or the code of what went wrong, with a sentence on stderr."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing half-written is left
    cache, what, *rest = arguments

    def report(stage: str, done: int, total: int) -> None:
        print(json.dumps([stage, done, total]), flush=True)

    try:
        make(Path(cache), what, embedded.source(), report, Path(rest[0]) if rest else None)
    except UserError as error:
        print(f"tracedoc: {error}", file=sys.stderr)
        return error.code
    except BrokenPipeError:  # nobody waits for it any more
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
