"""The engine as the command line uses it: the index is loaded, and built if need be, on first use."""

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import UserError
from assistant.pipeline import Engine, load_engine
from assistant.settings import cache_folder, data_folder, embedder
from corpus.parse import ENTRIES

if TYPE_CHECKING:
    from corpus import Corpus
    from index.search import Index


def command_engine(entries: Path = ENTRIES) -> Engine:
    """An engine that waits for its index when it needs one; `entries` is the folder of the corpus."""
    found: dict[str, Corpus] = {}

    @cache
    def find() -> "Index | None":
        return ready_index(found["corpus"])

    engine = load_engine(cache_folder(), find, entries)
    found["corpus"] = engine.corpus
    return engine


def ready_index(corpus: "Corpus", *, rebuild: bool = False) -> "Index":
    """The index, built first where it is missing, stale or damaged, with progress on stderr.

    Raises UserError (code 3) where it cannot be built.
    """
    from index import IndexFault, build, load, state

    folder = index_folder()
    try:
        now = state(folder, corpus, embedder(), notes=notes_folder())
        if rebuild or now.status != "fresh":
            print(f"tracedoc: building the index: {now.reason}", file=sys.stderr)
            build(corpus, folder, embedder(), progress=progress(), notes=notes_folder())
        return load(folder)
    except IndexFault as error:
        raise UserError(str(error), 3) from None


def index_folder() -> Path:
    return cache_folder() / "index"


def notes_folder() -> Path:
    return data_folder() / "notes"


def progress() -> Callable[[str, int, int], None]:
    """Writes progress to stderr: in place on a terminal, a line a stage elsewhere."""
    last: dict[str, int] = {}

    def show(stage: str, done: int, total: int) -> None:
        if sys.stderr.isatty():
            end = "\n" if done >= total else ""
            print(f"\r  {stage}: {done}/{total}", end=end, file=sys.stderr, flush=True)
        elif stage not in last:
            print(f"  {stage}", file=sys.stderr, flush=True)
        last[stage] = done

    return show
