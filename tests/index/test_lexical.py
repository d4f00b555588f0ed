"""BM25: the same as bm25s's own scores, and a share of the best possible."""

from pathlib import Path

import bm25s
import numpy as np
import pytest

from index import lexical
from index.errors import IndexDamaged
from index.tokens import tokens

TEXTS = (
    "CUDA out of memory while training with AutoModelForCausalLM",
    "The tokenizer has no padding token; set pad_token",
    "训练时显存不足，减小批大小",
    "bnb_4bit_quant_type chooses nf4 or fp4",
)


@pytest.fixture
def found(tmp_path: Path) -> lexical.Lexical:
    lexical.write(TEXTS, tmp_path)
    return lexical.read(tmp_path, len(TEXTS))


def test_equals_bm25s(found: lexical.Lexical) -> None:
    model = bm25s.BM25(k1=lexical._K1, b=lexical._B, method="lucene")
    model.index([tokens(text) for text in TEXTS], show_progress=False)
    terms = ["tokenizer", "token", "memory", "4bit"]
    ours = found.scores("tokenizer token memory 4bit")
    theirs = model.get_scores(terms)
    np.testing.assert_allclose(ours / ours.max(), theirs / theirs.max(), rtol=1e-5)


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("out of memory", 0),
        ("padding", 1),
        ("显存不足怎么办", 2),
        ("quant type", 3),
        ("BNB_4BIT_QUANT_TYPE", 3),
    ],
)
def test_finds(found: lexical.Lexical, query: str, best: int) -> None:
    assert found.scores(query).argmax() == best


def test_scores_are_shares(found: lexical.Lexical) -> None:
    for text in TEXTS:
        assert 0.3 < found.scores(text).max() <= 1
    assert found.scores("how to bake a chocolate cake").max() == 0
    assert found.scores("").max() == 0
    assert found.scores("memory cake").max() < found.scores("memory").max()


def test_files_that_do_not_belong_together_are_damage(tmp_path: Path, found: lexical.Lexical) -> None:
    np.save(tmp_path / lexical.INDPTR, np.arange(3))
    with pytest.raises(IndexDamaged, match="bm25"):
        lexical.read(tmp_path, len(TEXTS))
