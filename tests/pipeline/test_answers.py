"""The whole way from messages to an answer, over a small corpus."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from assistant.pipeline import Engine, Options, answer_turns
from corpus.passages import passages
from tests.sample import answer, engine, sample

OOM = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB"
HANG = "RuntimeError: [1] Watchdog caught collective operation timeout: WorkNCCL"


def test_a_signature_answers_without_an_index() -> None:
    found = answer(OOM)
    assert (found.topic, found.basis, found.entry, found.abstained) == ("A.1", "signature", "memory", False)
    assert 0.0 < found.confidence <= 1.0
    assert found.ms > 0


def asked(text: str, find: Callable[[], Any]) -> Any:
    with patch("assistant.pipeline.threshold", lambda *, searched: 0.0):
        return answer_turns(Engine(sample(), engine().patterns, find), [text])


def test_a_signature_that_decides_asks_for_no_index() -> None:
    assert asked(OOM, lambda: pytest.fail("the index was asked for")).topic == "A.1"


def index_that_finds(passage: str) -> Any:
    found = passages(sample())
    scores = np.array([0.9 if each.id == passage else 0.0 for each in found])
    return SimpleNamespace(passages=found, scores=lambda query: SimpleNamespace(lexical=scores, dense=scores))


def test_the_index_decides_where_signatures_do_not() -> None:
    question = "What decides how much memory transformers needs to generate with several candidates?"
    found = asked(question, lambda: index_that_finds("beams#width.en"))
    assert (found.topic, found.basis, found.entry, found.point) == ("D.3", "retrieval", "beams", "width")


def test_the_index_chooses_the_cause_where_no_evidence_does() -> None:
    found = asked("oom with transformers", lambda: index_that_finds("memory#fragments.en"))
    assert (found.entry, found.point) == ("memory", "fragments")


def test_a_passage_of_an_entry_that_is_gone_is_passed_over() -> None:
    def index() -> Any:
        stale = index_that_finds("beams#width.en")
        gone = SimpleNamespace(entry="gone", point="x", id="gone#x.en")
        scores = SimpleNamespace(lexical=np.array([1.0]), dense=np.array([1.0]))
        return SimpleNamespace(passages=(gone,), scores=lambda query: scores) if stale else None

    assert asked("What does num_beams do in beam search of transformers generate?", index).entry == "beams"


FOLLOW_UPS = [
    ([OOM, "And on several GPUs?"], "memory"),
    ([OOM, HANG], "hang"),
    ([HANG, OOM], "memory"),
    ([HANG, f"Thanks. Now it says:\n{OOM}"], "memory"),
    ([OOM, "显存还是不足，怎么办？"], "memory"),
    (["num_beams in generate?", OOM, "And why does the GPU have no memory left?"], "memory"),
    ([OOM, "num_beams in beam search of generate?"], "beams"),
]


@pytest.mark.parametrize(("turns", "entry"), FOLLOW_UPS)
def test_a_follow_up_keeps_the_subject_and_a_new_error_wins(turns: list[str], entry: str) -> None:
    assert answer(*turns).entry == entry


def test_facts_of_earlier_messages_go_on() -> None:
    found = answer(f"I use meta-llama/Llama-2-7b-hf on a V100. {OOM}", "Still out of memory, what else?")
    assert found.facts["model"] == "meta-llama/Llama-2-7b-hf"
    assert found.facts["gpu"] == "V100"
    assert "bf16" not in found.markdown


def test_what_was_tried_earlier_is_not_advised() -> None:
    first = "I tried reducing the batch size but it still fails."
    assert "Lower the batch size" not in answer(first, OOM).markdown
    assert "Lower the batch size" in answer(OOM).markdown


def test_the_answer_follows_the_language_of_the_last_words() -> None:
    assert answer(OOM, "为什么？还能怎么办，显存不足").lang == "zh"
    assert answer("显存不足怎么办？", "And with long sequences, oom?").lang == "en"


def test_empty_last_words_ask_for_some_whatever_came_before() -> None:
    assert "nothing to read" in answer(OOM, "  ").markdown


def test_the_machines_report_decides_what_applies() -> None:
    report = "NVIDIA-SMI 535.1 Driver Version: 535.1 CUDA Version: 12.2\n| 0 Tesla V100-SXM2-16GB |"
    assert "bf16" not in answer(OOM, machine=report).markdown
    assert "bf16" in answer(OOM).markdown


@pytest.mark.parametrize(
    ("chosen", "wanted"),
    [("auto", "factual"), ("factual", "factual"), ("balanced", "balanced"), ("creative", "creative")],
)
def test_the_preset_is_the_chosen_one(chosen: str, wanted: str) -> None:
    assert answer(OOM, preset=chosen).preset == wanted


def test_bytes_are_read_like_text() -> None:
    found = answer_turns(engine(), [b"\xff\xfe " + OOM.encode()], Options())
    assert found.entry == "memory"


def test_the_same_input_gives_the_same_answer() -> None:
    assert answer(OOM).markdown == answer(OOM).markdown
