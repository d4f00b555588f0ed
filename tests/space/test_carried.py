"""A carried index is the index that was built, byte for byte, and answers without a build."""

import json
import shutil
from pathlib import Path

import pytest

from assistant.deploy.carry import carry_index
from assistant.space.apart import GRAPH, TABLE, put_back
from assistant.space.carried import unpack, weights_file
from corpus import load as load_corpus
from index import load, state
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def carried(index_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("carried")
    target = folder / "index"
    target.mkdir()
    scratch = folder / "scratch"
    scratch.mkdir()
    versions = carry_index(ROOT, target, scratch, index_cache / "index")
    assert set(versions) == {"faiss-cpu", "onnxruntime", "tokenizers", "bm25s"}
    return target


def test_it_is_fresh_when_it_is_unpacked_and_answers(carried: Path, tmp_path: Path) -> None:
    assert unpack(tmp_path, carried)
    assert state(tmp_path / "index", load_corpus()).status == "fresh"
    hits = load(tmp_path / "index").search("CUDA out of memory", 3)
    assert hits[0].passage.entry.startswith("cuda-oom")
    assert not unpack(tmp_path, carried), "a second start keeps it"


def test_no_weights_are_carried_and_all_come_back(carried: Path, index_cache: Path, tmp_path: Path) -> None:
    (home,) = carried.glob("embedder-*")
    assert not (home / "model.onnx").exists()
    assert (home / GRAPH).stat().st_size < 2_000_000
    made = tmp_path / "model.onnx"
    put_back(home, weights_file(), made)
    (original,) = (index_cache / "index").glob("embedder-*/model.onnx")
    assert made.read_bytes() == original.read_bytes()


def test_an_index_of_another_corpus_is_replaced(carried: Path, tmp_path: Path) -> None:
    assert unpack(tmp_path, carried)
    (manifest,) = (tmp_path / "index").glob("g-*/manifest.json")
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "corpus": "old"}))
    assert unpack(tmp_path, carried)
    assert state(tmp_path / "index", load_corpus()).status == "fresh"


@pytest.mark.parametrize("damaged", [GRAPH, TABLE])
def test_what_is_damaged_is_said_and_not_used(
    carried: Path, tmp_path: Path, damaged: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "carried"
    shutil.copytree(carried, source)
    (home,) = source.glob("embedder-*")
    (home / damaged).write_bytes(b"\x00\xff{broken")
    assert not unpack(tmp_path / "cache", source)
    assert "it will be built" in capsys.readouterr().err
    assert state(tmp_path / "cache" / "index", load_corpus()).status == "missing"


def test_a_checkout_carries_none(tmp_path: Path) -> None:
    assert not unpack(tmp_path)
    assert not any(tmp_path.iterdir())
