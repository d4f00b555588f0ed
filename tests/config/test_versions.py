"""Versions: said, asked for by the file, or installed."""

from pathlib import Path

import pytest

from assistant.config import Facts, check_file, check_text
from assistant.config.stated import in_text

OLD = "args = TrainingArguments('o', evaluation_strategy='no')\n"


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("!pip install transformers==4.38.2", "4.38.2"),
        ("# pip install -q 'transformers>=4.36,<4.40' trl", "4.39"),
        ("%pip install transformers[torch]~=4.40.1", "4.40.1"),
        ("!pip install \\\n  transformers==4.30", "4.30"),
        ('# /// script\n# dependencies = [\n#   "transformers==4.44.0",\n# ]\n# ///', "4.44.0"),
        ("!pip install transformers<5", "4.999"),
        ("!pip install 'transformers>=4.40'", None),
        ("!pip install -U transformers", None),
        ("print('transformers==4.38.2')", None),
        ("!pip install sentence-transformers==2.2.2", None),
    ],
)
def test_asked_for(text: str, version: str | None) -> None:
    assert in_text(text).get("transformers") == version


def test_said_counts_most() -> None:
    pinned = "# pip install transformers==4.57.1\n" + OLD
    assert [f.rule for f in check_text(pinned, "a.py").findings] == ["C01"]
    assert check_text(pinned, "a.py", Facts(versions={"transformers": "4.30.0"})).findings == ()


def test_requirements_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(OLD, encoding="utf-8")
    assert [f.rule for f in check_file(tmp_path / "train.py").findings] == ["C01"]
    (tmp_path / "requirements.txt").write_text("torch\ntransformers==4.38.2  # old\n", encoding="utf-8")
    assert check_file(tmp_path / "train.py").findings == ()


def test_older_than_what_is_known_is_not_judged() -> None:
    text = "args = TrainingArguments('o', no_such_argument=1)\n"
    assert [f.rule for f in check_text(text, "a.py").findings] == ["C26"]
    assert check_text(text, "a.py", Facts(versions={"transformers": "3.5.1"})).findings == ()


def test_unsloth_takes_old_names() -> None:
    text = "from unsloth import FastLanguageModel\nfrom trl import SFTTrainer\nSFTTrainer(model=m, tokenizer=t, max_seq_length=5)\n"
    assert [f for f in check_text(text, "a.py").findings if f.severity == "error"] == []
