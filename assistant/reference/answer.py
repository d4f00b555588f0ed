"""Answers a question on an API, for the versions that the user states, else for those installed.

    answer = answer_api(case, cache_folder())

Precision first: None for everything that is not clearly such a question, names nothing that is known, or
speaks of trouble that the corpus may explain.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from assistant.case import Case
from assistant.reference.asking import Asked, asked
from assistant.reference.auto import row_of, task_rows, write_auto, write_model_types
from assistant.reference.describing import (
    write_default,
    write_import,
    write_meaning,
    write_methods,
    write_parameters,
    write_values,
)
from assistant.reference.draft import Draft
from assistant.reference.model import ApiAnswer, Record
from assistant.reference.renaming import write_change, write_existence
from assistant.reference.store import Reference, reference
from assistant.reference.subjects import Subject, subjects
from assistant.reference.versions import Version, version_for
from assistant.settings import cache_folder

_ADVISES = frozenset({"renamed", "since", "imports", "auto"})
"""Kinds that may be asked with words of advice ("how do I replace …")."""
_REASONS = frozenset({"renamed", "since"})
"""Kinds that may be asked with words of reasons ("why was … removed")."""
_WHOLE = frozenset({"parameters", "methods", "imports"})
"""Kinds that are asked of a class or function, not of an argument."""
_TASKS = 3
_UNSURE, _TROUBLED, _SECOND = 0.8, 0.5, 0.9


def answer_api(case: Case, lang: str | None = None, cache: Path | None = None) -> ApiAnswer | None:
    """The answer to the last message of a case; None where it is no question on an API, or the answer is
    not known. `lang` is the case's if left out, `cache` the folder that `prepare` made the reference in.
    Takes some milliseconds; imports none of the libraries."""
    question = asked(case.reading)
    if question is None:
        return None
    known = reference(cache or cache_folder())
    found = subjects(question, known)
    for kind, weight in question.kinds:
        if (question.advice and kind not in _ADVISES) or (question.reasons and kind not in _REASONS):
            continue
        if (question.trouble or not known.ready) and kind not in _REASONS:
            continue
        if question.trouble and not any(each.change for each in found[:1]):
            continue
        draft = Draft(lang or case.lang)
        answered = _write(kind, draft, question, found, case, known)
        if answered:
            sure = weight * answered * (_TROUBLED if question.trouble else 1.0)
            return draft.done(kind, sure, _topic(kind, found))
    return None


def _write(
    kind: str, draft: Draft, question: Asked, found: Sequence[Subject], case: Case, known: Reference
) -> float:
    """Writes the answer to one kind of question; how sure it is of the names, 0 where it wrote none."""
    if kind == "auto":
        return _auto(draft, question, found, case, known)
    if (question.advice or question.reasons) and len(found) > 1:
        return 0.0
    if kind in _WHOLE and any(each.parameter for each in found):
        return 0.0
    if kind == "exists" and len(question.names) < 2:
        return 0.0
    for place, subject in enumerate(found[:2]):
        version = _version(subject, case)
        if version and _one(kind, draft, subject, version, known):
            return (1.0 if subject.sure else _UNSURE) * (1.0 if place == 0 else _SECOND)
    return 0.0


def _one(kind: str, draft: Draft, subject: Subject, version: Version, known: Reference) -> bool:
    record = subject.record
    if kind in ("renamed", "since"):
        if subject.change is not None:
            write_change(draft, subject, subject.change, version, known)
            return True
        return write_existence(draft, subject, version, known)
    if kind == "exists":
        asked_of = subject.parameter is not None or bool(subject.past)
        if asked_of and subject.change is not None:
            write_change(draft, subject, subject.change, version, known)
        return asked_of and (subject.change is not None or write_existence(draft, subject, version, known))
    if kind == "default":
        return write_default(draft, subject, version, known)
    if kind == "values":
        return write_values(draft, subject, version, known)
    if kind == "meaning":
        if subject.change is not None and subject.record is None:
            write_change(draft, subject, subject.change, version, known)
            return True
        return write_meaning(draft, subject, version, known)
    if record is None or subject.parameter is not None:
        return False
    if kind == "parameters":
        return write_parameters(draft, record, version, known)
    if kind == "methods":
        return write_methods(draft, record, version, known)
    return kind == "imports" and write_import(draft, record, version)


def _auto(draft: Draft, question: Asked, found: Sequence[Subject], case: Case, known: Reference) -> float:
    version = version_for("transformers", case)
    if version is None:
        return 0.0
    classes = [
        each.record
        for each in found
        if each.record and each.record.name.startswith("AutoModel") and each.parameter is None
    ]
    rows = list(task_rows(question.text))[:_TASKS]
    named = row_of(classes[0].name) if len(classes) == 1 and classes[0].name != "AutoModel" else None
    if len(classes) > 1 or not (classes or _speaks_of_classes(question.text)):
        return 0.0
    if named is not None and (not rows or named in rows):
        rows = [named]
    if not rows:
        return 0.8 if write_model_types(draft, question.text, version, known) else 0.0
    return 1.0 if all(write_auto(draft, row, question.text, version, known) for row in rows) else 0.0


def _speaks_of_classes(text: str) -> bool:
    """Whether a message that names a task but no class asks for a class."""
    return bool(re.search(r"\bauto|\bclass(?:es)?\b|类", text, re.IGNORECASE))


def _version(subject: Subject, case: Case) -> Version | None:
    return version_for(_library(subject), case)


def _library(subject: Subject) -> str:
    if subject.change is not None:
        return subject.change.library
    if subject.parameter is not None and subject.parameter.owner:
        return subject.parameter.owner.partition(".")[0]
    record: Record | None = subject.record
    return record.package if record else subject.past.partition(".")[0]


def _topic(kind: str, found: Sequence[Subject]) -> str | None:
    """The corpus's topic that the question belongs to, where it is one of four."""
    if kind == "auto":
        return "D.1"
    subject = found[0] if found else None
    if subject is None:
        return None
    if kind in ("renamed", "since") and subject.change is not None:
        return "removed-argument" if subject.change.kind == "argument" else None
    path = subject.record.path if subject.record else subject.past
    topics = {
        "TrainingArguments": "D.2",
        "GenerationConfig": "D.3",
        "generate": "D.3",
        "Config": "D.4" if path.startswith("peft.") else "",
    }
    return next((topic for end, topic in topics.items() if path.endswith(end) and topic), None)
