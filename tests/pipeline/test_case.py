"""All that is known of the user's situation, and where it is from."""

import pytest

from assistant.answering.compose import public_facts
from tests.sample import case_of

REPORT = """Python version: 3.11.7
torch==2.13.0
transformers==5.23.0
+-----------------------------------------------------------------------------+
| NVIDIA-SMI 535.104.05   Driver Version: 535.104.05   CUDA Version: 12.2     |
|   0  Tesla V100-SXM2-16GB           On   | 00000000:00:1E.0 Off |           0 |
"""


def test_each_fact_has_an_origin() -> None:
    case = case_of(
        "I train with batch_size=4 on an A100.", "Now batch_size=2 fails with transformers==4.40.0"
    )
    assert set(case.facts) == set(case.origins)
    assert case.facts["batch_size"] == "2"
    assert case.origins["batch_size"] == "said"
    assert case.origins["gpu"] == "message 1"
    assert case.facts["transformers"] == "4.40.0"


def test_a_machine_report_counts_where_the_messages_are_silent() -> None:
    case = case_of("My run with transformers==4.40.0 fails", machine=REPORT)
    assert case.facts["torch"] == "2.13.0"
    assert case.origins["torch"] == "machine"
    assert case.facts["transformers"] == "4.40.0"
    assert case.origins["transformers"] == "said"
    assert case.facts["gpu"] == "V100"
    assert case.origins["gpu"] == "machine"
    assert case.facts["compute_capability"] == 7.0


def test_a_gpus_usual_memory_is_assumed_and_said_to_be() -> None:
    case = case_of("I train on an RTX 4090.")
    assert case.facts["vram_gib"] == 24.0
    assert case.origins["vram_gib"] == "assumed"


def test_stated_memory_is_not_assumed() -> None:
    case = case_of("I train on an A100 40GB card.")
    assert case.facts["vram_gib"] == 40.0
    assert case.origins["vram_gib"] == "said"


@pytest.mark.parametrize(
    ("turns", "lang"),
    [
        (["why is it slow?"], "en"),
        (["为什么很慢？"], "zh"),
        (["为什么很慢？", "and with a larger batch?"], "en"),
        (["why is it slow?", "批次再大一些呢？"], "zh"),
        (["显存不足怎么办？", "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB"], "zh"),
        (["RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB"], "en"),
        ([""], "en"),
    ],
)
def test_the_language_is_that_of_the_last_words(turns: list[str], lang: str) -> None:
    assert case_of(*turns).lang == lang


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_chosen_language_counts_more_than_the_words(lang: str) -> None:
    assert case_of("为什么很慢？ why?", lang=lang).lang == lang


@pytest.mark.parametrize(
    "words", ["total capacity of " + "9" * 400 + " GiB", "GPU with " + "9" * 400 + " GB"]
)
def test_sizes_that_no_gpu_has_are_not_taken(words: str) -> None:
    vram = case_of(f"CUDA out of memory. {words}").facts.get("vram_gib", 0.0)
    assert isinstance(vram, float)
    assert vram < 10_000


SECRET = "hf_abcdefghijklmnopqrstuvwxyz0123456789"
PRIVATE = [
    (f"token={SECRET} CUDA out of memory. Tried to allocate 2.00 GiB", SECRET),
    (
        'Traceback (most recent call last):\n  File "/home/alice/train.py", line 3, in <module>\n    f()\nValueError: no',
        "alice",
    ),
    (
        'Traceback (most recent call last):\n  File "/Users/alice/a/train.py", line 3, in f\n    f()\nValueError: no',
        "alice",
    ),
    (
        'Traceback (most recent call last):\n  File "C:\\Users\\alice\\train.py", line 3, in f\n    f()\nValueError: no',
        "alice",
    ),
    (
        "model_name_or_path: /home/alice/models/llama-2-7b\nper_device_train_batch_size: 4\nCUDA out of memory",
        "alice",
    ),
    ("password = hunter2hunter2\nCUDA out of memory. Tried to allocate 2.00 GiB", "hunter2"),
    ("postgresql://bob:s3cretpass@db.example.org/x CUDA out of memory", "s3cretpass"),
]


@pytest.mark.parametrize(("text", "private"), PRIVATE, ids=[private for _, private in PRIVATE])
def test_public_facts_carry_no_user_names_and_no_secrets(text: str, private: str) -> None:
    assert private not in repr(public_facts(case_of(text)))


def test_what_failed_where_is_public_without_the_home_folder() -> None:
    text = 'Traceback (most recent call last):\n  File "/home/alice/p/train.py", line 3, in f\n    f()\nValueError: no'
    assert public_facts(case_of(text))["failed_at"] == "~/p/train.py:3"
