"""Words of both languages are read as the same concepts, numbers with their units, names in one spelling."""

import pytest

from assistant.grounding import names, quantities
from assistant.grounding.lexicon import lexicon, stem
from assistant.grounding.structure import parse
from assistant.grounding.tokens import tokens


def senses(text: str) -> set[tuple[str, int]]:
    return {sense for word in parse(text).words for sense in word.senses}


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("the memory is exhausted", "显存耗尽"),
        ("it increases", "增加"),
        ("it decreases", "减小"),
        ("it is refused", "被拒绝"),
        ("gradient checkpointing", "梯度检查点"),
        ("the tokenizer has no padding token", "分词器没有填充符"),
        ("does not support", "不支持"),
    ],
)
def test_languages_meet(english: str, chinese: str) -> None:
    assert senses(english) & senses(chinese)


@pytest.mark.parametrize(
    ("text", "sense"),
    [
        ("it does not count them", ("include", -1)),
        ("它不会算进去", ("include", -1)),
        ("not only does it count them", ("include", 1)),
        ("it cannot fail", ("work", 1)),
        ("X counts them, Y does not", ("include", -1)),
    ],
)
def test_negation(text: str, sense: tuple[str, int]) -> None:
    assert sense in senses(text)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("16 GB", "16GB", True),
        ("16 GB", "16 MB", False),
        ("50 %", "0.5", True),
        ("124 million", "124,439,808", True),
        ("7B", "7 billion", True),
        ("5 steps", "5 seconds", False),
        ("2026-03-21", "21 March 2026", True),
        ("2026 年 3 月", "March 21, 2026", True),
        ("v4.56.0", "4.56.0", True),
        ("4.56.0", "4.56.1", False),
        ("16-bit", "fp16", True),
    ],
)
def test_quantities(one: str, other: str, same: bool) -> None:
    first, second = (
        [token.quantity for token in tokens(text).items if token.quantity] for text in (one, other)
    )
    assert quantities.same(first[0], second[0]) is same


def test_names() -> None:
    assert names.key("FlashAttention-2") == names.key("flash_attention 2")
    assert names.suffixes("model.config.pad_id") == ("model.config.padid", "config.padid", "padid")
    assert names.strong("pad_token_id")
    assert names.strong("BitsAndBytesConfig")
    assert not names.strong("LoRA")


def test_citations_and_assignments() -> None:
    read = tokens('Set `a_b="x"` and c_d=3 [1][3, 5-7]。')
    assert read.cited == (1, 3, 5, 6, 7)
    assert set(read.assigns) == {("ab", "x", 'a_b="x"'), ("cd", "3", "c_d=3")}


def test_stems() -> None:
    for words in ("train trained training trains", "store stores stored storing", "use used uses using"):
        assert len({stem(word) for word in words.split()}) == 1


def test_no_form_says_a_concept_and_its_opposite() -> None:
    both = {
        form: concept
        for table in (lexicon().english, lexicon().chinese)
        for form, meaning in table.items()
        for concept, sign in meaning.concepts
        if (concept, -sign) in meaning.concepts
    }
    assert not both


def test_causes() -> None:
    for text in (
        "It fails because the disk is full.",
        "The disk is full, so it fails.",
        "因为磁盘满了，所以失败。",
    ):
        (link,) = [link for link in parse(text).links if link.kind == "cause"][:1]
        assert ("full", 1) in {sense for word in link.first for sense in word.senses}
