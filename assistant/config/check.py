"""The way of one file: text → settings → rules → findings with their diffs."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from assistant.config import stated, words
from assistant.config.diffs import unified_diff
from assistant.config.edits import Edit
from assistant.config.memory import Memory, by_planner
from assistant.config.opened import MAX_SIZE, Opened, opened
from assistant.config.report import SEVERITIES, Facts, Finding, Report, Severity
from assistant.config.rules.rule import Hit, checks
from assistant.config.source.notebook import notebook_edits, place
from assistant.errors import UserError

MAX_FINDINGS = 200
"""More than that nobody reads; a file made to have them must not keep the checker busy."""


def check_text(
    text: str,
    name: str = "",
    facts: Facts | None = None,
    lang: str = "en",
    memory: Memory | None = by_planner,
) -> Report:
    """Checks a configuration or training script without running any of it.

    `name` is the file's name, used for the diffs and, by its ending, to tell what it is; a paste needs
    none, and may be Markdown with code blocks. `lang` is "en" or "zh". `memory` answers whether a run
    fits the GPU of `facts`; None leaves that out.

    Raises UserError (code 2) for what cannot be read as any kind of file that is checked here.
    """
    facts = facts or Facts()
    file = opened(text, name, facts, memory)
    hits = [*file.faults, *islice(checks(file.context), MAX_FINDINGS)]
    findings = list(_findings(hits, file, text, name or _default_name(file.context.kind), lang))
    findings.sort(key=lambda finding: (SEVERITIES.index(finding.severity), finding.line, finding.rule))
    edits = _together(file, hits)
    return Report(
        file=name,
        kind=file.context.kind,
        findings=tuple(findings),
        versions={p: file.context.version(p) for p in ("transformers", "trl", "peft", "accelerate")},
        patch=unified_diff(name or _default_name(file.context.kind), text, edits),
    )


def read_rows(text: str, name: str = "", facts: Facts | None = None) -> set[str]:
    """The rows of the rules' tables that apply to a text: finer than the ids that people see."""
    file = opened(text, name, facts or Facts(), by_planner)
    return {hit.rule for hit in (*file.faults, *checks(file.context))}


def check_file(path: Path, facts: Facts | None = None, lang: str = "en") -> Report:
    """The same for a file; versions pinned in a requirements.txt beside it count as stated.

    Raises UserError (code 2) for a folder, a missing, empty, binary or too large file."""
    what = f"`{path}`"
    if path.is_dir():
        raise UserError(f"{what} is a folder: name the file to check.")
    if not path.exists():
        raise UserError(f"{what} does not exist.")
    if path.stat().st_size > MAX_SIZE:
        raise UserError(
            f"{what} is larger than {MAX_SIZE >> 20} MB, so it is no configuration or script to check."
        )
    try:
        with path.open(encoding="utf-8", newline="") as stream:  # line breaks as they are, for the diff
            text = stream.read()
    except UnicodeDecodeError:
        raise UserError(f"{what} is not text in UTF-8, so it cannot be checked.") from None
    facts = facts or Facts()
    beside = stated.beside(path)
    return check_text(text, str(path), replace(facts, versions={**beside, **facts.versions}), lang)


def _default_name(kind: str) -> str:
    return {"python": "script.py", "notebook": "notebook.ipynb"}.get(
        kind, "config.json" if kind in ("deepspeed", "file.adapter", "file.generation") else "config.yaml"
    )


def _findings(hits: Sequence[Hit], file: Opened, text: str, name: str, lang: str) -> Iterable[Finding]:
    seen: set[tuple[str, int, str]] = set()
    for hit in hits:
        message, fix = words.sentences(hit.rule, hit.words, lang)
        key = (words.rule_id(hit.rule), hit.at.start, message)
        if key in seen:
            continue
        seen.add(key)
        line, cell, cell_line = _place(file, text, hit.at.start)
        edits = notebook_edits(file.notebook, hit.edits) if file.notebook else hit.edits
        yield Finding(
            rule=key[0],
            severity=_severity(hit),
            line=line,
            message=message,
            fix=fix,
            diff=unified_diff(name, text, edits),
            source=words.source(hit.rule),
            cell=cell,
            cell_line=cell_line,
        )


def _place(file: Opened, text: str, offset: int) -> tuple[int, int | None, int | None]:
    if file.notebook is None:
        return file.context.text.line(offset), None, None
    cell, cell_line, raw = place(file.notebook, offset)
    return len(re.findall(r"\r\n?|\n", text[:raw])) + 1, cell, cell_line


def _severity(hit: Hit) -> Severity:
    found = hit.severity or words.severity(hit.rule)
    return "warning" if found == "error" and not hit.sure else found


def _together(file: Opened, hits: Sequence[Hit]) -> list[Edit]:
    """The changes of all findings that do not touch each other, worst findings first."""
    taken: list[Edit] = []
    order = sorted(hits, key=lambda hit: SEVERITIES.index(_severity(hit)))
    for hit in order:
        if _severity(hit) == "advice" or any(_clash(edit, other) for edit in hit.edits for other in taken):
            continue
        taken += hit.edits
    return notebook_edits(file.notebook, taken) if file.notebook else taken


def _clash(one: Edit, other: Edit) -> bool:
    """Whether two changes overlap; two insertions at one place do not."""
    if one.span == other.span:
        return one.span.start != one.span.end
    return one.span.start < other.span.end and other.span.start < one.span.end
