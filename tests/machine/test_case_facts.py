"""Reports speak to the flow of an answer in the names that entries use."""

from assistant.machine import Report, case_facts, read_report
from assistant.machine.data import from_data
from tests.machine.test_findings import SOUND
from tests.machine.test_pasted import BY_NAME


def test_a_measured_machine():
    facts = case_facts(from_data(SOUND))
    assert facts["gpu"] == "A100"
    assert (facts["vram_gib"], facts["vram_free_gib"], facts["gpu_count"]) == (79.25, 78.8, 1.0)
    assert (facts["compute_capability"], facts["os"], facts["torch"]) == (8.0, "linux", "2.9.1")


def test_a_pasted_one():
    facts = case_facts(read_report(BY_NAME["transformers env folded into one line"]["text"]))
    assert facts["gpu"] == "RTX 4080"
    assert facts["windows"] is True
    assert facts["transformers"] == "4.46.3"
    assert "vram_gib" not in facts


def test_nothing_is_assumed():
    assert case_facts(Report(source="pasted")) == {}
