"""FAISS: exact while small, approximate with measured recall beyond."""

from pathlib import Path

import faiss
import numpy as np
import pytest
from numpy.typing import NDArray

from index import vectors
from index.errors import IndexDamaged


def clustered(count: int, dimension: int = 32, seed: int = 0) -> NDArray[np.float32]:
    """Normalised vectors around centres, as those of texts are."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((50, dimension))
    points = centres[rng.integers(50, size=count)] + 0.5 * rng.standard_normal((count, dimension))
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True), np.float32)


def test_small_is_exact() -> None:
    data = clustered(500)
    made = vectors.make(data)
    assert isinstance(made, faiss.IndexFlatIP)
    np.testing.assert_allclose(vectors.similarities(made, data[7]), data @ data[7], atol=1e-5)


@pytest.mark.parametrize(("hnsw_up_to", "kind"), [(10_000, "IndexHNSWFlat"), (1_000, "IndexRefineFlat")])
def test_large_is_approximate_and_good(hnsw_up_to: int, kind: str, tmp_path: Path) -> None:
    data = clustered(4_000)
    made = vectors.make(data, exact_up_to=500, hnsw_up_to=hnsw_up_to)
    assert type(made).__name__ == kind
    assert vectors.recall(made, data) >= vectors.RECALL
    vectors.write(made, tmp_path)
    again = vectors.read(tmp_path)
    assert vectors.recall(again, data) >= vectors.RECALL
    np.testing.assert_array_equal(vectors.all_vectors(again), data)


def test_beyond_exact_the_far_ones_share_a_score(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "EXACT_UP_TO", 100)
    data = clustered(2_000)
    made = vectors.make(data, exact_up_to=100)
    near = vectors.similarities(made, data[0], deepest=50)
    assert near.argmax() == 0
    assert (near == near.min()).sum() >= 1_900


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / vectors.FILE).write_bytes(b"not an index")
    with pytest.raises(IndexDamaged, match=r"vectors\.faiss"):
        vectors.read(tmp_path)
