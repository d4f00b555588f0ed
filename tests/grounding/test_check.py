"""What is said by the evidence passes, what is changed in one place does not, in both languages and across them."""

from collections.abc import Sequence

import pytest

from assistant.grounding import Checked, check, fold_reason, fold_text, why_text

PORTS = [
    "Port 7860 is the default of `GRADIO_SERVER_PORT`. If it is taken, Gradio tries the next hundred ports.",
    "Set `GRADIO_SERVER_PORT=8000` before the start, or pass `server_port=8000` to `launch`.",
]
PORTS_ZH = [
    "7860 端口是 `GRADIO_SERVER_PORT` 的默认值。如果被占用，Gradio 会尝试后面的一百个端口。",
    "启动前设置 `GRADIO_SERVER_PORT=8000`，或者给 `launch` 传 `server_port=8000`。",
]
MEMORY = ["Training (full): Falcon-7B 112 GB, Phi-2 43 GB.", "Training (LoRA): Falcon-7B 21 GB, Phi-2 9 GB."]


def one(text: str, evidence: Sequence[str], question: str = "") -> Checked:
    (sentence,) = check(text, evidence, question).sentences
    return sentence


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("Port 7860 is the default of `GRADIO_SERVER_PORT` [1].", PORTS),
        ("If it is taken, Gradio tries the next hundred ports [1].", PORTS),
        ("Pass `server_port=8000` to `launch` [2].", PORTS),
        ("`GRADIO_SERVER_PORT` 的默认值是 7860 [1]。", PORTS),
        ("启动之前设置 `GRADIO_SERVER_PORT=8000` [2]。", PORTS),
        ("7860 端口是 `GRADIO_SERVER_PORT` 的默认值 [1]。", PORTS_ZH),
        ("Set `GRADIO_SERVER_PORT=8000` before the start [2].", PORTS_ZH),
        ("LoRA training takes 21 GB for Falcon-7B [2].", MEMORY),
    ],
)
def test_supported(text: str, evidence: list[str]) -> None:
    found = one(text, evidence)
    assert found.supported, found
    assert found.why == ""
    assert found.claim


@pytest.mark.parametrize(
    ("text", "evidence", "why"),
    [
        ("Port 7860 is the default of `GRADIO_SERVER_PORT` [3].", PORTS, "citation"),
        ("Port 7860 is the default of `GRADIO_SERVER_PORT` [0].", PORTS, "citation"),
        ("Pass `auto_port=True` to `launch` [2].", PORTS, "name"),
        ("给 `launch` 传 `auto_port=True` [2]。", PORTS, "name"),
        ("Run `gradio free --port 7860` [1].", PORTS, "name"),
        ("Use the class PortFinderConfig [1].", PORTS, "name"),
        ("Use `gradio.find_free_port()` [1].", PORTS, "name"),
        ("Port 7861 is the default of `GRADIO_SERVER_PORT` [1].", PORTS, "number"),
        ("Pass `server_port=7860` to `launch` [2].", PORTS, "argument"),
        ("Pass `server_port=8000` to `launch` [1].", PORTS, "name_cited"),
        ("LoRA training takes 21 MB for Falcon-7B [2].", MEMORY, "number"),
        ("```python\ndemo.launch(magic_port=8000)\n```", PORTS, "name"),
    ],
)
def test_rules(text: str, evidence: list[str], why: str) -> None:
    found = one(text, evidence)
    assert not found.supported
    assert found.why == why, found


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("Port 7860 is the default of `GRADIO_SERVER_PORT` [2].", PORTS),
        ("It always helps to restart the computer and to buy a larger machine [1].", PORTS),
        ("LoRA training takes 21 GB for Phi-2, and 9 GB for Falcon-7B [2].", MEMORY),
        ("Because Gradio tries the next hundred ports, port 7860 is taken [1].", PORTS),
    ],
)
def test_not_supported(text: str, evidence: list[str]) -> None:
    assert not one(text, evidence).supported


@pytest.mark.parametrize(
    "text",
    [
        "Here is what the evidence says:",
        "下面是证据里的说明。",
        "Is it taken?",
        "The evidence does not name a fix.",
        "证据里没有给出训练速度。",
    ],
)
def test_no_claim(text: str) -> None:
    found = one(text, PORTS)
    assert found.supported
    assert not found.claim


def test_what_the_evidence_says_is_not_said_to_be_absent() -> None:
    found = one("The passages do not mention `GRADIO_SERVER_PORT`.", PORTS)
    assert (found.supported, found.why) == (False, "said")


def test_names_and_numbers_of_the_question_are_given() -> None:
    text = "Your port 9321 is set by `MY_APP_PORT`."
    assert one(text, PORTS).why in ("name", "number")
    assert one(text, PORTS, "MY_APP_PORT is 9321").why not in ("name", "number")
    assert check(text, PORTS, known=["`MY_APP_PORT=9321`"]).sentences[0].why not in ("name", "number")


def test_places_and_citations() -> None:
    text = "Yes. Pass `server_port=8000` [2]."
    result = check(text, PORTS)
    assert [text[s.start : s.end] for s in result.sentences] == [s.text for s in result.sentences]
    assert result.sentences[-1].cited == (2,)
    assert result.sentences[-1].evidence == 2


def test_share_counts_claims() -> None:
    text = "Here it is:\nPort 7860 is the default of `GRADIO_SERVER_PORT` [1]. Use `made_up_name=1` [1]."
    assert check(text, PORTS).share == 0.5
    assert check("Hello!", PORTS).share == 1.0
    assert check("", PORTS).share == 1.0


@pytest.mark.parametrize(
    ("text", "contradicts"),
    [
        ("Set `GRADIO_SERVER_PORT=8000` after the start.", True),
        ("Set `GRADIO_SERVER_PORT=9000` before the start [2].", True),
        ("Do not set `GRADIO_SERVER_PORT=8000`.", True),
        ("Set `GRADIO_SERVER_PORT=8000` before the start [2].", False),
        ("Buy a larger machine and clear the disk.", False),
    ],
)
def test_against_the_grounded_answer(text: str, contradicts: bool) -> None:
    answer = "`GRADIO_SERVER_PORT=8000` must be set before the start."
    assert check(text, PORTS, against=answer).sentences[0].contradicts is contradicts


def test_folding() -> None:
    good, bad = (
        check("Pass `server_port=8000` to `launch` [2].", PORTS),
        check("Use `made_up_name=1` [1].", PORTS),
    )
    assert fold_reason(good) is None
    key = fold_reason(bad)
    assert key
    for lang in ("en", "zh"):
        assert fold_text(key, bad.share, lang)
        assert "made_up_name" in why_text(bad.sentences[0], lang)


def test_no_evidence() -> None:
    assert not one("Set `server_port=8000` and start again.", []).supported
