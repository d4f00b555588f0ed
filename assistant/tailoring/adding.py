"""Puts the parts that a case's own facts give into an answer, numbered and cited like its other parts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.answering import Answer, Basis, Citation, Part, Statement, sources_text
from assistant.case import Case
from assistant.reading.model import Fact
from assistant.tailoring.model import Said, Section
from assistant.tailoring.signs import asks_about_this_machine, is_about_memory, may_hold_settings
from assistant.tailoring.words import texts
from corpus import Corpus
from corpus.conditions import gib

if TYPE_CHECKING:
    from assistant.memory import Plan

_BEFORE = ("fix", "also", "others", "more", "versions", "sources")
"""Parts that what is the user's own stands before."""
_ROOM = 1_300
"""Characters of an answer beside which there is room for the check behind a message."""
_ASKED = 3
"""Words beside a report that make a question."""


def tailored(
    answer: Answer,
    case: Case,
    captures: Mapping[str, Fact],
    corpus: Corpus,
    *,
    here: bool = True,
    cache: Path | None = None,
) -> Answer:
    """The answer with what bears on it. `captures` are what the diagnosis caught in the text; `here` says that
    this process runs on the user's machine, so that questions about it can be measured; `cache` is where the index
    of the installed libraries' messages lies, None for without. An abstention becomes an answer where something is
    wrong with a report or configuration that was pasted, or where the check that raised a message is known; what is
    wrong with a machine is the whole answer where its report was pasted without a question."""
    if not case.reading.text.strip():
        return answer
    facts, words = {**case.facts, **_in_gib(captures)}, case.reading.prose
    run, plan = _planned(answer, case, facts)
    asked = case.reading.kind == "question" and asks_about_this_machine(words)
    found = [run, _checked(case), _inspected(answer, case, corpus, here=asked and here)]
    raised = _raised(answer, case, cache) if not any(found) else None
    found.append(raised)
    sections = [each for each in found if each]
    if not sections:
        return _unseen(answer, case.lang) if asked and not here and answer.abstained else answer
    if answer.abstained or _is_whole(answer, case, sections):
        answer = replace(answer, topic=None, parts=(), citations=(), statements=(), entry="", point="")
    return _with(answer, sections, plan if run else None, corpus)


def _planned(answer: Answer, case: Case, facts: Mapping[str, Fact]) -> "tuple[Section | None, Plan | None]":
    if not is_about_memory(answer.topic, facts, case.reading.prose):
        return None, None
    if answer.abstained and case.reading.kind != "question":
        return None, None
    from assistant.tailoring.run_plan import plan_section

    return plan_section(case, facts)


def _checked(case: Case) -> Section | None:
    if not may_hold_settings(case.reading):
        return None
    from assistant.tailoring.pasted_config import config_section

    return config_section(case)


def _inspected(answer: Answer, case: Case, corpus: Corpus, *, here: bool) -> Section | None:
    if here:
        from assistant.tailoring.this_machine import here_section

        return here_section(case.lang)
    if not case.report:
        return None
    from assistant.tailoring.pasted_report import report_section

    return report_section(case, answer, corpus)


def _raised(answer: Answer, case: Case, cache: Path | None) -> Section | None:
    """The check behind a message: alone where nothing explains it, else as far as there is room."""
    said = case.reading.main is not None or (answer.abstained and bool(case.reading.events))
    if cache is None or not said or (not answer.abstained and len(answer.markdown) > _ROOM):
        return None
    from assistant.tailoring.raised import raised_section

    return raised_section(case, cache, alone=answer.abstained)


def _in_gib(captures: Mapping[str, Fact]) -> Mapping[str, Fact]:
    """Captures with sizes as numbers of GiB."""
    found: dict[str, Fact] = dict(captures)
    for name, text in captures.items():
        if name.endswith("_gib") and isinstance(text, str) and (size := gib(text)) is not None:
            found[name] = size
    return found


def _unseen(answer: Answer, lang: str) -> Answer:
    """That the user's machine cannot be seen from a server, and what can be done."""
    return replace(answer, parts=(Part("abstention", texts(lang)["not_here"]),))


def _is_whole(answer: Answer, case: Case, sections: Sequence[Section]) -> bool:
    wrong = any(section.kind == "machine" for section in sections)
    asked = len(case.reading.prose.split()) >= _ASKED or (case.lang == "zh" and len(case.reading.prose) > 4)
    return wrong and case.reading.kind == "report" and answer.basis != "signature" and not asked


def _with(answer: Answer, sections: Sequence[Section], plan: "Plan | None", corpus: Corpus) -> Answer:
    citations, own, parts = list(answer.citations), [], []
    for section in sections:
        lines = []
        for each in section.said:
            citations.append(_citation(len(citations) + 1, each, corpus))
            own.append(Statement(len(citations), each.title, each.why, each.fix))
            lines.append(f"{each.text} [{len(citations)}]" + (f"\n\n{each.code}" if each.code else ""))
        parts.append(Part(section.kind, "\n\n".join(filter(None, [section.heading, *lines, section.end]))))
    old = [part for part in answer.parts if part.kind != "sources"]
    explained = answer.basis == "signature" or any(part.kind == "happened" for part in old)
    place = next((n for n, part in enumerate(old) if part.kind in _BEFORE), len(old)) if explained else 0
    if sections[0].kind == "raised":
        place = len(old)
    return replace(
        answer,
        topic=answer.topic or _topic(sections, corpus),
        abstained=False,
        basis=_basis(answer, sections, corpus),
        parts=(*old[:place], *parts, *old[place:], Part("sources", sources_text(citations, answer.lang))),
        citations=tuple(citations),
        statements=(*answer.statements[:1], *own, *answer.statements[1:]),
        plan=plan,
    )


def _basis(answer: Answer, sections: Sequence[Section], corpus: Corpus) -> Basis:
    """What an answer stands on that was none before: an entry, or what the installed libraries say."""
    if answer.basis != "none":
        return answer.basis
    return "retrieval" if _topic(sections, corpus) and sections[0].kind != "raised" else "source"


def _citation(n: int, said: Said, corpus: Corpus) -> Citation:
    entry = corpus.by_id.get(said.entry)
    return Citation(
        n=n,
        passage=said.passage,
        text="\n\n".join(filter(None, [said.title, *said.why, *said.fix])),
        section=entry.section if entry else "",
        title=said.title,
        source=said.source or (next(iter(entry.sources.values()), "") if entry else ""),
    )


def _topic(sections: Sequence[Section], corpus: Corpus) -> str | None:
    """The topic of what weighs most, where a paste has no other."""
    return next(_topics(sections, corpus), None)


def _topics(sections: Sequence[Section], corpus: Corpus) -> Iterator[str]:
    for section in sections:
        for each in section.said:
            if each.entry in corpus.by_id:
                yield corpus.by_id[each.entry].topic
