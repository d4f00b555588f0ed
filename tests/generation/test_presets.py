"""The presets are the appendix's, and values of one's own obey the rules that the corpus teaches."""

import pytest

from assistant.errors import UserError
from assistant.generation.model import Sampling
from assistant.generation.presets import advice, preset_for, sampling


def test_presets_have_the_appendix_values() -> None:
    assert sampling("factual", "short") == Sampling(100, False, repetition_penalty=1.1)
    assert sampling("balanced", "short") == Sampling(
        150, True, temperature=0.7, top_p=0.9, repetition_penalty=1.2
    )
    assert sampling("creative", "short") == Sampling(200, True, temperature=1.0, top_k=50, no_repeat_ngram=2)


def test_full_length_changes_the_limit_alone() -> None:
    short, full = sampling("balanced", "short"), sampling("balanced", "full")
    assert full.max_new_tokens > short.max_new_tokens
    assert (full.temperature, full.top_p, full.do_sample) == (short.temperature, short.top_p, short.do_sample)


def test_a_temperature_of_ones_own_samples() -> None:
    # D.3: without do_sample=True a temperature changes nothing
    assert sampling("factual", "short", {"temperature": 0.3}).do_sample
    assert not sampling("factual", "short", {"repetition_penalty": 1.2}).do_sample


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", 0),
        ("temperature", -1),
        ("top_p", 1.2),
        ("top_k", -1),
        ("repetition_penalty", 5),
        ("max_new_tokens", 0),
        ("max_tokens", 10),
        ("top_p", True),
        ("top_p", "0.9"),
    ],
)
def test_what_generate_would_refuse_or_ignore_is_refused(name: str, value: float) -> None:
    with pytest.raises(UserError, match=name):
        sampling("factual", "short", {name: value})


def test_unusual_values_get_advice_in_both_languages() -> None:
    for lang in ("en", "zh"):
        assert len(list(advice({"repetition_penalty": 1.8, "temperature": 0.7}, lang))) == 1
        assert len(list(advice({"repetition_penalty": 1.2, "no_repeat_ngram": 3}, lang))) == 1
        assert not list(advice({"temperature": 0.3, "top_p": 0.9}, lang))


def test_a_small_model_is_held_to_the_facts() -> None:
    assert preset_for("question", small=True, sure=False) == "factual"
    assert preset_for("question", small=False, sure=False) == "balanced"
    assert preset_for("traceback", small=False, sure=False) == "factual"
