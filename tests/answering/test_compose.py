"""What an answer says, in which order, and what it leaves out."""

import re
import sys

import pytest

from assistant.answering import Answer, compose
from assistant.answering.compose import ROOM
from tests.answering.markdown import blocks, code_of, prose_of, unclosed
from tests.sample import answer, case_of, diagnoses

OOM = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB"
ZH = "训练时报错 CUDA out of memory. Tried to allocate 2.00 GiB，显存不足怎么办？"


def part(found: Answer, kind: str) -> str:
    return next((each.markdown for each in found.parts if each.kind == kind), "")


def test_the_parts_come_in_the_order_of_reading() -> None:
    kinds = [each.kind for each in answer(OOM + " transformers==4.40.0").parts]
    assert kinds == ["happened", "why", "fix", "others", "more", "versions", "sources"]


def test_versions_are_told_to_those_who_state_theirs() -> None:
    assert part(answer(OOM), "versions") == ""
    assert "Before torch 2.5" in part(answer(OOM + "\ntorch==2.4.0"), "versions")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            OOM,
            [
                "**Cause: The batch is too large.** Activations",
                "**Do this first**",
                "PyTorch asked for 2.00 GiB.",
            ],
        ),
        (ZH, ["**原因：批次太大**。激活值", "**先这样做**", "PyTorch 申请 2.00 GiB。", "**来源**"]),
    ],
)
def test_the_answer_is_in_the_users_language(text: str, words: list[str]) -> None:
    found = answer(text).markdown
    assert [word for word in words if word not in found] == []


def test_chinese_bold_text_ends_so_that_markdown_sees_it() -> None:
    """A closing ** after punctuation and before a letter is no end of bold in CommonMark."""
    for found in (answer(ZH), answer(ZH, length="short"), answer("num_beams 是什么？怎么设束搜索 generate")):
        assert re.findall(r"[^\w\s*]\*\*\w", found.markdown) == []


def test_the_reasons_are_given_in_the_right_language_with_their_values() -> None:
    assert "What points to this cause: the batch is 8." in answer(f"batch_size=8 {OOM}").markdown
    assert "判断依据：批大小是 8。" in answer(f"batch_size=8 {ZH}").markdown
    assert "What points" not in answer(OOM).markdown


def fix_of(*turns: str, point: str = "batch", **options: str) -> str:
    """The fix of the given point of the entry on memory, whatever evidence there is for others."""
    case = case_of(*turns, machine=options.get("machine", ""))
    found = next(each for each in diagnoses(*turns) if each.entry.id == "memory")
    chosen = found.at(next(match for match in found.points if match.point.id == point))
    return part(compose(case, chosen, (), 0.9, "signature"), "fix")


BATCH, CHECKPOINTING, BF16 = "Lower the batch size", "gradient checkpointing", "bf16"


@pytest.mark.parametrize(
    ("turns", "kept", "dropped"),
    [
        ([OOM], [BATCH, CHECKPOINTING, BF16], []),
        ([f"per_device_train_batch_size=1\n{OOM}"], [CHECKPOINTING, BF16], [BATCH]),
        ([f"I tried reducing the batch size but it still fails.\n{OOM}"], [CHECKPOINTING], [BATCH]),
        (["I tried reducing the batch size but it still fails.", OOM], [CHECKPOINTING], [BATCH]),
        ([f"I already tried gradient checkpointing. {OOM}"], [BATCH], [CHECKPOINTING]),
        ([f"Inference with generate on my GPU: {OOM}"], [BATCH], [CHECKPOINTING]),
        ([f"On a V100: {OOM}"], [BATCH, CHECKPOINTING], [BF16]),
        ([f"On an A100: {OOM}"], [BATCH, CHECKPOINTING, BF16], []),
    ],
)
def test_advice_that_does_not_apply_is_left_out(
    turns: list[str], kept: list[str], dropped: list[str]
) -> None:
    fix = fix_of(*turns)
    assert [words for words in kept if words not in fix] == []
    assert [words for words in dropped if words in fix] == []


def test_a_fix_of_which_nothing_applies_is_not_headed() -> None:
    assert fix_of(f"I already tried expandable_segments. {OOM}", point="fragments") == ""


def test_code_is_filled_with_the_users_model() -> None:
    assert 'from_pretrained("meta-llama/Llama-2-7b-hf")' in fix_of(f"meta-llama/Llama-2-7b-hf: {OOM}")
    assert 'from_pretrained("your-model")' in fix_of(OOM)


HOSTILE = [
    "foo`](https://evil.example)",
    "a\n```\n\n# Heading\n\n```python\nimport os",
    "<script>alert(1)</script>",
    "[here](data:text/html,x)",
    "![x](https://evil.example/x.png)",
    "x" * 10_000,
    "a\n\n| a | b |\n| - | - |",
    "**bold** ~~gone~~ $$x$$",
    "foo; rm -rf ~",
    "[7] [1] [99]",
]


