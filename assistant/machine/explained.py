"""A pasted report with all that is wrong: the machine's findings, and what the corpus's signatures say of the
error messages that stand in the text.

Only what faces people calls this: the flow of an answer diagnoses messages itself.
"""

import re
from collections.abc import Sequence

from assistant.answering.render import applicable, first_complete
from assistant.case import build_case
from assistant.diagnosis import Diagnosis, diagnose
from assistant.machine.findings import findings, ranked
from assistant.machine.model import Finding, Report
from assistant.machine.paste import read_report
from assistant.pipeline import Engine
from assistant.reading import read

_SURE = 0.88
"""Strength of a signature that makes an error worth a finding of its own."""
_MOST, _LONGEST = 2, 700
_FENCE = re.compile(r"```(?P<kind>\w*)[^\n]*\n(?P<code>.*?)\n?```", re.DOTALL)


def explain_paste(
    engine: Engine, text: str | bytes, lang: str = "auto"
) -> tuple[Report, tuple[Finding, ...], str]:
    """The report in a text, its findings, worst first, and their language: `lang`, or the text's own."""
    report = read_report(text)
    chosen = report.lang if lang == "auto" else lang
    found = findings(report, chosen)
    # a measured report holds no messages but those that its findings explain
    messages = () if report.measured else message_findings(engine, text, found, chosen)
    return report, ranked((*messages, *found)), chosen


def message_findings(
    engine: Engine, text: str | bytes, found: Sequence[Finding], lang: str
) -> tuple[Finding, ...]:
    """Findings for errors in the text that `found` does not name already, at most two, the surest first."""
    case = build_case([read(text)], lang)
    known = {finding.entry for finding in found if finding.severity != "advice"}
    sure = sorted(
        (
            each
            for each in diagnose(case, engine.patterns)
            if each.signature >= _SURE and each.entry.id not in known
        ),
        key=lambda each: -each.signature,
    )
    return tuple(_finding(each, {**case.facts, **each.captures}, lang) for each in sure[:_MOST])


def _finding(diagnosis: Diagnosis, facts: dict[str, str | float | bool], lang: str) -> Finding:
    entry, point = diagnosis.entry, diagnosis.point
    happened = first_complete(entry.happened["zh" if lang == "zh" else "en"], facts)
    why = applicable(point.why["zh" if lang == "zh" else "en"], facts)[:1]
    fix = applicable(point.fix["zh" if lang == "zh" else "en"], facts)[:3]
    return Finding(
        id=entry.id,
        severity="warning",
        title=entry.title["zh" if lang == "zh" else "en"],
        detail=_plain(" ".join(filter(None, [happened, *why]))),
        fix=_plain(" ".join(fix)),
        entry=entry.id,
    )


def _plain(text: str) -> str:
    """Markdown as one paragraph: commands stand in the line, longer code is left to the entry."""
    flat = " ".join(_FENCE.sub(_in_line, text).split())
    return flat if len(flat) <= _LONGEST else f"{flat[:_LONGEST].rstrip()}…"


def _in_line(block: re.Match[str]) -> str:
    lines = [line.split("  #")[0].rstrip() for line in block["code"].split("\n") if line.strip()]
    if len(lines) > (1 if block["kind"].startswith("py") else 3):
        return " "
    return " " + ", ".join(f"`{line.strip()}`" for line in lines) + "."
