"""What is wrong with a configuration or script that was pasted."""

from functools import lru_cache

from assistant.case import Case
from assistant.config import Finding, Report, check_text, from_case, kind_of
from assistant.errors import UserError
from assistant.tailoring.model import Said, Section
from assistant.tailoring.words import texts

_MOST = 3
_SCRIPTS = ("python", "notebook")


def config_section(case: Case) -> Section | None:
    """The findings of the last message, errors and warnings, worst first; None where it holds no settings
    that are checked, or they are right."""
    report = _checked(case.reading.text, _frozen(case), case.lang)
    found = [each for each in report.findings if each.severity != "advice"] if report else []
    if not report or not found:
        return None
    words = texts(case.lang)
    left = len(found) - _MOST
    return Section(
        "config",
        words["script" if report.kind in _SCRIPTS else "config"],
        tuple(_said(each, case.lang) for each in found[:_MOST]),
        words["more"].format(count=left) if left > 0 else "",
    )


_Frozen = tuple[tuple[str, object], ...]


def _frozen(case: Case) -> _Frozen:
    names = ("gpu", "vram_gib", "gpu_count", "compute_capability")
    versions = ("transformers", "trl", "peft", "accelerate", "datasets", "bitsandbytes", "torch")
    return tuple((name, case.facts[name]) for name in (*names, *versions) if name in case.facts)


@lru_cache(maxsize=64)
def _checked(text: str, facts: _Frozen, lang: str) -> Report | None:
    if kind_of(text) is None:
        return None
    try:
        return check_text(text, facts=from_case(dict(facts)), lang=lang)
    except UserError:
        return None


def _said(finding: Finding, lang: str) -> Said:
    words = texts(lang)
    where = "line" if finding.cell is None else "cell"
    line = finding.line if finding.cell is None else finding.cell_line
    message = words[where].format(line=line, cell=finding.cell, message=finding.message)
    fix = words["first_fix"].format(fix=finding.fix)
    space = "" if lang == "zh" else " "
    rows = [row for row in finding.diff.splitlines()[2:] if row.startswith(("-", "+"))]
    return Said(
        passage=f"check:{finding.rule}",
        title=finding.message.rstrip(".。"),
        text=f"- {message}{space}{fix}",
        why=(finding.message,),
        fix=(finding.fix,),
        code="  ```diff\n" + "\n".join(f"  {row}" for row in rows) + "\n  ```" if rows else "",
        source=finding.source,
    )