@pytest.mark.parametrize("value", HOSTILE, ids=lambda text: repr(text[:20]))
def test_captured_text_brings_no_markup_into_the_answer(value: str) -> None:
    plain = answer("ModuleNotFoundError: No module named foo")
    found = answer(f"ModuleNotFoundError: No module named {value}")
    assert found.topic == "import-name-gone"
    assert not unclosed(found.markdown)
    assert len(blocks(found.markdown)) == len(blocks(plain.markdown))
    assert code_of(found.markdown)[-1].startswith("pip install ")
    assert "rm -rf" not in "".join(code_of(found.markdown))
    assert set(re.findall(r"\]\(([^)]*)\)", found.markdown)) == {"https://example.org/module"}
    assert "<" not in found.markdown
    assert "x" * 100 not in found.markdown
    assert re.findall(r"\[\d+\]", prose_of(found.markdown)) == ["[1]"]


def test_the_users_line_of_code_cannot_leave_its_quotes() -> None:
    text = (
        'Traceback (most recent call last):\n  File "/home/alice/`x`/[a](b).py", line 3, in f\n'
        "    `</code><script>` [x](y)\nModuleNotFoundError: No module named foo"
    )
    found = answer(text)
    happened = part(found, "happened")
    assert happened.count("`") == 4
    assert "alice" not in found.markdown
    assert re.sub(r"`[^`]*`", "", happened).count("<") == 0


def numbers_in(found: Answer) -> list[int]:
    """The citation numbers in the text, in order, without the list of sources."""
    text = "\n\n".join(each.markdown for each in found.parts if each.kind != "sources")
    return [int(number) for number in re.findall(r"\[(\d+)\]", prose_of(text))]


QUESTIONS = [
    OOM,
    ZH,
    f"batch_size=8 transformers==4.40.0 {OOM}",
    "num_beams in generate",
    "No module named foo",
]


@pytest.mark.parametrize("length", ["full", "short"])
@pytest.mark.parametrize("text", QUESTIONS)
def test_citations_are_numbered_in_order_of_first_use(text: str, length: str) -> None:
    found = answer(text, length=length)
    numbers = [citation.n for citation in found.citations]
    assert numbers == list(range(1, len(numbers) + 1))
    assert list(dict.fromkeys(numbers_in(found))) == numbers
    assert len({citation.passage for citation in found.citations}) == len(numbers)
    assert not re.search(r"\[\d+\]", "".join(code_of(found.markdown)))
    assert part(found, "sources").count("\n") == len(numbers) + 1


def test_what_has_no_room_is_left_out_with_its_citations(monkeypatch: pytest.MonkeyPatch) -> None:
    full = answer(OOM)
    assert len(full.citations) == 3
    monkeypatch.setattr(sys.modules["assistant.answering.compose"], "ROOM", 420)
    found = answer(OOM)
    assert len(numbers_in(found)) == len(found.citations) < 3
    assert len(found.markdown) < len(full.markdown)
    assert part(found, "fix") == part(full, "fix")


@pytest.mark.parametrize("text", QUESTIONS)
def test_an_answer_keeps_its_length(text: str) -> None:
    found = answer(text)
    assert sum(len(each.markdown) for each in found.parts if each.kind != "sources") <= ROOM


@pytest.mark.parametrize("text", [OOM, ZH])
def test_a_short_answer_has_the_cause_the_fix_and_the_source_only(text: str) -> None:
    found = answer(text, length="short")
    assert [each.kind for each in found.parts] == ["happened", "why", "fix", "sources"]
    assert len(found.citations) == 1
    assert len(found.markdown) < len(answer(text).markdown)


def test_code_in_a_list_stays_in_its_item() -> None:
    more = part(answer(OOM), "more")
    assert more.endswith("- Rent a larger GPU:\n   ```bash\n   rent --gpu\n   ```")


def test_reasons_come_below_a_text_that_ends_in_code() -> None:
    why = part(answer("ModuleNotFoundError: No module named foo"), "why")
    assert not unclosed(why)
    assert "```\n\nWhat points to this cause: the module foo is named. [1]" in why


def test_a_citation_below_a_table_stands_by_itself() -> None:
    assert part(answer("num_beams in generate of transformers"), "why").endswith("| 4 | 4 |\n\n[1]")


@pytest.mark.parametrize(("lang", "words"), [("en", "This isn't covered"), ("zh", "不在范围内")])
def test_an_abstention_says_so_in_either_language(lang: str, words: str) -> None:
    found = answer("How do I bake bread?" if lang == "en" else "怎么烤面包？")
    assert (found.abstained, found.topic, found.basis, found.citations) == (True, None, "none", ())
    assert (found.entry, found.point) == ("", "")
    assert words in found.markdown
    assert [each.kind for each in found.parts] == ["abstention"]


@pytest.mark.parametrize("text", ["", " \n\t ", "\x00\x01\x02", "\u200b"])
@pytest.mark.parametrize(("lang", "words"), [("en", "There is nothing to read"), ("zh", "没有可读的内容")])
def test_empty_input_asks_for_some(text: str, lang: str, words: str) -> None:
    found = answer(text, lang=lang)
    assert found.abstained
    assert words in found.markdown
