"""Risk against coverage, calibration, their picture, and the threshold that is read from them."""

import itertools
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.calibration.report import HIGHEST, LOWEST, TURNED_AWAY, Held, read_threshold, write_report
from assistant.evaluation.picture import picture
from assistant.evaluation.risk import Judged, calibration_error, cut, cuts, reliability

SURE, DOUBTED = Judged(0.9, inside=True, right=True), Judged(0.4, inside=True, right=False)
FOREIGN, FAR = Judged(0.6, inside=False, right=False), Judged(0.1, inside=False, right=False)
ALL = (SURE, DOUBTED, FOREIGN, FAR)
JUDGED = st.lists(
    st.tuples(st.floats(0, 1), st.booleans(), st.booleans()).map(
        lambda each: Judged(each[0], each[1], each[1] and each[2])
    ),
    max_size=30,
)


def test_a_cut_counts_answers_and_abstentions() -> None:
    found = cut(ALL, 0.5)
    assert (found.coverage, found.risk) == (0.5, 0.5)
    assert (found.turned_away, found.lost) == (0.5, 0.5)


def test_nothing_answered_is_no_risk() -> None:
    assert (cut(ALL, 1.0).coverage, cut(ALL, 1.0).risk) == (0.0, 0.0)


@given(JUDGED)
def test_a_higher_threshold_answers_less_and_turns_more_away(judged: list[Judged]) -> None:
    found = cuts(judged)
    for low, high in itertools.pairwise(found):
        assert high.coverage <= low.coverage
        assert high.turned_away >= low.turned_away
        assert high.lost >= low.lost


def test_bins_hold_each_input_once_and_say_what_was_so() -> None:
    bins = reliability([*ALL, Judged(1.0, inside=True, right=True)], bins=2)
    assert [(each.count, each.covered) for each in bins] == [(2, 0.5), (3, 0.6667)]
    assert calibration_error(bins) == pytest.approx((2 * 0.25 + 3 * abs(2.5 / 3 - 2 / 3)) / 5, abs=1e-3)
    assert calibration_error(reliability([])) is None


def test_the_threshold_is_the_lowest_that_turns_enough_away() -> None:
    outside = [Judged(step / 100, inside=False, right=False) for step in range(100)]
    found = read_threshold([*outside, SURE])
    assert cut(outside, found).turned_away >= TURNED_AWAY
    assert cut(outside, round(found - 0.01, 2)).turned_away < TURNED_AWAY


@given(JUDGED)
def test_the_threshold_stays_between_its_bounds(judged: list[Judged]) -> None:
    assert LOWEST <= read_threshold(judged) <= HIGHEST


@pytest.mark.parametrize("judged", [ALL, (), (SURE,), (FAR,)])
def test_the_picture_is_svg_with_its_threshold(judged: tuple[Judged, ...]) -> None:
    root = ET.fromstring(picture(judged, 0.5, "A <b> & c"))
    texts = [each.text for each in root.iter() if each.text]
    assert root.tag.endswith("svg")
    assert "A <b> & c" in texts
    assert any("threshold 0.5" in text for text in texts) == bool(judged)


def test_the_report_marks_the_threshold_that_was_read(tmp_path: Path) -> None:
    write_report(tmp_path, [Held(True, ALL), Held(False, ALL)], ["some.jsonl"])
    text = (tmp_path / "calibration.md").read_text(encoding="utf-8")
    assert f"| **{read_threshold(ALL):.2f}** |" in text
    assert "some.jsonl" in text
    for name in ("calibration-with.svg", "calibration-without.svg"):
        assert name in text
        ET.fromstring((tmp_path / name).read_text(encoding="utf-8"))
