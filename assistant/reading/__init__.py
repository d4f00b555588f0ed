"""Step 1: what the user pasted → a Reading. `read()` is the one public entry; it never fails.

Whatever the text (binary, hostile, 5 MB of log), reading takes linear time: the text is cleaned
line by line, a large one is narrowed to the lines that matter, and only those are parsed.
"""

from assistant.reading.clean import clean
from assistant.reading.facts import find_facts
from assistant.reading.focus import focus
from assistant.reading.kinds import kind_of
from assistant.reading.language import language_of
from assistant.reading.lines import sort_lines
from assistant.reading.model import ExceptionInfo, Frame, LogEvent, Reading
from assistant.reading.secrets import without_secrets
from assistant.reading.settings import find_settings
from assistant.reading.tracebacks import find_exceptions, main_exception
from assistant.reading.versions import find_versions

__all__ = ["ExceptionInfo", "Frame", "LogEvent", "Reading", "read"]


def read(text: str | bytes) -> Reading:
    """Reads one paste or question.

    Bytes are decoded as UTF-8 (what is not UTF-8 is replaced). The result's `text` is the cleaned
    and, for a large paste, narrowed text that all later steps look at.
    """
    cleaned = clean(text)
    narrowed = without_secrets(focus(cleaned))
    sorted_lines = sort_lines(narrowed)
    exceptions = find_exceptions(narrowed)
    main = main_exception(exceptions)
    settings = find_settings(sorted_lines.config)
    versions = find_versions(narrowed)
    prose = "\n".join(sorted_lines.prose)
    kind = kind_of(narrowed, sorted_lines, exceptions, settings)
    return Reading(
        text=narrowed,
        prose=prose,
        config="\n".join(sorted_lines.config),
        kind=kind,
        lang=language_of(prose, narrowed),
        exceptions=exceptions,
        main=main,
        events=sorted_lines.events,
        settings=settings,
        versions=versions,
        facts=find_facts(narrowed, prose, main, settings),
        length=len(cleaned),
        narrowed=len(narrowed) < len(cleaned),
    )
