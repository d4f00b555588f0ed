"""What `python -m corpus check` says of entries whose format is right and whose content is not."""

import subprocess
import sys
from pathlib import Path

import pytest

from corpus.checks import faults
from corpus.model import Corpus
from corpus.parse import parse_entry
from tests.corpus.sample_text import ENTRY, spoiled, with_fix


def found(text: str, file: str = "sample.md") -> list[str]:
    return [str(fault) for fault in faults(Corpus((parse_entry(text, file),), ""), code=False)]


def test_a_good_entry_has_no_faults() -> None:
    assert found(ENTRY) == []


FAULTS = {
    "unknown topic": (spoiled("topic: A.1", "topic: Z.9"), "'Z.9' is not in topics.toml"),
    "unknown entry": (spoiled("topic: A.1", "topic: A.1\nsee: [nobody]"), "'nobody', which is no entry"),
    "unknown fact": (spoiled("topic: A.1", "topic: A.1\nfacts: [Z9-01]"), "'Z9-01', which is no fact"),
    "no sources": (
        spoiled("sources: {docs: https://example.org}\n", "").replace("    sources: [docs]\n", ""),
        "has no source",
    ),
    "source by another name": (spoiled("sources: [docs]", "sources: [doc]"), "names the source 'doc'"),
    "address that is none": (spoiled("https://example.org", "http://example.org"), "no https address"),
    "unknown part": (spoiled("in: message", "in: title"), "`in` must be one of"),
    "look-ahead": (spoiled("'bang'", "'bang(?!er)'"), "is not RE2"),
    "matches the empty text": (spoiled("'bang'", "'(?:bang)?'"), "matches the empty text"),
    "too heavy a signature": (spoiled("weight: 0.9", "weight: 3"), "must be in (0, 1]"),
    "no sentence": (spoiled("en: [It went boom.]", "en: []"), "no `happened` sentence in en"),
    "sentence that needs a fact": (spoiled("It went boom.", '"{{size_gib}} went boom."'), "needs a fact"),
    "reason in one language": (spoiled(", zh: 它这样说", ""), "in one language only"),
    "no text": (spoiled("因为。\n", ""), "has no text in zh"),
    "no questions": (spoiled("zh: [为什么]", "zh: []"), "has no `asks` in zh"),
    "fix in one language": (spoiled("#### 处理\n停。\n", ""), "has a fix in one language only"),
    "tell in one language": (spoiled("#### 判断\n听。\n", ""), "has a Tell in one language only"),
    "section in one language": (ENTRY + "\n## 版本\n- 变了。\n", "`versions` in one language only"),
    "too long": (with_fix("word " * 300), "characters long in en"),
    "broken placeholder": (with_fix("Use {{my model}}."), "malformed placeholder"),
    "comment that is no condition": (with_fix("<!-- wen: a -->\nStop."), "a comment that is no condition"),
    "condition in a Tell": (
        spoiled("Listen.", "<!-- when: a -->\nListen."),
        "a comment that is no condition",
    ),
    "quotes that a value could close": (
        with_fix("```python\nx = '{{model|a}}'\n```"),
        "stands in single quotes",
    ),
}


@pytest.mark.parametrize(("text", "what"), FAULTS.values(), ids=FAULTS)
def test_each_fault_is_named_with_its_file(text: str, what: str) -> None:
    faults = found(text)
    assert any(what in fault for fault in faults)
    assert len(faults) == (2 if what == "has no source" else 1), faults
    assert all(fault.startswith("sample.md: ") for fault in faults)


def test_the_id_is_the_name_of_the_file() -> None:
    assert found(ENTRY, "other.md") == ["other.md: the id 'sample' is not the file's name"]


def test_the_command_says_what_is_wrong_and_fails(tmp_path: Path) -> None:
    def check(*names: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "corpus", *names], capture_output=True, text=True, check=False
        )

    assert check().returncode == 2
    assert check("fly").returncode == 2
