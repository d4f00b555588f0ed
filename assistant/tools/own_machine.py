"""`inspect_machine`: the machine that this process runs on, measured now, or the one that the user reported."""

import threading

from pydantic import BaseModel

from assistant.machine import Report, findings, read_report
from assistant.tailoring.this_machine import described, here
from assistant.tools.model import Context, Found
from assistant.tools.numbering import as_source
from assistant.tools.words import words


class Nothing(BaseModel):
    """The tool takes no arguments."""


def inspect_machine(asked: Nothing, context: Context, cancelled: threading.Event) -> Found:
    """GPUs with their memory, or that there is none, versions, and what is wrong."""
    said = words(context.lang)
    reported = context.case.report if context.case else ""
    if not reported and not context.here:
        return Found(said["machine_unseen"], ok=False)
    report: Report = read_report(reported) if reported else here()
    lines = [described(report, context.lang)]
    lines += [
        f"- {each.title}: {each.detail} {each.fix}"
        for each in findings(report, context.lang)
        if each.severity != "advice"
    ]
    source = as_source(
        "doctor:report" if reported else "doctor:here",
        said["machine_reported" if reported else "machine_here"],
        "\n".join(lines),
        context,
    )
    return Found(f"[{source.n}] {source.title}\n{source.text}", (source,))
