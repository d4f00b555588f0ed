"""What is looked up for a paste: the user's own words and the message of the error that matters."""

from collections.abc import Sequence

from assistant.reading import Reading

_WORDS, _MESSAGE, _EVENTS, _REST = 700, 400, 300, 500


def query_of(reading: Reading, earlier: Sequence[Reading] = ()) -> str:
    """The text to search for. A short follow-up is looked up together with the message before it."""
    parts = [reading.prose[:_WORDS]]
    if reading.main and reading.main.type:
        parts.append(f"{reading.main.name}: {reading.main.message[:_MESSAGE]}")
    elif reading.events:
        errors = [event.text for event in reading.events if event.level == "error"]
        parts.append((errors or [event.text for event in reading.events])[-1][:_EVENTS])
    if reading.config and len(reading.prose) < _WORDS:
        parts.append(reading.config[:_REST])
    query = "\n".join(part for part in parts if part.strip())
    if not query.strip():
        query = reading.text[-_REST:]
    if earlier and len(query) < 120:
        query = f"{query}\n{query_of(earlier[-1])[:_MESSAGE]}"
    return query
