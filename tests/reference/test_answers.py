"""Versions, follow-up messages, and what is no question on an API."""

from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.case import build_case
from assistant.reading import read
from assistant.reference import ApiAnswer, answer_api
from assistant.reference.store import installed

Ask = Callable[..., ApiAnswer | None]


@pytest.mark.parametrize(
    ("text", "version", "says"),
    [
        ("transformers 4.30: does evaluation_strategy still exist?", "4.30", "is still the name"),
        ("transformers 4.44: does evaluation_strategy still exist?", "4.44", "still works but is deprecated since 4.41"),
        ("does evaluation_strategy still exist in transformers 4.57?", "4.57", "is gone"),
        ("does evaluation_strategy still exist?", installed()["transformers"], "is gone"),
        ("does evaluation_strategy still exist in transformers 4?", "4.57", "is gone"),
        ("is no_cuda removed in v5?", installed()["transformers"], "is gone"),
    ],
)  # fmt: skip
def test_the_version_that_the_user_states_counts(text: str, version: str, says: str, ask: Ask) -> None:
    answer = ask(text)
    assert answer is not None
    assert answer.versions["transformers"] == version
    assert answer.stated == ("4" in text or "v5" in text)
    assert says in answer.markdown


def test_a_version_stated_earlier_counts(ask: Ask) -> None:
    answer = ask("I am on transformers 4.40.1.", "is evaluation_strategy deprecated?")
    assert answer is not None
    assert answer.versions["transformers"] == "4.40.1"
    assert "`eval_strategy` does not exist there yet: it came with transformers 4.41" in answer.markdown


def test_a_number_that_is_another_librarys_version_does_not_count(ask: Ask) -> None:
    answer = ask("with torch 2.4, what is evaluation_strategy called now?")
    assert answer is not None
    assert answer.versions["transformers"] == installed()["transformers"]
    assert not answer.stated


def test_defaults_of_other_versions(ask: Ask) -> None:
    then = ask("default of save_safetensors in transformers 4.30?")
    later = ask("default of save_safetensors in transformers 4.40?")
    assert then is not None
    assert later is not None
    assert "was `False` by default" in then.markdown
    assert "was `True` by default" in later.markdown
    unknown = ask("default of learning_rate in transformers 3.1?")
    assert unknown is not None
    assert "not on record" in unknown.markdown


def test_the_owner_that_is_named_counts(ask: Ask) -> None:
    plain, of_trl = ask("default of learning_rate"), ask("default of learning_rate in SFTConfig")
    assert plain is not None
    assert of_trl is not None
    assert plain.names == ("transformers.TrainingArguments.learning_rate",)
    assert of_trl.names == ("trl.SFTConfig.learning_rate",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "a" * 5_000,
        "does `evaluation_strategy` exist? " * 40,
        "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\n    TrainingArguments(no_cuda=True)\nTypeError: unexpected keyword argument 'no_cuda'",
        "what is the default?",
        "which parameters?",
        "`does_not_exist_anywhere` default value?",
        "args = TrainingArguments(output_dir='x', evaluation_strategy='epoch')",
        "{'loss': 1.2, 'learning_rate': 5e-05}",
        "learning_rate=1e-4 and warmup_ratio=0.1 and the loss explodes, is that still ok",
        "\x00\ud800 default of learning_rate \u202e" + "(" * 300,
    ],
)
def test_nothing_is_said_to_what_is_no_such_question(text: str, ask: Ask) -> None:
    assert ask(text) is None


def test_without_a_reference_only_changes_are_answered(tmp_path: Path) -> None:
    def asked(text: str) -> ApiAnswer | None:
        return answer_api(build_case([read(text)]), cache=tmp_path)

    renamed = asked("what is warmup_ratio called now?")
    assert renamed is not None
    assert "warmup_steps" in renamed.markdown
    assert asked("default of learning_rate") is None
    assert asked("LoraConfig parameters") is None
    assert list(tmp_path.iterdir()) == []


def test_markup_in_a_message_does_not_reach_the_answer(ask: Ask) -> None:
    answer = ask("default of `learning_rate`<script>alert(1)</script>")
    assert answer is None or "<script>" not in answer.markdown
