"""The fitted numbers, and how they are used."""

import json
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.calibration import Features, GateFeatures, covered, rank, threshold
from assistant.calibration.features import GATE_NAMES, RANK_NAMES

SHARES = st.floats(0, 1)
WEIGHTS = json.loads((files("assistant.calibration") / "weights.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("suffix", ["", "_unsearched"])
def test_each_sign_has_a_weight(suffix: str) -> None:
    assert set(WEIGHTS[f"rank{suffix}"]) == set(RANK_NAMES)
    assert set(WEIGHTS[f"gate{suffix}"]) == {"bias", *GATE_NAMES}
    assert 0 < WEIGHTS[f"threshold{suffix}"] < 1


@pytest.mark.parametrize("searched", [True, False])
@given(st.tuples(*[SHARES] * len(RANK_NAMES)), st.integers(0, len(RANK_NAMES) - 1), SHARES)
def test_no_sign_speaks_against_an_entry(
    searched: bool, values: tuple[float, ...], position: int, more: float
) -> None:
    higher = list(values)
    higher[position] = max(higher[position], more)
    assert rank(Features(*higher), searched=searched) >= rank(Features(*values), searched=searched) - 1e-9


@pytest.mark.parametrize("searched", [True, False])
@given(st.tuples(*[SHARES] * len(GATE_NAMES)))
def test_the_gate_gives_a_probability(searched: bool, values: tuple[float, ...]) -> None:
    assert 0.0 <= covered(GateFeatures(*values), searched=searched) <= 1.0


@pytest.mark.parametrize("searched", [True, False])
def test_nothing_is_not_covered_and_a_plain_signature_is(searched: bool) -> None:
    nothing = GateFeatures(**dict.fromkeys(GATE_NAMES, 0.0))
    signs = {
        **dict.fromkeys(GATE_NAMES, 0.0),
        "signature": 1.0,
        "found": 0.5,
        "topic": 1.0,
        "domain": 0.5,
        "libraries": 0.5,
        **({"lexical": 0.2, "dense": 0.5} if searched else {}),
    }
    assert covered(nothing, searched=searched) < threshold(searched=searched)
    assert covered(GateFeatures(**signs), searched=searched) >= threshold(searched=searched)
