"""A reply as it grows: nothing unchecked in it, citations by our code, folded where too little is said."""

import pytest

from assistant.answering import Citation
from assistant.generation.evidence import Evidence
from assistant.generation.model import Finished
from assistant.generation.reply import Reply, ReplyWriter
from assistant.tools import Step, ToolResult

SOURCES = (
    Evidence(1, "The activations of one batch do not fit. Fix: Halve `per_device_train_batch_size`."),
    Evidence(3, "The sequences are too long. Fix: Lower `max_length`."),
)
TRUE = "Halve `per_device_train_batch_size` [1]. "
FALSE = "Set `turbo_mode=True` to be faster [1]. "


def writer(*, small: bool = True, lang: str = "en") -> ReplyWriter:
    return ReplyWriter(Reply("m", None, "nf4", lang, SOURCES), small=small, question="CUDA out of memory")


def written(text: str, *, small: bool = True) -> Reply:
    new = writer(small=small)
    for start in range(0, len(text), 5):
        new.add(text[start : start + 5])
    return new.close(Finished("end"))


def test_a_sentence_is_seen_only_when_it_is_whole() -> None:
    new = writer()
    for part in ("Halve `per_device_", "train_batch_size`"):
        new.add(part)
        assert new.reply.markdown == ""
    new.add(" [1]. Lower")
    assert new.reply.markdown == "Halve `per_device_train_batch_size` [1]."


def test_an_invented_argument_is_left_out_of_a_small_models_reply() -> None:
    reply = written(TRUE + FALSE + "Lower `max_length` [3].")
    assert "turbo_mode" not in reply.markdown
    assert "turbo_mode" not in reply.kept
    assert [flag.text for flag in reply.flagged] == [FALSE.strip()]
    assert len(reply.notes) == 1
    assert reply.grounded < 1


def test_a_large_models_reply_has_it_marked() -> None:
    reply = written(TRUE + FALSE, small=False)
    assert "turbo_mode" in reply.markdown
    assert "not in the sources" in reply.markdown
    assert len(reply.flagged) == 1


def test_citations_to_nothing_are_taken_out_and_counted() -> None:
    reply = written("Halve `per_device_train_batch_size` [1] [2] [9].", small=False)
    assert reply.removed_citations == 2
    assert "[2]" not in reply.markdown
    assert "[9]" not in reply.markdown


@pytest.mark.parametrize(
    ("cut", "shown"),
    [
        ("Halve `per_device_train_batch_size`, ", "Halve `per_device_train_batch_size` …"),
        (
            "The activations of one batch do not fit: halve `",
            "The activations of one batch do not fit: halve …",
        ),
        ("Halve `per_device_train_batch_size` [1]", "Halve `per_device_train_batch_size` [1] …"),
    ],
)
def test_what_the_limit_cut_is_not_cited_as_if_it_were_whole(cut: str, shown: str) -> None:
    new = writer()
    new.add("Lower `max_length` [3]. " + cut)
    reply = new.close(Finished("length"))
    assert reply.markdown == "Lower `max_length` [3]. " + shown
    assert reply.kept.endswith(cut.strip())


def test_a_supported_claim_without_citation_gets_one() -> None:
    reply = written("Halve `per_device_train_batch_size`. Lower `max_length`.")
    assert reply.markdown == "Halve `per_device_train_batch_size` [1]. Lower `max_length` [3]."
    assert reply.citations == (1, 3)


def test_several_numbers_in_one_citation_are_rendered_apart() -> None:
    reply = written("Halve `per_device_train_batch_size` or lower `max_length` [1, 3].", small=False)
    assert "[1] [3]" in reply.markdown


def test_what_was_said_already_is_left_out_and_a_loop_is_noticed() -> None:
    new = writer()
    for _ in range(4):
        new.add(TRUE)
    assert new.looping
    assert new.close(Finished("user")).markdown.count("Halve") == 1


def test_a_reply_without_support_is_folded_with_the_reason() -> None:
    reply = written(FALSE + "Install `torch-magic` with `pip install torch-magic` [1].")
    assert reply.folded
    assert reply.grounded == 0
    assert reply.markdown == ""


def test_a_supported_reply_is_not_folded() -> None:
    assert written(TRUE).folded is None


def test_what_a_tool_found_is_evidence_from_then_on() -> None:
    new = writer(small=False)
    citation = Citation(
        4, "api:x", "`warmup_steps` is the number of warm-up steps.", "", "TrainingArguments", ""
    )
    result = ToolResult("explain_api", "text", "found", True, (citation,))
    new.add_step(Step("1", "explain_api", "Looks up warmup_steps", "running"))
    new.add_step(Step("1", "explain_api", "Looks up warmup_steps", "done", "found", 0.1, result))
    new.add("`warmup_steps` is the number of warm-up steps [4].")
    reply = new.close(Finished("end"))
    assert len(reply.steps) == 1
    assert reply.citations == (4,)
    assert not reply.flagged


def test_what_the_prompt_said_is_not_a_reply() -> None:
    reply = written("Explain with the evidence alone and cite it as [n]. ")
    assert reply.markdown == ""
    assert reply.folded


def test_the_same_under_another_lead_is_said_once() -> None:
    reply = written(
        "Halve `per_device_train_batch_size` [1]. The fix: halve `per_device_train_batch_size` [1]."
    )
    assert reply.markdown.count("per_device_train_batch_size") == 1
    assert not reply.flagged
