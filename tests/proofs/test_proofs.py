"""Each proof: the library's real error is diagnosed as its entry says, and the entry's fix removes it."""

from pathlib import Path

import pytest

from assistant.pipeline import Engine, answer_turns, load_engine
from tests.proofs.outcome import outcome_of
from tests.proofs.proof import Proof, all_proofs, error_entries
from tests.proofs.report import SHARE, unproven


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine()


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of a run, for what libraries leave behind."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "proof",
    [pytest.param(each, id=each.name, marks=[pytest.mark.slow] * each.slow) for each in all_proofs()],
)
def test_raised_diagnosed_and_fixed(proof: Proof, engine: Engine, tmp_path: Path) -> None:
    broken, fixed = tmp_path / "broken", tmp_path / "fixed"
    broken.mkdir()
    fixed.mkdir()

    before = outcome_of(proof.run, fixed=False, folder=broken)
    assert proof.says in before.traceback + before.shown
    answer = answer_turns(engine, [proof.pasted(before)])
    entry = engine.corpus.by_id[proof.entry]
    assert (answer.topic, answer.abstained) == (entry.topic, False), answer.entry
    assert answer.entry != proof.entry or answer.point == proof.point

    after = outcome_of(proof.run, fixed=True, folder=fixed)
    assert not after.traceback
    assert proof.says not in after.shown


def test_every_error_entry_is_proven_or_says_why_not() -> None:
    proven = {each.entry for each in all_proofs()}
    listed = {name for names in unproven().values() for name in names}
    assert not proven & listed
    assert {entry.id for entry in error_entries()} == proven | listed


def test_enough_error_entries_are_proven() -> None:
    entries = list(error_entries())
    assert len({each.entry for each in all_proofs()}) >= SHARE * len(entries)
