"""Whatever is pasted, an answer comes, and it is well-formed: the real corpus, without an index."""

import json
import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from assistant.contract import as_json
from assistant.pipeline import Engine, Options, answer_turns, load_engine
from corpus.checks import topic_names
from tests.answering.markdown import code_of, prose_of, unclosed

PIECES = [
    "CUDA out of memory. Tried to allocate 2.00 GiB",
    "Traceback (most recent call last):\n",
    '  File "/home/alice/`x`.py", line 99999999999999999999, in <module>\n    [a](b) `c`\n',
    "ModuleNotFoundError: No module named '`]<b>|'",
    "KeyError: '{{model}}'",
    "During handling of the above exception, another exception occurred:\n",
    "[rank99999999]: ",
    "显存不足怎么办？",
    "per_device_train_batch_size: 1\nfp16: false\n",
    "--learning_rate 2e-5 --bf16",
    "transformers==" + "9" * 5_000,
    "torch.Size([4096, 32000]) from checkpoint, the shape in current model is torch.Size([1])",
    "NVIDIA-SMI 535.104.05   Driver Version: 535.104.05   CUDA Version: 12.2\n",
    "total capacity of " + "9" * 400 + " GiB",
    "Why does num_beams do this? [1] [2]\n",
    "```\n",
    "<!-- when: x -->",
    "\x1b[31m\r\r\n\x00\ud800",
    "'" * 50 + '"' * 50,
    "| a | b |\n| - | - |\n",
]
TEXTS = st.one_of(
    st.text(max_size=200),
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=20)), max_size=8).map("".join),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("\n".join),
)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine()


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(TEXTS, min_size=1, max_size=3),
    st.sampled_from(["auto", "en", "zh"]),
    st.sampled_from(["full", "short"]),
    st.one_of(st.just(""), TEXTS),
)
@example(turns=["\n".join(PIECES)], lang="auto", length="full", machine="\n".join(PIECES))
def test_any_texts_get_a_well_formed_answer(
    engine: Engine, turns: list[str], lang: str, length: str, machine: str
) -> None:
    answer = answer_turns(engine, turns, Options(lang=lang, length=length, machine=machine))
    numbers = [citation.n for citation in answer.citations]
    text = "\n\n".join(part.markdown for part in answer.parts if part.kind != "sources")

    assert answer.markdown.strip()
    assert numbers == list(range(1, len(numbers) + 1))
    assert set(map(int, re.findall(r"\[(\d+)\]", prose_of(text)))) >= set(numbers)
    assert not unclosed(answer.markdown)
    assert not any(re.search(r"^\[\d+\]$", code, re.MULTILINE) for code in code_of(answer.markdown))
    assert not re.search(r"\{\{\s*\w+\s*(\||\}\})", answer.markdown)
    assert answer.lang in ("en", "zh")
    assert lang in ("auto", answer.lang)
    assert 0.0 <= answer.confidence <= 1.0
    assert answer.abstained == (answer.basis == "none") == (not numbers)
    if answer.basis != "source":  # what stands on the installed libraries alone may have no topic
        assert answer.abstained == (answer.topic is None)
    assert answer.topic is None or answer.topic in topic_names()
    json.dumps(as_json(answer), ensure_ascii=False, allow_nan=False).encode()


@pytest.mark.parametrize(
    "text",
    [
        "a" * 2_000_000,
        "\n" * 2_000_000,
        "Traceback (most recent call last):\n" * 50_000,
        '  File "x.py", line 1, in f\n' * 60_000,
        "Error: " * 300_000,
        "(" * 1_000_000,
        "显存" * 500_000,
        "a=" * 800_000,
        "../" * 500_000,
        "[rank0]: " * 200_000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_large_and_hostile_pastes_are_answered_in_seconds(engine: Engine, text: str) -> None:
    answer = answer_turns(engine, [text])
    assert answer.markdown
    assert answer.ms < 5_000
