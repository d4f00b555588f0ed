"""Keeps the parsed corpus as JSON in the user's cache folder, for exactly the files it was made from.

It only saves time: what cannot be read or written is passed over.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from corpus.model import Corpus, Entry, Evidence, Point, Section, Signature, Step


def cache_file(folder: Path, files: Sequence[Path]) -> Path:
    """Where the corpus made of exactly these files is kept: the name changes with each of them."""
    digest = hashlib.sha256(b"3")  # the version of the cached form
    for file in files:
        stat = file.stat()
        digest.update(f"{file.resolve()}\0{stat.st_mtime_ns}\0{stat.st_size}\n".encode())
    return folder / f"corpus-{digest.hexdigest()[:32]}.json"


def from_cache(file: Path) -> Corpus | None:
    """The kept corpus; None where there is none or it is damaged."""
    try:
        data = json.loads(file.read_bytes())
        literals = {pattern: tuple(texts) if texts else None for pattern, texts in data["literals"].items()}
        return Corpus(tuple(_revive(item) for item in data["entries"]), data["hash"], literals)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def to_cache(file: Path, corpus: Corpus) -> None:
    """Keeps a corpus, and drops the one kept before. Nothing happens where that cannot be written."""
    from corpus.files import write_atomic

    data = {
        "hash": corpus.hash,
        "literals": dict(corpus.literals),
        "entries": [asdict(entry) for entry in corpus.entries],
    }
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(file, json.dumps(data, ensure_ascii=False).encode())
        for old in file.parent.glob("corpus-*.json"):
            if old != file:
                old.unlink(missing_ok=True)
    except OSError:
        return


def _revive(data: dict[str, Any]) -> Entry:
    def steps(item: dict[str, list[dict[str, str]]]) -> dict[str, tuple[Step, ...]]:
        return {lang: tuple(Step(**step) for step in each) for lang, each in item.items()}

    points = tuple(
        Point(
            **{
                **point,
                "why": steps(point["why"]),
                "fix": steps(point["fix"]),
                "evidence": tuple(Evidence(**item) for item in point["evidence"]),
                "asks": {lang: tuple(each) for lang, each in point["asks"].items()},
                "sources": tuple(point["sources"]),
            }
        )
        for point in data["points"]
    )
    sections = {
        name: Section(steps(data[name]["steps"])) for name in ("overview", "more", "versions", "check")
    }
    tuples = {name: tuple(data[name]) for name in ("facts", "see", "cues")}
    signatures = tuple(Signature(**item) for item in data["signatures"])
    happened = {lang: tuple(each) for lang, each in data["happened"].items()}
    return Entry(
        **{**data, **tuples, **sections, "points": points, "signatures": signatures, "happened": happened}
    )
