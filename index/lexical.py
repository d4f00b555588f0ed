"""The lexical half: BM25, scored eagerly by bm25s when the index is built, read here as plain arrays.

Scoring a query adds up the stored contributions of its terms, so neither bm25s nor scipy is
imported on the answer path, and the arrays are memory-mapped.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import IndexDamaged
from index.tokens import query_terms, tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DATA, INDICES, INDPTR, VOCAB = "bm25.data.npy", "bm25.indices.npy", "bm25.indptr.npy", "bm25.vocab.json"
FILES = (DATA, INDICES, INDPTR, VOCAB)
_K1, _B = 2.0, 0.75


@dataclass(frozen=True, slots=True)
class Lexical:
    """Contribution of each term to each passage: a sparse matrix by columns, one column a term."""

    data: "NDArray[np.float32]"
    indices: "NDArray[np.int32]"
    indptr: "NDArray[np.int64]"
    vocabulary: dict[str, int]
    count: int
    unknown: float

    def scores(self, query: str) -> "NDArray[np.float32]":
        """Each passage's BM25 as a share, 0 to 1, of the best that a passage could reach.

        The best is the sum of the terms' largest contributions; a term that no passage has counts
        as a telling one, so that a question about something else scores low.
        """
        import numpy as np

        scores = np.zeros(self.count, np.float32)
        best = 0.0
        for term in query_terms(query):
            column = self.vocabulary.get(term)
            if column is None:
                best += self.unknown
                continue
            start, end = self.indptr[column], self.indptr[column + 1]
            values = self.data[start:end]
            scores[self.indices[start:end]] += values
            best += float(values.max()) if end > start else self.unknown
        return np.minimum(scores / best, 1, dtype=np.float32) if best else scores


def write(texts: Sequence[str], folder: Path) -> None:
    """Indexes the texts (at least one) into the FILES of `folder`. Raises OSError."""
    import bm25s
    import numpy as np

    terms = [tokens(text) or [""] for text in texts]
    model = bm25s.BM25(k1=_K1, b=_B, method="lucene")
    model.index(terms, show_progress=False)
    scores = model.scores
    np.save(folder / DATA, np.asarray(scores["data"], np.float32))
    np.save(folder / INDICES, np.asarray(scores["indices"], np.int32))
    np.save(folder / INDPTR, np.asarray(scores["indptr"], np.int64))
    # bm25s adds an empty term of its own, without a column.
    vocabulary = {
        term: column for term, column in model.vocab_dict.items() if column + 1 < len(scores["indptr"])
    }
    (folder / VOCAB).write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")


def read(folder: Path, count: int) -> Lexical:
    """The lexical index of `count` passages. Raises IndexDamaged, naming the file."""
    import numpy as np

    file = folder / VOCAB
    try:
        vocabulary = json.loads(file.read_bytes())
        arrays = []
        for name in (DATA, INDICES, INDPTR):
            file = folder / name
            arrays.append(np.load(file, mmap_mode="r", allow_pickle=False).view(np.ndarray))
        data, indices, indptr = arrays
        if (
            len(data) != len(indices)
            or len(data) != indptr[-1]
            or len(indptr) <= 1 + max(vocabulary.values(), default=0)
        ):
            raise ValueError("the arrays do not belong together")
    except (OSError, ValueError, EOFError) as error:
        raise IndexDamaged(f"{file} cannot be read; the index will be rebuilt.") from error
    return Lexical(
        data, indices, indptr, vocabulary, count, unknown=float(np.quantile(data, 0.95)) if len(data) else 1.0
    )
