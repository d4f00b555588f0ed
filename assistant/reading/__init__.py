"""Step 1: what the user pasted → a Reading. `read()` is the one public entry; it never fails.

Whatever the text (binary, hostile, 5 MB of log), reading takes linear time: the text is cleaned
line by line, a large one is narrowed to the lines that matter, and only those are parsed.
"""

from assistant.reading.clean import clean, clean_lines
from assistant.reading.facts import find_facts
from assistant.reading.focus import LIMIT, focus
from assistant.reading.kinds import holds_report, kind_of
from assistant.reading.language import language_of
from assistant.reading.lines import sort_lines
from assistant.reading.model import ExceptionInfo, Frame, LogEvent, Reading
from assistant.reading.secrets import without_secrets
from assistant.reading.settings import find_settings
from assistant.reading.tracebacks import find_exceptions, main_exception, split_lines
from assistant.reading.unfold import unfold
from assistant.reading.versions import find_versions

__all__ = ["ExceptionInfo", "Frame", "LogEvent", "Reading", "read"]


def read(text: str | bytes) -> Reading:
    """Reads one paste or question.

    Bytes are decoded as UTF-8 (what is not UTF-8 is replaced). The result's `text` is the cleaned
    and, for a large paste, narrowed text that all later steps look at.
    """
    cleaned = clean(text)
    length = len(cleaned)
    focused = focus(cleaned)
    narrowed = len(focused) < length
    shown = without_secrets(unfold(clean_lines(focused)))[:LIMIT]
    split = split_lines(shown)
    exceptions, taken = find_exceptions(split)
    main = main_exception(exceptions)
    sorted_lines = sort_lines(split, taken)
    settings = find_settings(sorted_lines.config, sorted_lines.prose)
    prose = "\n".join(sorted_lines.prose)
    return Reading(
        text=shown,
        prose=prose,
        config="\n".join(sorted_lines.config),
        kind=kind_of(shown, sorted_lines, exceptions, settings),
        lang=language_of(prose, shown),
        exceptions=exceptions,
        main=main,
        events=sorted_lines.events,
        settings=settings,
        versions=find_versions(shown.split("\n")),
        facts=find_facts(shown, sorted_lines, main, settings),
        has_report=holds_report(shown, sorted_lines),
        length=length,
        narrowed=narrowed,
    )
