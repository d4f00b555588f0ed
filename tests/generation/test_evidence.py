"""What a model is shown of the answer."""

import pytest

from assistant.answering import Answer, Statement
from assistant.generation.evidence import evidence_of
from assistant.pipeline import Engine, answer_turns, load_engine

PASTES = {
    "en": "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 23.65 GiB total capacity)",
    "zh": "训练时报 torch.cuda.OutOfMemoryError: CUDA out of memory，怎么办？",
}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine()


def answer_with(*statements: Statement, lang: str = "en") -> Answer:
    return Answer(lang, "question", "A.1", 1.0, False, (), "signature", statements=statements)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_small_evidence_is_short_and_numbered_as_the_answer_cites(engine: Engine, lang: str) -> None:
    answer = answer_turns(engine, [PASTES[lang]])
    found = evidence_of(answer, small=True)
    assert 1 <= len(found) <= 3
    assert {each.n for each in found} <= {citation.n for citation in answer.citations}
    assert found[0].n == 1
    assert all(len(each.text) < 900 and "\n" not in each.text and "```" not in each.text for each in found)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_large_evidence_keeps_the_code(engine: Engine, lang: str) -> None:
    answer = answer_turns(engine, [PASTES[lang]])
    small, large = (evidence_of(answer, small=small) for small in (True, False))
    assert len(large) >= len(small)
    assert len(large[0].text) > len(small[0].text)


def test_an_abstention_has_no_evidence(engine: Engine) -> None:
    assert evidence_of(answer_turns(engine, ["how do I bake bread?"]), small=True) == ()


def test_short_code_becomes_code_in_the_line() -> None:
    fix = "Set it:\n```python\nimport torch\ntok.pad_token = tok.eos_token\nmodel.config.pad = 1  # why\n```"
    (only,) = evidence_of(answer_with(Statement(1, "No pad token", ("It has none.",), (fix,))), small=True)
    assert only.text == (
        "No pad token. It has none. Fix: Set it: `tok.pad_token = tok.eos_token`, `model.config.pad = 1`"
    )


def test_long_code_is_left_out_and_leaves_no_loose_end() -> None:
    code = "\n".join(f"    argument_{n}=value_{n}," for n in range(12))
    fix = f"Set these:\n```python\ncall(\n{code}\n)\n```"
    (only,) = evidence_of(answer_with(Statement(1, "T", ("Because.",), (fix,))), small=True)
    assert only.text.endswith("Fix: Set these.")


def test_sentences_stay_whole() -> None:
    why = " ".join(f"Sentence number {n} says something about `name_{n}`." for n in range(40))
    (only,) = evidence_of(answer_with(Statement(1, "T", (why,))), small=True)
    assert only.text.endswith("`.")
    assert len(only.text) < 400


def test_other_causes_come_with_how_to_tell() -> None:
    first = Statement(1, "First", ("Because.",), ("Do.",))
    other = Statement(2, "Second", tell="It fails at step one.")
    found = evidence_of(answer_with(first, other), small=True)
    assert found[1].text == "Second. How to tell: It fails at step one."
