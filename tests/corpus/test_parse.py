"""What an entry's file must look like, and what is said of one that does not."""

from pathlib import Path

import pytest

from corpus import CorpusError, load
from corpus.parse import parse_entry
from tests.corpus.sample_text import ENTRY, spoiled, with_fix


def test_a_whole_entry_is_read() -> None:
    entry = parse_entry(ENTRY, "sample.md")
    signature, plain = entry.signatures
    point = entry.points[0]
    assert (entry.id, entry.topic, entry.section, entry.file) == ("sample", "A.1", "", "sample.md")
    assert entry.title == {"en": "A sample", "zh": "样例"}
    assert (signature.where, signature.weight, signature.unless) == ("message", 0.9, "calm")
    assert (plain.where, plain.weight, plain.unless) == ("text", 1.0, "")
    assert point.title == {"en": "The first cause", "zh": "第一个原因"}
    assert [step.text for step in point.why["en"]] == ["Because."]
    assert [step.text for step in point.fix["zh"]] == ["停。"]
    assert point.tell == {"en": "Listen.", "zh": "听。"}
    assert (point.evidence[0].find, point.evidence[0].condition) == ("boom", "batch_size > 1")
    assert point.evidence[0].says == {"en": "it says so", "zh": "它这样说"}
    assert point.prior == 0.5
    assert entry.more.steps == {"en": (), "zh": ()}
    assert entry.point_by_id == {"first": point}


FAULTS = {
    "no front matter": (ENTRY.split("---\n", 2)[2], "front matter between two lines"),
    "text before the front matter": ("x\n" + ENTRY, "front matter between two lines"),
    "bad YAML": (spoiled("title: {en", "title: {{en"), "not YAML"),
    "front matter is a list": ("---\n- a\n---\n# English\n", "must be a mapping"),
    "unknown key": (spoiled("topic:", "colour: red\ntopic:"), "unknown keys in the front matter: colour"),
    "unknown key in a signature": (spoiled("unless: 'calm'", "often: 1"), "unknown keys often"),
    "unknown key in a point": (spoiled("    prior", "    rank: 1\n    prior"), "unknown keys rank"),
    "unknown key in evidence": (spoiled("weight: 2", "wait: 2"), "unknown keys wait"),
    "no id": (spoiled("id: sample\n", ""), "'id'"),
    "title in one language": (spoiled(", zh: 样例", ""), "'zh'"),
    "evidence of nothing": (spoiled("find: 'boom', if: \"batch_size > 1\", ", ""), "needs `find` or `if`"),
    "weight that is no number": (spoiled("weight: 2", "weight: much"), "much"),
    "prior that is no number": (spoiled("prior: 0.5", "prior: high"), "high"),
    "condition that cannot be read": (spoiled("batch_size > 1", "batch_size >"), "cannot read the condition"),
    "condition that calls": (spoiled("batch_size > 1", "exit(1)"), "only known(name) can be called"),
    "condition of a step": (with_fix("<!-- when: a ** 2 -->\nStop."), "Pow is not allowed"),
    "two conditions of a kind": (
        with_fix("<!-- when: a -->\n<!-- when: b -->\nStop."),
        "two conditions of the same kind",
    ),
    "point without heading": (spoiled("### first:", "### other:"), "'first' has no heading"),
    "heading in English only": (spoiled("### first：", "### other："), "no heading '### first: …' in zh"),
    "heading without front matter": (
        spoiled("## 原因\n", "## 原因\n### more：更多\n嗯。\n"),
        "points without front matter in zh: more",
    ),
    "two headings for a point": (
        spoiled("# 中文", "### first: Again\nBecause.\n\n# 中文"),
        "two headings for the point 'first' in en",
    ),
    "two points of one id": (
        spoiled("    prior: 0.5\n", "  - {id: first, asks: {en: [a], zh: [b]}}\n"),
        "two points have the same id",
    ),
    "text before a section": (spoiled("# English\n", "# English\nHello.\n"), "text before any section"),
    "text before a point": (
        spoiled("## Causes\n", "## Causes\nThere are many.\n"),
        "text before any section",
    ),
    "section without language": (spoiled("# English\n", ""), "unexpected heading '## What you see'"),
    "unknown section": (spoiled("## What you see", "## Look"), "unexpected heading '## Look'"),
    "unknown part": (spoiled("#### Tell", "#### Guess"), "unexpected heading '#### Guess'"),
    "part outside a point": (spoiled("A noise.", "#### Tell\nA noise."), "unexpected heading"),
    "code block without end": (
        with_fix("```python\nx = 1"),
        "a code block that begins with ``` is not closed",
    ),
}


@pytest.mark.parametrize(("text", "what"), FAULTS.values(), ids=FAULTS)
def test_each_fault_of_the_format_is_named_with_its_file(text: str, what: str) -> None:
    with pytest.raises(CorpusError) as caught:
        parse_entry(text, "sample.md")
    message = str(caught.value)
    assert what in message
    assert message.startswith("sample.md: ")
    assert message.count("sample.md") == 1


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.md").write_bytes(b"---\nid: \xff\n---\n")
    with pytest.raises(CorpusError, match=r"broken\.md: is not UTF-8"):
        load(tmp_path)


def test_headings_in_code_are_no_headings() -> None:
    entry = parse_entry(with_fix("```bash\n# English\n## Causes\n```"), "sample.md")
    assert "## Causes" in entry.points[0].fix["en"][0].text


def test_entries_come_in_the_order_of_their_ids(tmp_path: Path) -> None:
    for name in ("b", "a-c", "a"):
        (tmp_path / f"{name}.md").write_text(spoiled("id: sample", f"id: {name}"), encoding="utf-8")
    assert [entry.id for entry in load(tmp_path).entries] == ["a", "a-c", "b"]
