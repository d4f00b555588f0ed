"""The check in the installed libraries that raised a pasted message: where it stands, what it asked, which
values came.
"""

from pathlib import Path

from assistant.case import Case
from assistant.messages import Explanation, Match, explain, find, ready
from assistant.tailoring.model import Said, Section
from assistant.tailoring.words import texts

_MOST_CODE = 14
"""Lines of the check that are shown."""


def raised_section(case: Case, cache: Path, *, alone: bool) -> Section | None:
    """The check behind the error that matters; None where the installed libraries have no such text, or their
    index is not made yet. `alone`: nothing else explains it, so all is said, with the check's own lines; else
    where it stands, what it asked and the values."""
    match = _match(case, cache)
    if match is None or not (match.exact or match.by_frame or alone):
        return None
    said = explain(match, case.lang, case.versions)
    words = texts(case.lang)
    parts = [said.where, said.checked, said.values, *([said.satisfies, said.concerns] if alone else [])]
    if said.version:
        parts.append(said.version)
    space = "\n\n" if alone else ("" if case.lang == "zh" else " ")
    return Section(
        "raised",
        words["raised"],
        (
            Said(
                passage=f"source:{match.site.file}:{match.site.line}",
                title=words["raised_title"].format(
                    file=match.site.file, line=match.site.line, version=match.version
                ),
                text=space.join(part for part in parts if part),
                why=tuple(part for part in (said.where, said.checked, said.values) if part),
                fix=(said.satisfies,) if said.satisfies else (),
                code=_code(said) if alone else "",
            ),
        ),
    )


def _match(case: Case, cache: Path) -> Match | None:
    index = ready(cache)
    if index is None:
        return None
    main = case.reading.main
    if main and main.type:
        found = find(index, main.message, main.type, main.frames, 1)
        return found[0] if found else None
    for event in reversed(case.reading.events[-3:]):
        found = find(index, event.text, None, (), 1)
        if found:
            return found[0]
    return None


def _code(said: Explanation) -> str:
    lines = said.code.splitlines()[:_MOST_CODE]
    return "```python\n" + "\n".join(lines) + "\n```" if lines else ""
