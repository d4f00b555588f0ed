"""Matches a case against the corpus and weighs the evidence for each cause."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from assistant.case import Case
from assistant.diagnosis.continuity import NEW_ERROR, leans_on_before, link, only_states_facts
from assistant.diagnosis.model import Diagnosis, PointMatch, Reason
from assistant.diagnosis.patterns import Patterns, captures, span
from assistant.reading import Reading
from corpus import Entry, Point, Signature
from corpus.conditions import Facts, holds

_REMEMBERED, _FADED = 4, 0.1
_OWN_SIGNATURE, _OWN_EVIDENCE = 0.5, 2.0
_ELSEWHERE = 0.8
"""How much a signature counts that is found, but not in the message of the exception that matters."""


def diagnose(case: Case, patterns: Patterns) -> tuple[Diagnosis, ...]:
    """All entries that the case gives a sign of, best first: by signature strength, then support.

    Earlier messages of the conversation count as far as the last one goes on with them, less the
    further back they are.
    """
    told = len(case.turns) > 1 and only_states_facts(case.reading)  # it is no subject of its own
    found = {} if told else _diagnoses(case, case.reading, patterns)
    share = link(case.reading, case.turns[:-1])
    if not leans_on_before(case.reading) and any(_speaks_for_itself(each) for each in found.values()):
        share = min(share, NEW_ERROR)
    weight = share
    for reading in reversed(case.turns[:-1][-_REMEMBERED:]):
        if weight < _FADED:
            break
        for entry_id, before in _diagnoses(case, reading, patterns).items():
            now = found.get(entry_id)
            found[entry_id] = _joined(now, before, weight) if now else _faded(before, weight)
        weight *= share
    return tuple(sorted(found.values(), key=lambda each: (-each.signature, -each.support, each.entry.id)))


def _speaks_for_itself(found: Diagnosis) -> bool:
    return found.signature >= _OWN_SIGNATURE or found.found >= _OWN_EVIDENCE


def _diagnoses(case: Case, reading: Reading, patterns: Patterns) -> dict[str, Diagnosis]:
    parts = parts_of(reading)
    matched = patterns.matches(parts)
    main = f"{reading.main.name}: {reading.main.message}" if reading.main else ""
    touched = {entry.id: entry for pair in matched for entry in patterns.owners[pair]}
    found = (_diagnosis(entry, parts, matched, case.facts, main) for entry in touched.values())
    return {each.entry.id: each for each in found if each}


def _faded(before: Diagnosis, weight: float) -> Diagnosis:
    points = tuple(
        replace(match, support=match.support * weight, found=match.found * weight) for match in before.points
    )
    return replace(
        before, points=points, signature=before.signature * weight, cues=round(before.cues * weight)
    )


def _joined(now: Diagnosis, before: Diagnosis, weight: float) -> Diagnosis:
    """What the last message and an earlier one say together of an entry."""
    old = {match.point.id: match for match in before.points}
    points = [
        PointMatch(
            match.point,
            match.support + weight * old[match.point.id].support,
            match.found + weight * old[match.point.id].found,
            match.reasons or old[match.point.id].reasons,
        )
        for match in now.points
    ]
    return Diagnosis(
        entry=now.entry,
        points=tuple(sorted(points, key=lambda each: -(each.support + each.point.prior))),
        signature=max(now.signature, weight * before.signature),
        cues=max(now.cues, round(before.cues * weight)),
        captures={**before.captures, **now.captures},
    )


def parts_of(reading: Reading) -> Mapping[str, str]:
    """The parts of a reading that patterns are searched in, by the names of corpus/FORMAT.md."""
    message = "\n".join(f"{each.type}: {each.message}" for each in reading.exceptions if each.type)
    frames = "\n".join(
        f"{frame.file}, line {frame.line}, in {frame.function}\n    {frame.code}"
        for each in reading.exceptions
        for frame in each.frames
    )
    return {
        "text": reading.text,
        "message": message,
        "frames": frames,
        "prose": reading.prose,
        "config": reading.config,
    }


def _diagnosis(
    entry: Entry,
    parts: Mapping[str, str],
    matched: frozenset[tuple[str, str]],
    facts: Facts,
    main: str,
) -> Diagnosis | None:
    signature, caught = _signature(entry.signatures, parts, matched, main)
    cues = sum(("text", cue) in matched for cue in entry.cues)
    known: dict[str, str | float | bool] = {**facts, **caught}
    weighed = [_weighed(point, parts, matched, known, caught) for point in entry.points]
    if not signature and not cues and all(each.found <= 0 for each in weighed):
        return None
    # a stable sort: among equals the usual cause, which stands first in the entry, comes first
    points = sorted(weighed, key=lambda each: -(each.support + each.point.prior))
    return Diagnosis(entry, tuple(points), signature, cues, caught)


def _signature(
    signatures: Sequence[Signature],
    parts: Mapping[str, str],
    matched: frozenset[tuple[str, str]],
    main: str,
) -> tuple[float, dict[str, str]]:
    """The strength of the best signature, and what all that match captured."""
    best = 0.0
    caught: dict[str, str] = {}
    for signature in signatures:
        if (signature.where, signature.pattern) not in matched:
            continue
        if signature.unless and ("text", signature.unless) in matched:
            continue
        in_main = bool(main) and span(signature.pattern, main) is not None
        best = max(best, signature.weight * (1.0 if in_main or not main else _ELSEWHERE))
        for name, value in captures(signature.pattern, main if in_main else parts[signature.where]).items():
            caught.setdefault(name, value)
    return best, caught


def _weighed(
    point: Point,
    parts: Mapping[str, str],
    matched: frozenset[tuple[str, str]],
    facts: Facts,
    caught: dict[str, str],
) -> PointMatch:
    """A point with the evidence that holds for it; what the evidence captures is added to `caught`."""
    support = found = 0.0
    reasons = []
    for item in point.evidence:
        if item.find and (item.where, item.find) not in matched:
            continue
        own = captures(item.find, parts[item.where]) if item.find and "(?P<" in item.find else {}
        if item.condition and not holds(item.condition, {**facts, **own}):
            continue
        support += item.weight
        found += item.weight if item.find or item.weight < 0 else 0.0
        for name, value in own.items():
            caught.setdefault(name, value)
        if item.says["en"] and item.weight > 0:
            reasons.append(Reason(item.says, item.weight))
    return PointMatch(point, support, found, tuple(sorted(reasons, key=lambda reason: -reason.weight)))
