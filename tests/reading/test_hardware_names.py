"""GPU names are found where people write them without spaces, and all of them."""

import pytest

from assistant.reading import read
from assistant.reading.hardware import named_gpus, names_apart, stated_count, stated_memory


@pytest.mark.parametrize(
    ("text", "gpu"),
    [
        ("I have an RTX3090 with 24GB", "RTX 3090"),
        ("训练用4张3090显卡", "RTX 3090"),
        ("2x4090 and NCCL hangs", "RTX 4090"),
        ("rtx4060ti 16g", "RTX 4060 Ti"),
    ],
)
def test_names_that_touch_something(text: str, gpu: str):
    assert read(text).facts["gpu"] == gpu


def test_all_names_in_order_with_their_places():
    text = names_apart("first an A100, then two RTX3090")
    assert [(gpu.name, text[start:end]) for gpu, start, end in named_gpus(text)] == [
        ("A100", "A100"),
        ("RTX 3090", "3090"),
    ]


def test_count_and_memory():
    assert stated_count("8 * H800") == 8
    assert stated_memory("RTX 3090 24GB") == 24
