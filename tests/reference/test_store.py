"""The file of the reference: made once, looked into, damaged, missing."""

from pathlib import Path

import pytest

from assistant.reference import Reference, prepare
from assistant.reference.parts import parts
from assistant.reference.store import file_in


def test_it_is_not_made_twice(made: Path) -> None:
    file = file_in(made)
    before = file.stat().st_mtime_ns
    assert prepare(made)
    assert file.stat().st_mtime_ns == before
    assert [each for each in file.parent.iterdir() if each.suffix not in (".sqlite", ".lock")] == []


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\x00" + b"\x00" * 200])
def test_a_damaged_file_is_as_none(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "x.sqlite"
    file.write_bytes(content)
    broken = Reference(file)
    assert broken.record("peft.LoraConfig") is None
    assert broken.named("LoraConfig") == []
    assert broken.taking("r") == []
    assert broken.search("lora config") == []


def test_a_missing_file_is_not_made_by_looking(tmp_path: Path) -> None:
    missing = Reference(tmp_path / "no.sqlite")
    assert not missing.ready
    assert missing.named("Trainer") == []
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "reference").write_text("a file, not a folder", encoding="utf-8")
    assert prepare(tmp_path) is False


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("lora config", "LoraConfig"),
        ("auto model token classification", "AutoModelForTokenClassification"),
        ("gradient accumulation steps", "gradient_accumulation_steps"),
        ("data collator padding", "DataCollatorWithPadding"),
        ("bnb 4bit quant type", "bnb_4bit_quant_type"),
    ],
)
def test_names_are_found_by_their_parts(text: str, first: str, known: Reference) -> None:
    assert first in known.search(text)[:3]


def test_searching_for_nothing_or_nonsense(known: Reference) -> None:
    assert known.search("") == []
    assert known.search("'; DROP TABLE records; --") is not None
    assert known.search("qqqq zzzz") == []
    assert known.named("LoraConfig")


def test_members_of_a_class_come_with_their_owner(known: Reference) -> None:
    record = known.record("trl.SFTTrainer")
    assert record is not None
    members = dict(known.members(record))
    assert members["train"] == "transformers.Trainer"
    assert members["compute_loss"] == "trl.SFTTrainer"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("per_device_train_batch_size", ("per", "device", "train", "batch", "size")),
        ("DataCollatorForSeq2Seq", ("data", "collator", "for", "seq", "2")),
        ("AutoModelForCausalLM", ("auto", "model", "for", "causal", "lm")),
        ("load_in_4bit", ("load", "in", "4", "bit")),
        ("HF_HOME", ("hf", "home")),
    ],
)
def test_parts_of_names(name: str, words: tuple[str, ...]) -> None:
    assert parts(name) == words
