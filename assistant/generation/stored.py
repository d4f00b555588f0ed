"""Where the converted model lies, whether it can be used, and making it where it cannot.

    <cache>/lm/lock                   held by the one process that converts
    <cache>/lm/<id>/full/             bf16, trimmed: what an adapter is trained for and merged into
    <cache>/lm/<id>/nf4/              the same in 4 bits: what is served
    <cache>/lm/<id>/merged-<hash>/    with an adapter merged in, in 4 bits

Each folder is written beside and renamed, with a manifest of its files; a folder that stands is whole,
and what is finished is not made again after a stop. Nothing here imports torch: the work is done by
`python -m assistant.generation.convert`, so that its memory is given back.
"""

import hashlib
import json
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from assistant.errors import UserError
from assistant.generation import embedded
from assistant.generation.embedded import Source
from assistant.generation.hub import Cancel

FORMAT = 1
MANIFEST = "manifest.json"
Report = Callable[[str, int, int], None]
"""Called with a stage ("verify", "trim", "convert", "quantize", "merge", "store"), bytes done, bytes in all."""
Status = Literal["fresh", "missing", "stale", "damaged", "partial", "not installed"]

_BLOCK = 4 * 2**20


@dataclass(frozen=True, slots=True)
class LmState:
    """Whether the model can be loaded; `reason` is one plain sentence."""

    status: Status
    reason: str


def home(cache: Path, source: Source) -> Path:
    """The folder of everything that is made of these weights."""
    return cache / "lm" / source.id


def state(cache: Path, source: Source | None = None) -> LmState:
    """What there is in the cache, by its manifest and the sizes of its files. Never raises."""
    source = source or embedded.source()
    place = home(cache, source)
    fault = damage(place / "nf4")
    if fault is None:
        return LmState("fresh", f"The converted {source.name} is ready.")
    if not source.parts:
        return LmState("not installed", embedded.MISSING)
    if (place / "nf4").exists():
        return LmState("damaged", fault)
    if damage(place / "full") is None:
        return LmState("partial", "The conversion was stopped half-way; it goes on from there.")
    try:
        old = bool(others(place, source))
    except OSError:
        old = False
    if old:
        return LmState("stale", "The converted model is of another version of Tracedoc.")
    return LmState("missing", "The model has not been converted yet.")


def others(place: Path, source: Source) -> list[Path]:
    """What was made of these weights for another vocabulary, or of other weights of that name. Raises OSError."""
    return [each for each in place.parent.glob(f"{source.name}-*") if each.is_dir() and each != place]


def damage(folder: Path, thorough: bool = False) -> str | None:
    """Why a converted folder cannot be used, as a sentence; None if it can. `thorough` reads every byte."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        if manifest["format"] != FORMAT:
            return f"{folder} is of another version of Tracedoc."
        for name, (size, checksum) in manifest["files"].items():
            file = folder / name
            if file.stat().st_size != size or (thorough and checksum_of(file) != checksum):
                return f"{file} is damaged."
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return f"{folder} is missing or damaged."
    return None


def write_manifest(folder: Path, **facts: Any) -> None:
    """Describes a finished folder. Raises OSError."""
    files = {
        file.name: (file.stat().st_size, checksum_of(file))
        for file in sorted(folder.iterdir())
        if file.name != MANIFEST
    }
    text = json.dumps({"format": FORMAT, **facts, "files": files}, ensure_ascii=False, indent=1)
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def checksum_of(file: Path) -> int:
    """CRC-32 of a file. Raises OSError."""
    checksum = 0
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            checksum = zlib.crc32(block, checksum)
    return checksum


def ensure(
    cache: Path,
    report: Report = lambda stage, done, total: None,
    cancelled: threading.Event | None = None,
) -> Path:
    """The folder of the model in 4 bits, made first where need be (about ten seconds, once).

    It loads by plain `from_pretrained`. A second process waits for the first. Raises UserError with one
    sentence, and Cancel soon after `cancelled` is set.
    """
    return _ready(cache, home(cache, embedded.source()) / "nf4", ["nf4"], report, cancelled)


def full_precision(
    cache: Path,
    report: Report = lambda stage, done, total: None,
    cancelled: threading.Event | None = None,
) -> Path:
    """The folder of the trimmed model in bf16, for training, merging and measuring. Raises as `ensure`."""
    return _ready(cache, home(cache, embedded.source()) / "full", ["full"], report, cancelled)


def ensure_merged(
    cache: Path,
    adapter: Path,
    report: Report = lambda stage, done, total: None,
    cancelled: threading.Event | None = None,
) -> Path:
    """The folder of the model in 4 bits with a LoRA adapter merged in. Raises as `ensure`, and UserError
    (code 2) for an adapter that is not for this model."""
    folder = home(cache, embedded.source()) / merged_name(adapter)
    return _ready(cache, folder, ["merged", str(adapter)], report, cancelled)


def merged_name(adapter: Path) -> str:
    """The folder's name for an adapter: by the bytes of its weights and settings. Raises UserError."""
    digest = hashlib.sha256()
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        try:
            digest.update((adapter / name).read_bytes())
        except OSError as error:
            raise UserError(f"{adapter} is not a usable adapter: its {name} cannot be read.") from error
    return f"merged-{digest.hexdigest()[:12]}"


def _ready(
    cache: Path, folder: Path, what: list[str], report: Report, cancelled: threading.Event | None
) -> Path:
    if damage(folder, thorough=True) is None:
        return folder
    command = [sys.executable, "-m", "assistant.generation.convert", str(cache), *what]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    ) as process:
        _follow(process, report, cancelled or threading.Event())
    return folder


def _follow(process: "subprocess.Popen[str]", report: Report, cancelled: threading.Event) -> None:
    """Passes on what the conversion reports, and ends it when it is not wanted any more."""
    assert process.stdout is not None
    finished, errors = threading.Event(), list[str]()

    def watch() -> None:
        while not finished.wait(0.1):
            if cancelled.is_set():
                process.terminate()
                return

    threading.Thread(target=watch, daemon=True).start()
    reader = threading.Thread(target=lambda: errors.extend(process.stderr or ()), daemon=True)
    reader.start()
    try:
        for line in process.stdout:
            stage, done, total = json.loads(line)
            report(stage, done, total)
        code = process.wait()
    finally:
        finished.set()
        if process.poll() is None:
            process.terminate()
    reader.join()
    if cancelled.is_set():
        raise Cancel
    if code:
        said = [line.strip() for line in errors if line.startswith("tracedoc: ")]
        reason = said[-1].removeprefix("tracedoc: ") if said else _unsaid(code, errors)
        raise UserError(reason, code if code in (2, 3) else 3)


def _unsaid(code: int, errors: list[str]) -> str:
    """What is known of a conversion that ended without a sentence."""
    if code < 0:
        return f"The conversion of the local model was stopped by signal {-code}: is there enough memory?"
    last = next((line.strip() for line in reversed(errors) if line.strip()), "no reason was given")
    return f"The conversion of the local model failed: {last}"
