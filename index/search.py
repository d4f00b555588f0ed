"""Reads an index and searches it: dense and lexical scores over all passages, fused.

Nothing here imports torch. An Index is immutable and may be used from several threads.
"""

import json
import tomllib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.passages import Passage
from index import lexical, store, vectors
from index.build import PASSAGES
from index.embedder import Card, Encoder, open_encoder, read_card
from index.errors import IndexDamaged, IndexFault
from index.lexical import Lexical
from index.store import Manifest
from index.tokens import english, language

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FUSION = Path(__file__).parent / "fusion.toml"
_TAIL = 600  # characters of a long query that the embedder is given: measured, 300 to 1200 are worse


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage with its fused score, its cosine, and its BM25 as a share of the best possible."""

    passage: Passage
    score: float
    dense: float
    lexical: float


@dataclass(frozen=True, slots=True)
class Scores:
    """Both scores of all passages, in the order of `Index.passages` (float32 [n])."""

    dense: "NDArray[np.float32]"
    lexical: "NDArray[np.float32]"


@dataclass(frozen=True, eq=False)
class Index:
    """A loaded index."""

    passages: tuple[Passage, ...]
    manifest: Manifest
    card: Card
    _encoder: Encoder
    _vectors: Any
    _lexical: Lexical

    def scores(self, query: str) -> Scores:
        """Dense (cosine) and lexical (0 to 1) scores of all passages for a question or a paste."""
        text = _shortened(query)
        vector = self._encoder.encode([text if self.card.multilingual else english(text)], query=True)[0]
        return Scores(vectors.similarities(self._vectors, vector), self._lexical.scores(query))

    def search(self, query: str, k: int = 10, lang: str | None = None) -> tuple[Hit, ...]:
        """The k best points or sections, best first, each by its best passage, in `lang` if given.

        Both languages of a point count for it, whichever is shown: what one finds, the other explains.
        """
        import numpy as np

        if not query.strip() or k < 1:
            return ()
        scores = self.scores(query)
        fused = fuse(scores, language(query))
        best = np.full(self._groups.max() + 1, -np.inf, np.float32)
        np.maximum.at(best, self._groups, fused)
        hits = []
        for group in np.argsort(-best, kind="stable")[:k]:
            members = self._members[group]
            # A user's note exists in one language only: better that one than none.
            shown = [number for number in members if lang in (None, self.passages[number].lang)] or members
            chosen = max(shown, key=lambda number: fused[number])
            passage = self._first_with_text(shown, self.passages[chosen])
            dense, words = scores.dense[members].max(), scores.lexical[members].max()
            hits.append(Hit(passage, float(best[group]), float(dense), float(words)))
        return tuple(hits)

    def _first_with_text(self, numbers: list[int], passage: Passage) -> Passage:
        # A passage of questions shows the text of its point's first piece: cite that one.
        same = (self.passages[number] for number in numbers)
        return next(other for other in same if (other.text, other.lang) == (passage.text, passage.lang))

    @cached_property
    def _groups(self) -> "NDArray[np.int64]":
        """The number of each passage's point or section, whatever its language and piece."""
        import numpy as np

        numbers: dict[tuple[str, str], int] = {}
        keys = ((passage.entry, passage.id.rpartition("#")[2].split(".")[0]) for passage in self.passages)
        return np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.int64)

    @cached_property
    def _members(self) -> list[list[int]]:
        members: list[list[int]] = [[] for _ in range(int(self._groups.max()) + 1)]
        for number, group in enumerate(self._groups):
            members[group].append(number)
        return members


def load(folder: Path) -> Index:
    """The index of a folder. Raises IndexFault where there is none, IndexDamaged naming a bad file."""
    for attempt in (1, 2):
        generation = store.current(folder)
        if generation is None:
            raise IndexFault(f"There is no index in {folder}: build it first.")
        try:
            return _load(folder, generation)
        except IndexDamaged:
            # A builder may have replaced and removed the generation between the two steps.
            if attempt == 2 or store.current(folder) == generation:
                raise
    raise AssertionError("unreachable")


def _load(folder: Path, generation: Path) -> Index:
    manifest = store.read_manifest(generation)
    if manifest.format != store.FORMAT:
        raise IndexDamaged(f"{generation} has another format; the index will be rebuilt.")
    home = folder / manifest.embedder_folder
    store.check_files(generation, manifest.files)
    store.check_files(home, manifest.embedder_files)
    card = read_card(home)
    try:
        passages = tuple(Passage(*row) for row in json.loads((generation / PASSAGES).read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise IndexDamaged(f"{generation / PASSAGES} cannot be read; the index will be rebuilt.") from error
    dense = vectors.read(generation)
    if dense.ntotal != len(passages) or dense.d != card.dimension:
        raise IndexDamaged(
            f"{generation / vectors.FILE} does not fit the passages; the index will be rebuilt."
        )
    words = lexical.read(generation, len(passages))
    return Index(passages, manifest, card, open_encoder(home, card), dense, words)


def fuse(scores: Scores, lang: str) -> "NDArray[np.float32]":
    """One score for each passage: the weighted sum of both, by the query's language."""
    dense, words = weights()[lang]
    fused: NDArray[np.float32] = scores.dense.clip(0, 1) * dense + scores.lexical * words
    return fused


@lru_cache(maxsize=1)
def weights() -> dict[str, tuple[float, float]]:
    """Weights of dense and lexical by language, from fusion.toml."""
    data = tomllib.loads(FUSION.read_text(encoding="utf-8"))
    return {lang: (float(each["dense"]), float(each["lexical"])) for lang, each in data.items()}


def _shortened(query: str) -> str:
    """The end of a long paste: the embedder reads 256 tokens, and errors end pastes."""
    return query if len(query) <= _TAIL else query[-_TAIL:]
