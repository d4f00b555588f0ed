"""Matches a case against the corpus and weighs the evidence for each cause."""

from collections.abc import Iterable, Mapping, Sequence

from assistant.case import Case
from assistant.diagnosis.model import Diagnosis, Reason
from assistant.diagnosis.patterns import Patterns, captures, span
from assistant.reading import Reading
from corpus import Corpus, Entry, Evidence, Signature
from corpus.conditions import Facts, holds

_ELSEWHERE = 0.8
"""How much a signature counts that is found, but not in the message of the exception that matters."""


def diagnose(
    case: Case, corpus: Corpus, patterns: Patterns, reading: Reading | None = None
) -> tuple[Diagnosis, ...]:
    """All entries that a reading (by default the case's last one) gives a sign of, best first.

    Ordered by signature strength, then by support; the pipeline fuses this with retrieval.
    """
    reading = reading or case.reading
    parts = parts_of(reading)
    matched = patterns.matches(parts)
    main = f"{reading.main.name}: {reading.main.message}" if reading.main else ""
    found = (_diagnosis(entry, parts, matched, case.facts, main) for entry in corpus.entries)
    return tuple(
        sorted(
            (each for each in found if each),
            key=lambda each: (-each.signature, -each.support, each.entry.id),
        )
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
    weighed = [(point, *_support(point.evidence, parts, matched, known, caught)) for point in entry.points]
    if not signature and not cues and all(found <= 0 for *_, found in weighed):
        return None
    order = sorted(
        range(len(weighed)), key=lambda number: (-(weighed[number][1] + weighed[number][0].prior), number)
    )
    point, support, reasons, found = weighed[order[0]]
    return Diagnosis(
        entry=entry,
        point=point,
        signature=signature,
        support=support,
        found=found,
        cues=cues,
        captures=caught,
        reasons=tuple(sorted(reasons, key=lambda reason: -reason.weight)),
        points=tuple((weighed[number][0], weighed[number][1]) for number in order),
    )


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


def _support(
    evidence: Iterable[Evidence],
    parts: Mapping[str, str],
    matched: frozenset[tuple[str, str]],
    facts: Facts,
    caught: dict[str, str],
) -> tuple[float, tuple[Reason, ...], float]:
    """The summed weights of the evidence that holds, the reasons worth saying, and the part of the
    sum that comes from patterns (conditions alone say nothing about what the input is about)."""
    total = pattern_total = 0.0
    reasons = []
    for item in evidence:
        if item.find and (item.where, item.find) not in matched:
            continue
        own = captures(item.find, parts[item.where]) if item.find and "(?P<" in item.find else {}
        if item.condition and not holds(item.condition, {**facts, **own}):
            continue
        total += item.weight
        pattern_total += item.weight if item.find else 0.0
        for name, value in own.items():
            caught.setdefault(name, value)
        if item.says["en"] and item.weight > 0:
            reasons.append(Reason(item.says, item.weight))
    return total, tuple(reasons), pattern_total
