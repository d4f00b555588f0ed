"""Which entry and which cause a paste is taken for, and why."""

import pytest

from assistant.diagnosis import Diagnosis
from tests.sample import diagnoses

OOM = "CUDA out of memory. Tried to allocate {size}"
TRACEBACK = """Traceback (most recent call last):
  File "/work/train.py", line 5, in <module>
    trainer.train()
{error}
"""


def of(name: str, found: tuple[Diagnosis, ...]) -> Diagnosis:
    return next(each for each in found if each.entry.id == name)


def test_a_signature_in_the_main_exception_outranks_one_elsewhere() -> None:
    hang = "[W] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=1)\n"
    error = TRACEBACK.format(error=f"torch.OutOfMemoryError: {OOM.format(size='2.00 GiB')}")
    alone = of("hang", diagnoses(hang))
    found = diagnoses(hang + error)
    assert [each.entry.id for each in found][:2] == ["memory", "hang"]
    assert found[0].signature == 0.95
    assert found[1].signature < alone.signature == 1.0


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate", True),
        ("device-side assert triggered\nRuntimeError: CUBLAS_STATUS_ALLOC_FAILED when calling", False),
        ("RuntimeError: CUBLAS_STATUS_ALLOC_FAILED\nAssertion failed: device-side assert", False),
    ],
)
def test_unless_takes_a_signature_back_wherever_it_stands(text: str, matches: bool) -> None:
    found = [each for each in diagnoses(text) if each.entry.id == "memory" and each.signature]
    assert bool(found) is matches


def test_captures_of_all_signatures_that_match_are_kept() -> None:
    found = diagnoses(OOM.format(size="2.00 GiB") + ". GPU 0 has 23 GiB of which 1.50 GiB is free.")
    assert found[0].captures == {"requested_gib": "2.00 GiB", "free_gib": "1.50 GiB"}


POINTS = [
    ("batch_size=8 ", "batch"),
    ("batch_size=1 ", "length"),
    ("batch_size=8 longest sample: 9000 tokens ", "length"),
    ("batch_size=8 longest sample: 100 tokens ", "batch"),
    ("we use long sequences ", "length"),
    ("", "batch"),
]


@pytest.mark.parametrize(("words", "point"), POINTS)
def test_evidence_and_priors_choose_the_cause(words: str, point: str) -> None:
    assert diagnoses(words + OOM.format(size="2.00 GiB"))[0].point.id == point


def test_a_condition_compares_captured_sizes_whatever_their_units() -> None:
    much = diagnoses(OOM.format(size="512.00 MiB") + ", 2.00 GiB is free")[0]
    little = diagnoses(OOM.format(size="2.00 GiB") + ", 512.00 MiB is free")[0]
    assert (much.point.id, little.point.id) == ("fragments", "batch")


def test_evidence_with_a_condition_on_its_own_capture() -> None:
    found = diagnoses(OOM.format(size="2.00 GiB") + " longest sample: 9000 tokens")[0]
    assert found.captures["longest"] == "9000"
    assert found.reasons[0].says["en"] == "a sample has {{longest}} tokens"
    assert found.support == found.found == 3


def test_evidence_against_a_cause_is_no_reason() -> None:
    found = diagnoses("batch_size=1 " + OOM.format(size="2.00 GiB"))[0]
    assert found.reasons == ()
    assert {match.point.id: match.support for match in found.points}["batch"] == -3


def test_conditions_alone_do_not_make_an_entry_match() -> None:
    assert diagnoses("My batch_size=8 and all is well.") == ()


def test_points_come_best_first_and_all_of_them() -> None:
    found = diagnoses(OOM.format(size="2.00 GiB") + " longest sample: 9000 tokens")[0]
    assert [match.point.id for match in found.points] == ["length", "batch", "fragments"]
    assert found.points[0].point is found.point


@pytest.mark.parametrize("text", ["", "   ", "\n" * 50, "hello", "\x00\x01", "天"])
def test_nothing_is_found_in_nothing(text: str) -> None:
    assert diagnoses(text) == ()


def test_a_message_is_diagnosed_by_its_own_words_not_by_earlier_ones() -> None:
    assert [each.entry.id for each in diagnoses(OOM.format(size="1 GiB"), "What about num_beams?")] == [
        "beams"
    ]
