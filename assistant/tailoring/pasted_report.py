"""What is wrong with a machine whose report was pasted or measured."""

from functools import lru_cache

from assistant.answering import Answer
from assistant.case import Case
from assistant.machine import Finding, findings, read_report
from assistant.tailoring.model import Said, Section
from assistant.tailoring.words import texts
from corpus import Corpus

_MOST = 3


def report_section(case: Case, answer: Answer, corpus: Corpus) -> Section | None:
    """The findings of a report that is the last message, or that belongs to the machine in question, errors
    and warnings, worst first. What the answer says already is left out."""
    text = case.report
    if not text:
        return None
    found = [
        each
        for each in _found(text, case.lang)
        if each.severity != "advice" and not (answer.entry and each.entry == answer.entry)
    ]
    if case.reading.kind != "report":  # beside another question only what is about its subject
        found = [each for each in found if each.severity == "error" and _about(each, answer, corpus)]
    if not found:
        return None
    words = texts(case.lang)
    left = len(found) - _MOST
    return Section(
        "machine",
        words["machine"],
        tuple(said_of(each, case.lang) for each in found[:_MOST]),
        words["more_machine"].format(count=left) if left > 0 else "",
    )


@lru_cache(maxsize=32)
def _found(text: str, lang: str) -> tuple[Finding, ...]:
    return findings(read_report(text), lang)


def _about(finding: Finding, answer: Answer, corpus: Corpus) -> bool:
    entry = corpus.by_id.get(finding.entry or "")
    return entry is not None and entry.topic == answer.topic


def said_of(finding: Finding, lang: str) -> Said:
    """A finding as a part of an answer says it."""
    words = texts(lang)
    space = "" if lang == "zh" else " "
    fix = words["first_fix"].format(fix=finding.fix)
    title = finding.title.rstrip(".。")
    end = "。" if lang == "zh" else "."
    return Said(
        passage=f"doctor:{finding.id}",
        title=title,
        text=f"- **{title}**{end}{space}{finding.detail}{space}{fix}",
        why=(finding.detail,),
        fix=(finding.fix,),
        entry=finding.entry or "",
    )
