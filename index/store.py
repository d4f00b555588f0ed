"""An index on disk: its folder, its manifest, and whether it can be used.

    <folder>/current          the name of the generation in use; replacing this file replaces the index
    <folder>/g-…/             a generation: manifest.json, vectors, passages, BM25
    <folder>/embedder-…/      the exported embedder, shared by the generations that use it
    <folder>/lock             held by the one process that builds

A reader keeps the generation that it opened. Nothing half-written is ever named by `current`.
"""

import importlib.metadata
import json
import os
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from corpus.files import write_atomic
from corpus.model import Corpus
from index import notes as user_notes
from index.embedder import DEFAULT, canonical, fingerprint
from index.errors import IndexDamaged, IndexFault

FORMAT = 1
CURRENT, MANIFEST = "current", "manifest.json"
_LIBRARIES = ("faiss-cpu", "onnxruntime", "tokenizers", "bm25s")
_WHOLE = 16 * 2**20  # bytes: what is larger is checked at sampled places


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an index was built from. `files` and `embedder_files`: name → (bytes, checksum)."""

    format: int
    embedder: str
    fingerprint: str
    dimension: int
    embedder_folder: str
    corpus: str
    notes: str
    versions: Mapping[str, str]
    passages: int
    files: Mapping[str, tuple[int, int]]
    embedder_files: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class IndexState:
    """`status` is 'fresh', 'stale', 'missing' or 'damaged'; `reason` is one plain sentence."""

    status: str
    reason: str


def state(folder: Path, corpus: Corpus, embedder: str = DEFAULT, notes: Path | None = None) -> IndexState:
    """Whether the index of a folder answers for this corpus, embedder and notes. Never raises."""
    embedder = canonical(embedder)
    try:
        generation = current(folder)
        if generation is None:
            return IndexState("missing", "There is no index yet.")
        manifest = read_manifest(generation)
        reason = _stale(manifest, corpus.hash, embedder, notes)
        if reason:
            return IndexState("stale", reason)
        check_files(generation, manifest.files)
        check_files(folder / manifest.embedder_folder, manifest.embedder_files)
    except IndexDamaged as error:
        return IndexState("damaged", str(error))
    except OSError as error:
        return IndexState("damaged", f"{error.filename or folder} cannot be read; the index will be rebuilt.")
    return IndexState("fresh", f"The index of {manifest.passages} passages is up to date.")


def _stale(manifest: Manifest, corpus: str, embedder: str, notes: Path | None) -> str:
    if manifest.format != FORMAT:
        return "The index has the format of another version of Tracedoc."
    if manifest.embedder != embedder:
        return f"The index was built with the embedder {manifest.embedder}, and {embedder} is set now."
    if manifest.fingerprint != fingerprint(embedder):
        return f"The embedder {embedder} has changed since the index was built."
    if manifest.corpus != corpus:
        return "The knowledge base has changed since the index was built."
    if manifest.notes != user_notes.stamp(notes):
        return "Your notes have changed since the index was built."
    now = versions()
    for name, version in manifest.versions.items():
        if now.get(name) != version:
            return f"The index was built with {name} {version}, and {now.get(name, 'none')} is installed now."
    return ""


def versions() -> dict[str, str]:
    """Versions of the libraries whose files an index holds; what is not installed is left out."""
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def current(folder: Path) -> Path | None:
    """The generation in use; None where nothing was built. Raises IndexDamaged."""
    try:
        name = (folder / CURRENT).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise IndexDamaged(f"{folder / CURRENT} cannot be read; the index will be rebuilt.") from error
    if not name.startswith("g-") or Path(name).name != name:
        raise IndexDamaged(f"{folder / CURRENT} names no index; the index will be rebuilt.")
    return folder / name


def switch(folder: Path, generation: Path) -> None:
    """Makes a finished generation the one in use, in one step. Raises OSError."""
    write_atomic(folder / CURRENT, generation.name.encode())


def write_manifest(generation: Path, manifest: Manifest) -> None:
    """Writes the manifest. Raises OSError."""
    write_atomic(generation / MANIFEST, json.dumps(asdict(manifest), indent=1, ensure_ascii=False).encode())


def read_manifest(generation: Path) -> Manifest:
    """The manifest of a generation. Raises IndexDamaged, naming the file."""
    file = generation / MANIFEST
    try:
        data = json.loads(file.read_bytes())
        manifest = Manifest(**{field.name: data[field.name] for field in fields(Manifest)})
        for group in (manifest.files, manifest.embedder_files):
            for size, checksum in group.values():
                int(size), int(checksum)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IndexDamaged(f"{file} cannot be read; the index will be rebuilt.") from error
    return manifest


def check_files(root: Path, files: Mapping[str, tuple[int, int]]) -> None:
    """Compares sizes and checksums with those of a manifest. Raises IndexDamaged, naming the file."""
    for name, (size, checksum) in files.items():
        file = root / name
        try:
            found = measure(file)
        except OSError as error:
            raise IndexDamaged(f"{file} is missing or unreadable; the index will be rebuilt.") from error
        if found != (size, checksum):
            raise IndexDamaged(f"{file} is damaged; the index will be rebuilt.")


def measure_all(root: Path, names: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Size and checksum of files by name. Raises OSError."""
    return {name: measure(root / name) for name in names}


def measure(file: Path) -> tuple[int, int]:
    """Bytes of a file and its CRC-32; of a large file that of 64 places. Raises OSError."""
    size = file.stat().st_size
    with file.open("rb", buffering=0) as stream:
        if size <= _WHOLE:
            return size, zlib.crc32(stream.read())
        checksum = 0
        for number in range(64):
            stream.seek((size - 4096) * number // 63)
            checksum = zlib.crc32(stream.read(4096), checksum)
    return size, checksum


def writable(folder: Path) -> None:
    """Makes the folder. Raises IndexFault with one sentence where that cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise IndexFault(
            f"The index cannot be written to {folder} ({error.strerror or error}): "
            "set TRACEDOC_CACHE to a folder that can be."
        ) from error
