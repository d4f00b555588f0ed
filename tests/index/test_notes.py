"""The user's notes: copied whole or not at all, and found beside the corpus."""

from pathlib import Path

import pytest

import corpus
import index
from index import notes


def test_add_copies_a_file_and_a_folder(tmp_path: Path) -> None:
    source = tmp_path / "mine"
    source.mkdir()
    (source / "cluster.md").write_text("# Slurm\nUse partition gpu.", encoding="utf-8")
    (source / "集群.txt").write_text("用 a100 分区", encoding="utf-8")
    (source / "picture.png").write_bytes(b"\x89PNG")
    assert set(index.add(tmp_path / "notes", source)) == {"cluster.md", "集群.txt"}
    assert index.add(tmp_path / "notes", source / "cluster.md") == ("cluster.md",)
    assert (tmp_path / "notes" / "集群.txt").read_text(encoding="utf-8") == "用 a100 分区"


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.pdf", b"%PDF", "no .md or .txt"),
        ("a.txt", b"\xff\xfe\x00", "not UTF-8"),
        ("a.md", b"x" * (notes.LARGEST + 1), "larger than 1 MB"),
    ],
)
def test_add_refuses_in_one_sentence(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(index.IndexFault, match=says):
        index.add(tmp_path / "notes", tmp_path / name)
    assert not (tmp_path / "notes").exists()


def test_add_refuses_what_is_not_there_or_empty(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(index.IndexFault, match="cannot be read"):
        index.add(tmp_path / "notes", tmp_path / "nothing.md")
    with pytest.raises(index.IndexFault, match="holds no"):
        index.add(tmp_path / "notes", tmp_path / "empty")


def test_notes_are_indexed_and_their_change_is_stale(
    copied: Path, small: corpus.Corpus, tmp_path: Path
) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "cluster.md").write_text(
        "# Our cluster\nJobs need `--partition=falcon` there.", encoding="utf-8"
    )
    assert index.state(copied, small, notes=folder).status == "stale"
    embedded: list[int] = []
    index.build(small, copied, progress=lambda stage, done, total: embedded.append(total), notes=folder)
    assert embedded == [1]  # the corpus's own vectors were reused, and so was the export
    assert index.state(copied, small, notes=folder).status == "fresh"
    hit = index.load(copied).search("which partition for cluster jobs", k=1, lang="zh")[0]
    assert hit.passage.entry == "note:cluster.md"
    assert hit.passage.topic == ""
    (folder / "cluster.md").unlink()
    assert "notes" in index.state(copied, small, notes=folder).reason
    assert index.state(copied, small).status == "stale"


def test_long_notes_are_cut_and_bad_ones_passed_over(tmp_path: Path) -> None:
    (tmp_path / "long.md").write_text(
        "# A\n" + "Some words of a note. " * 400 + "\n## B\nlast", encoding="utf-8"
    )
    (tmp_path / "bad.txt").write_bytes(b"\xff\xff")
    found = notes.passages(tmp_path)
    assert {passage.entry for passage in found} == {"note:long.md"}
    assert len(found) > 5
    assert found[-1].heading == "B"
    assert len({passage.id for passage in found}) == len(found)
