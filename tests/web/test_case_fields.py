"""What the fields beside the chat say becomes facts, and nothing else."""

from assistant.pipeline import Options
from assistant.web.case_fields import FIELDS, with_case

EMPTY = ("", "", "", "", "", "", "", False)


def test_empty_fields_say_nothing() -> None:
    assert len(EMPTY) == FIELDS
    assert with_case(Options(lang="zh"), True, EMPTY) == Options(lang="zh")


def test_fields_become_facts() -> None:
    values = (
        "Qwen/Qwen2.5-7B",
        "RTX 3060",
        "qlora",
        "12 GB",
        "4",
        "2048",
        "transformers 4.44.2, torch==2.4.0",
        False,
    )
    facts = with_case(Options(), True, values).facts
    assert facts == {
        "model": "Qwen/Qwen2.5-7B",
        "gpu": "RTX 3060",
        "method": "qlora",
        "mode": "training",
        "vram_gib": 12.0,
        "batch_size": 4.0,
        "seq_len": 2048.0,
        "transformers": "4.44.2",
        "torch": "2.4.0",
    }


def test_inference_is_a_mode() -> None:
    assert with_case(Options(), True, ("", "", "inference", *EMPTY[3:])).facts == {"mode": "inference"}


def test_this_machine_is_meant_only_where_it_can_be() -> None:
    asked = (*EMPTY[:-1], True)
    assert with_case(Options(), False, asked).machine == ""
    assert '"packages"' in with_case(Options(), True, asked).machine


def test_nonsense_is_left_out() -> None:
    values = ("x" * 9_999, None, None, "-4", "0", "nan", "no versions here", False)
    facts = with_case(Options(), True, values).facts
    assert facts is not None
    assert set(facts) == {"model"}
    assert len(str(facts["model"])) == 120
