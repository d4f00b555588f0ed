"""Searching the real index of four entries."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import index
from index import fit as fitting
from index import search as searching

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("query", "entry"),
    [
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB", "oom"),
        ("my GPU is full during training", "oom"),
        ("Asking to pad but the tokenizer does not have a padding token", "pad-token"),
        ("两张卡训练一直卡住", "nccl-hang"),
        ("训练时显存不足", "oom"),
        ("bnb_4bit_quant_type", "quantization"),
        ("分词器没有 pad_token 报错", "pad-token"),
    ],
)
def test_finds(ready: index.Index, query: str, entry: str) -> None:
    assert ready.search(query, k=1)[0].passage.entry == entry


def test_hits_are_ordered_distinct_and_in_the_language_asked(ready: index.Index) -> None:
    for lang in ("en", "zh"):
        hits = ready.search("CUDA out of memory during training", k=50, lang=lang)
        assert {hit.passage.lang for hit in hits} == {lang}
        assert len(hits) == 12  # 4 entries with 3 sections or points each
        scores = [hit.score for hit in hits]
        assert scores == sorted(scores, reverse=True)
        assert hits[0].passage.entry == "oom"
    assert hits[0].passage.source == "https://example.org/oom"


def test_scores_cover_all_passages(ready: index.Index) -> None:
    scores = ready.scores("CUDA out of memory")
    assert scores.dense.shape == scores.lexical.shape == (len(ready.passages),)
    assert scores.dense.max() <= 1.001
    assert 0 <= scores.lexical.min() <= scores.lexical.max() <= 1
    aside = ready.scores("a recipe for chocolate cake")
    assert aside.dense.max() < scores.dense.max()
    assert aside.lexical.max() < 0.2


@pytest.mark.parametrize("query", ["", "  \n", "\x00", "🤗" * 50, "。" * 10, "x" * 200_000, "\ufdfa" * 20])
def test_odd_queries_do_not_fail(ready: index.Index, query: str) -> None:
    assert len(ready.search(query, k=3)) in (0, 3)
    assert np.isfinite(ready.scores(query).dense).all()


def test_k_below_one_finds_nothing(ready: index.Index) -> None:
    assert ready.search("memory", k=0) == ()


def test_threads_may_share_an_index(ready: index.Index) -> None:
    queries = ["CUDA out of memory", "padding token", "训练卡住", "nf4"] * 8
    alone = [ready.search(query, k=2) for query in queries]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda query: ready.search(query, k=2), queries)) == alone


def test_no_torch_on_the_way_of_a_query(built: Path) -> None:
    code = """
import sys
from pathlib import Path
import index
assert not {"numpy", "faiss", "onnxruntime"} & set(sys.modules), "importing index must be cheap"
index.load(Path(sys.argv[1])).search("训练时 CUDA out of memory")
print(sorted({"torch", "transformers", "sentence_transformers", "bm25s", "scipy", "yaml"} & set(sys.modules)))
"""
    command = [sys.executable, "-c", code, str(built)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_fit_writes_weights_that_search_reads(
    ready: index.Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = tmp_path / "cases.jsonl"
    lines = [
        {"input": "gpu memory is full", "topic": "A.1"},
        {"input": "no padding token", "topic": "pad-token-missing"},
        {"input": "训练卡住", "topic": "A.4"},
        {"input": "a cake", "topic": "out-of-scope"},
    ]
    cases.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    fits = fitting.fit(ready, fitting.read_cases([cases]))
    assert [(each.lang, each.fused.cases) for each in fits] == [("en", 2), ("zh", 1)]
    assert all(each.fused.mrr >= max(each.lexical.mrr, each.dense.mrr) for each in fits)
    file = tmp_path / "fusion.toml"
    fitting.write_weights(fits, file)
    monkeypatch.setattr(searching, "FUSION", file)
    searching.weights.cache_clear()
    try:
        assert searching.weights()["en"][0] == pytest.approx(fits[0].fused.dense)
    finally:
        monkeypatch.undo()
        searching.weights.cache_clear()


def test_a_bad_case_is_named(tmp_path: Path) -> None:
    (tmp_path / "cases.jsonl").write_text('{"input": "x", "topic": "A.1"}\n{"input": 3}\n', encoding="utf-8")
    with pytest.raises(index.IndexFault, match="line 2"):
        fitting.read_cases([tmp_path / "cases.jsonl"])
