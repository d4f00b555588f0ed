"""Builds the index: passages → vectors and BM25 → a new generation, put in place in one step."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.model import Corpus
from corpus.passages import Passage, passages
from index import lexical, store, vectors
from index import notes as user_notes
from index.embedder import DEFAULT, Card, Encoder, canonical, fingerprint, open_encoder, read_card
from index.errors import IndexDamaged, IndexFault
from index.tokens import english

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PASSAGES, TEXTS = "passages.json", "texts.json"
Progress = Callable[[str, int, int], None]
_BATCH = 64


def build(
    corpus: Corpus,
    folder: Path,
    embedder: str = DEFAULT,
    progress: Progress | None = None,
    notes: Path | None = None,
) -> None:
    """Builds the index of a corpus (and the user's notes) in `folder`, unless it is fresh.

    `progress` is called with what is done ('embedder', 'passages'), how much of it, and of how much.
    A second builder waits for the first. The old index answers until the new one is complete, and
    keeps answering if this fails or is killed. Raises IndexFault with one sentence.
    """
    embedder = canonical(embedder)
    report = progress or (lambda stage, done, total: None)
    store.writable(folder)
    from filelock import FileLock  # the system's lock: it dies with its process, so it is never stale

    try:
        with FileLock(folder / "lock"):
            if store.state(folder, corpus, embedder, notes).status != "fresh":
                _sweep(folder)
                _build(corpus, folder, embedder, report, notes)
    except OSError as error:
        raise IndexFault(f"The index could not be written to {folder}: {error.strerror or error}.") from error


def _build(corpus: Corpus, folder: Path, embedder: str, report: Progress, notes: Path | None) -> None:
    stamp = user_notes.stamp(notes)  # before the notes are read: what changes meanwhile is stale then
    found = (*passages(corpus), *user_notes.passages(notes))
    if not found:
        raise IndexFault("The knowledge base holds no passages, so there is nothing to index.")
    card, home = _prepared(embedder, folder, report)
    texts = [passage.indexed if card.multilingual else english(passage.indexed) for passage in found]
    generation = Path(tempfile.mkdtemp(prefix="g-", dir=folder))
    try:
        matrix = _embed(texts, folder, card, home, report)
        vectors.write(vectors.make(matrix), generation)
        lexical.write([passage.indexed for passage in found], generation)
        _write_json(generation / PASSAGES, [_row(passage) for passage in found])
        _write_json(generation / TEXTS, [_hash(text) for text in texts])
        manifest = store.Manifest(
            format=store.FORMAT,
            embedder=embedder,
            fingerprint=card.fingerprint,
            dimension=card.dimension,
            embedder_folder=home.name,
            corpus=corpus.hash,
            notes=stamp,
            versions=store.versions(),
            passages=len(found),
            files=store.measure_all(generation, (PASSAGES, TEXTS, vectors.FILE, *lexical.FILES)),
            embedder_files=store.measure_all(home, sorted(file.name for file in home.iterdir())),
        )
        store.write_manifest(generation, manifest)
        store.switch(folder, generation)
    except BaseException:
        shutil.rmtree(generation, ignore_errors=True)
        raise
    _sweep(folder)


def _prepared(embedder: str, folder: Path, report: Progress) -> tuple[Card, Path]:
    """The exported embedder: kept from before if it is of the same weights and still runs."""
    key = hashlib.sha256(f"{embedder}\0{fingerprint(embedder)}".encode()).hexdigest()[:16]
    home = folder / f"embedder-{key}"
    if home.exists() and (card := _usable(folder, home)):
        return card, home
    from index.export import export

    report("embedder", 0, 1)
    scratch = Path(tempfile.mkdtemp(prefix=".embedder-", dir=folder))
    try:
        card = export(embedder, scratch / "new")
        if home.exists():
            shutil.rmtree(home)
        os.replace(scratch / "new", home)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    report("embedder", 1, 1)
    return card, home


def _usable(folder: Path, home: Path) -> Card | None:
    """The card of an exported embedder whose files are what some manifest says they are."""
    try:
        card = read_card(home)
        if card.runtime == "onnx":
            open_encoder(home, card)
        generation = store.current(folder)
        if generation:
            manifest = store.read_manifest(generation)
            if manifest.embedder_folder == home.name:
                store.check_files(home, manifest.embedder_files)
    except (IndexDamaged, OSError):
        return None
    return card


def _embed(
    texts: Sequence[str], folder: Path, card: Card, home: Path, report: Progress
) -> "NDArray[np.float32]":
    """One vector a text; those of texts that the old index has are taken from there."""
    import numpy as np

    matrix = np.empty((len(texts), card.dimension), np.float32)
    known = _old_vectors(folder, home)
    missing: dict[str, list[int]] = {}
    for number, text in enumerate(texts):
        vector = known.get(_hash(text))
        if vector is not None and len(vector) == card.dimension:
            matrix[number] = vector
        else:
            missing.setdefault(text, []).append(number)
    unique = sorted(missing, key=len)
    encoder: Encoder | None = None
    for start in range(0, len(unique), _BATCH):
        encoder = encoder or open_encoder(home, card, threads=os.cpu_count() or 1)
        batch = unique[start : start + _BATCH]
        for text, vector in zip(batch, encoder.encode(batch), strict=True):
            matrix[missing[text]] = vector
        report("passages", min(start + _BATCH, len(unique)), len(unique))
    return matrix


def _old_vectors(folder: Path, home: Path) -> "dict[str, NDArray[np.float32]]":
    try:
        generation = store.current(folder)
        if generation is None:
            return {}
        manifest = store.read_manifest(generation)
        if manifest.embedder_folder != home.name or manifest.format != store.FORMAT:
            return {}
        store.check_files(generation, manifest.files)
        hashes = json.loads((generation / TEXTS).read_bytes())
        return dict(zip(hashes, vectors.all_vectors(vectors.read(generation)), strict=True))
    except (IndexDamaged, OSError, ValueError, RuntimeError):
        return {}  # what cannot be reused is computed anew


def _sweep(folder: Path) -> None:
    """Removes what no index names any more. Called under the lock, so nothing here is being built."""
    try:
        generation = store.current(folder)
        kept = store.read_manifest(generation).embedder_folder if generation else ""
    except IndexDamaged:
        return
    for item in folder.iterdir():
        old = item.name.startswith("g-") and item != generation
        unused = kept and item.name.startswith("embedder-") and item.name != kept
        if old or unused or item.name.startswith(".embedder-"):
            shutil.rmtree(item, ignore_errors=True)


def _row(passage: Passage) -> list[str]:
    return [getattr(passage, name) for name in Passage.__slots__]


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def _write_json(file: Path, data: object) -> None:
    file.write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
