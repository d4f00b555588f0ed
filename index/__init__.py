"""Builds, stores and searches the index of the corpus: FAISS for meaning, BM25 for words.

`build`, `state`, `load` and `add` are the public entry; importing this imports no heavy library.
"""

from index.build import build
from index.embedder import DEFAULT
from index.errors import EmbedderMissing, IndexDamaged, IndexFault
from index.notes import add
from index.search import Hit, Index, Scores, load
from index.store import IndexState, state

__all__ = [
    "DEFAULT",
    "EmbedderMissing",
    "Hit",
    "Index",
    "IndexDamaged",
    "IndexFault",
    "IndexState",
    "Scores",
    "add",
    "build",
    "load",
    "state",
]
