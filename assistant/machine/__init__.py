"""This machine, or another by what people paste of it: a report, what is wrong, and how to show it.

    report = inspect_machine()          # or read_report(text)
    found = findings(report, "en")
    as_json(report, found), as_text(report, found), as_markdown(report, found)

Everything is found without importing torch in this process; each probe is bounded in time.
"""

from assistant.machine.as_text import as_markdown, as_text
from assistant.machine.case_facts import case_facts
from assistant.machine.data import as_json
from assistant.machine.findings import findings, ranked
from assistant.machine.here import MEASURED_HERE, inspect_machine, this_machine
from assistant.machine.model import Finding, Gpu, GpuProcess, Report
from assistant.machine.paste import read_report
from assistant.machine.schema import schema_text
from assistant.machine.script import script

__all__ = [
    "MEASURED_HERE",
    "Finding",
    "Gpu",
    "GpuProcess",
    "Report",
    "as_json",
    "as_markdown",
    "as_text",
    "case_facts",
    "findings",
    "inspect_machine",
    "ranked",
    "read_report",
    "schema_text",
    "script",
    "this_machine",
]
