"""The knowledge of Tracedoc: entries (one Markdown file each), their loader and their checks.

`load()` is the one public entry. See FORMAT.md beside this file for how an entry is written.
"""

from corpus.model import Corpus, Entry, Evidence, Point, Section, Signature, Step
from corpus.parse import CorpusError, load

__all__ = [
    "Corpus",
    "CorpusError",
    "Entry",
    "Evidence",
    "Point",
    "Section",
    "Signature",
    "Step",
    "load",
]
