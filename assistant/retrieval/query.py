"""What is looked up for a paste: the user's own words and the message of the error that matters."""

from assistant.case import Case
from assistant.diagnosis.continuity import GOES_ON, leans_on_before, link, only_states_facts
from assistant.reading import Reading
from assistant.reading.domain import domain_signs

_WORDS, _MESSAGE, _EVENTS, _REST, _SHORT = 700, 400, 300, 500, 120


def query_of(case: Case) -> str:
    """The text to search for. A short follow-up that cannot stand alone is looked up together with the
    message before it."""
    earlier = case.turns[:-1]
    if earlier and only_states_facts(case.reading):
        return _own_query(earlier[-1])
    query = _own_query(case.reading)
    goes_on = link(case.reading, earlier) >= GOES_ON
    if len(query) < _SHORT and goes_on and (leans_on_before(case.reading) or not any(domain_signs(query))):
        query = f"{query}\n{_own_query(earlier[-1])[:_MESSAGE]}"
    return query


def _own_query(reading: Reading) -> str:
    parts = [reading.prose[:_WORDS]]
    if reading.main and reading.main.type:
        parts.append(f"{reading.main.name}: {reading.main.message[:_MESSAGE]}")
    elif reading.events:
        errors = [event.text for event in reading.events if event.level == "error"]
        parts.append((errors or [event.text for event in reading.events])[-1][:_EVENTS])
    if reading.config and len(reading.prose) < _WORDS:
        parts.append(reading.config[:_REST])
    query = "\n".join(part for part in parts if part.strip())
    return query if query.strip() else reading.text[-_REST:]
