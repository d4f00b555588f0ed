"""Signs of our field and of other software in a text."""

import pytest

from assistant.reading.domain import domain_signs


@pytest.mark.parametrize(
    "text",
    [
        "how much VRAM does llama 2 70B chat need",
        "qlora fine-tuning with peft runs out of memory on a 3090",
        "7B 模型用 QLoRA 微调要多少显存",
    ],
)
def test_our_field_shows(text: str) -> None:
    words, _, foreign = domain_signs(text)
    assert words > 0.4
    assert foreign == 0.0


@pytest.mark.parametrize(
    "text",
    ["npm ERR! react build fails with webpack", "SQLSTATE[42803]: Grouping error in laravel", "kubectl 报错"],
)
def test_other_software_shows(text: str) -> None:
    assert domain_signs(text)[2] > 0.3


def test_a_cake_shows_nothing() -> None:
    assert domain_signs("how do I bake a chocolate cake?") == (0.0, 0.0, 0.0)


def test_one_word_says_less_in_a_long_text() -> None:
    short, long = "training loss", "training loss " + "and then we went home " * 80
    assert domain_signs(short)[0] > domain_signs(long)[0]
