"""The dense half: a FAISS index over L2-normalised vectors, inner product.

Exact search is fast up to 100,000 passages and needs no tuning. Beyond, the index is HNSW (to a
million) or IVF-PQ, whose effort is raised until the recall measured on the data itself is good.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.errors import IndexDamaged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EXACT_UP_TO = 100_000
HNSW_UP_TO = 1_000_000
RECALL = 0.95
"""Share of the true ten nearest that an approximate index must find on a sample of its own vectors."""

FILE = "vectors.faiss"


def make(vectors: "NDArray[np.float32]", exact_up_to: int = EXACT_UP_TO, hnsw_up_to: int = HNSW_UP_TO) -> Any:
    """A FAISS index of the vectors (float32 [n, d], normalised), its kind chosen by their number."""
    faiss = _faiss()
    count, dimension = vectors.shape
    if count <= exact_up_to:
        index = faiss.IndexFlatIP(dimension)
    elif count <= hnsw_up_to:
        index = faiss.IndexHNSWFlat(dimension, 32, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = 200
    else:
        lists = max(1, int(4 * count**0.5))
        codes = next(size for size in (96, 64, 48, 32, 16, 8, 4, 2, 1) if dimension % size == 0)
        quantizer = faiss.IndexFlatIP(dimension)
        fine = faiss.IndexIVFPQ(quantizer, dimension, lists, codes, 8, faiss.METRIC_INNER_PRODUCT)
        # PQ alone ranks neighbours coarsely; the exact vectors settle the order of the best.
        index = faiss.IndexRefineFlat(fine)
        index.train(vectors[:: max(1, count // (lists * 64))])
    index.add(vectors)
    if count > exact_up_to:
        _tune(index, vectors)
    return index


def recall(index: Any, vectors: "NDArray[np.float32]", sample: int = 200, k: int = 10) -> float:
    """Share of the true k nearest that the index finds, for a sample of its own vectors."""
    import numpy as np

    faiss = _faiss()
    queries = np.ascontiguousarray(vectors[:: max(1, len(vectors) // sample)][:sample])
    _, truth = faiss.knn(queries, vectors, k, metric=faiss.METRIC_INNER_PRODUCT)
    _, found = index.search(queries, k)
    return float(np.mean([len(set(a) & set(b)) / k for a, b in zip(truth, found, strict=True)]))


def _tune(index: Any, vectors: "NDArray[np.float32]") -> None:
    faiss = _faiss()
    for effort in (16, 32, 64, 128, 256, 512, 1024):
        if hasattr(index, "hnsw"):
            index.hnsw.efSearch = effort
        else:
            fine = faiss.downcast_index(index.base_index)
            fine.nprobe = min(effort, fine.nlist)
            index.k_factor = 16.0
        if recall(index, vectors) >= RECALL:
            return


def write(index: Any, folder: Path) -> None:
    """Stores the index as FILE. Raises OSError."""
    try:
        _faiss().write_index(index, str(folder / FILE))
    except RuntimeError as error:  # FAISS has no other kind
        raise OSError(f"{folder / FILE} could not be written") from error


def read(folder: Path) -> Any:
    """The stored FAISS index. Raises IndexDamaged, naming the file."""
    try:
        return _faiss().read_index(str(folder / FILE))
    except (RuntimeError, MemoryError) as error:
        raise IndexDamaged(f"{folder / FILE} cannot be read; the index will be rebuilt.") from error


def all_vectors(index: Any) -> "NDArray[np.float32]":
    """The vectors as they were added, float32 [n, d]: every kind made here keeps them exactly."""
    faiss = _faiss()
    kept = index.refine_index if hasattr(index, "refine_index") else index
    vectors: NDArray[np.float32] = faiss.downcast_index(kept).reconstruct_n(0, index.ntotal)
    return vectors


def similarities(index: Any, query: "NDArray[np.float32]", deepest: int = 2048) -> "NDArray[np.float32]":
    """Cosine of each stored vector to the query (float32 [d]).

    Exact for an exact index; beyond, what is not among the nearest `deepest` gets the last one's.
    """
    import numpy as np

    depth = index.ntotal if index.ntotal <= EXACT_UP_TO else deepest
    found, ids = index.search(query.reshape(1, -1), depth)
    known = ids[0] >= 0
    result = np.full(index.ntotal, found[0][known].min() if known.any() else 0.0, np.float32)
    result[ids[0][known]] = found[0][known]
    return result


def _faiss() -> Any:
    import faiss

    faiss.omp_set_num_threads(1)  # a second thread on a busy machine costs ten times what it saves
    return faiss
