"""What decides without weighing: citations to what is not given, names and numbers that nothing gives."""

import re
from collections.abc import Iterable

from assistant.grounding import names, quantities
from assistant.grounding.evidence import Evidence
from assistant.grounding.features import given
from assistant.grounding.quantities import Quantity
from assistant.grounding.structure import Sentence, Word

Fault = tuple[str, str]  # key of texts.toml, what it concerns


def fault(sentence: Sentence, evidence: Evidence) -> Fault | None:
    """The first fault that decides, or None."""
    return (
        _citation(sentence, evidence)
        or _name(sentence, evidence)
        or other_value(sentence, evidence)
        or _expression(sentence, evidence)
        or _number(sentence, evidence)
    )


def _citation(sentence: Sentence, evidence: Evidence) -> Fault | None:
    for cited in sentence.tokens.cited:
        if not 1 <= cited <= evidence.count:
            return "citation", f"[{cited}]"
    return None


def _passages(sentence: Sentence, evidence: Evidence) -> list[int]:
    cited = [number for number in sentence.tokens.cited if 1 <= number <= evidence.count]
    return cited or list(range(1, evidence.count + 1))


def _name(sentence: Sentence, evidence: Evidence) -> Fault | None:
    everywhere = frozenset().union(*evidence.names, evidence.known)
    inside = frozenset().union(
        *(evidence.names[n - 1] for n in _passages(sentence, evidence)), evidence.known
    )
    for word in sentence.words:
        if word.token.kind != "name" or not word.token.code:
            continue
        if not given(word, everywhere) and not _says_number(word, evidence):
            return "name", word.token.text
        if sentence.tokens.cited and not given(word, inside) and not _says_number(word, evidence):
            return "name_cited", word.token.text
    return None


def _says_number(word: Word, evidence: Evidence) -> bool:
    quantity = word.token.quantity
    return quantity is not None and any(_in(quantity, numbers) for numbers in evidence.numbers)


def other_value(sentence: Sentence, evidence: Evidence) -> Fault | None:
    """`name=value` where the evidence gives the name another value, and never this one."""
    pairs = [pair for n in _passages(sentence, evidence) for pair in evidence.assigns[n - 1]]
    for name, value, written in sentence.tokens.assigns:
        last = name.rsplit(".", 1)[-1]
        values = [other for key, other, _ in pairs if key.rsplit(".", 1)[-1] == last]
        if values and value not in values and not any(value in other or other in value for other in values):
            return "argument", written
    return None


_BINARY = re.compile(r"^\s*([\w.()]+)\s*([/<>-])\s*([\w.()]+)\s*$")


def _expression(sentence: Sentence, evidence: Evidence) -> Fault | None:
    """`a/b` where the evidence has `b/a` only."""
    given = {names.key(span) for passage in evidence.sentences for span in passage.tokens.spans}
    for span in sentence.tokens.spans:
        parts = _BINARY.match(span)
        if parts and names.key(span) not in given and names.key(f"{parts[3]}{parts[2]}{parts[1]}") in given:
            return "argument", span
    return None


def _number(sentence: Sentence, evidence: Evidence) -> Fault | None:
    inside = [q for n in _passages(sentence, evidence) for q in evidence.numbers[n - 1]]
    own = [
        word.token.quantity for word in sentence.words if word.token.kind == "number" and word.token.quantity
    ]
    for quantity in own:
        if quantity.spoken or _in(quantity, inside) or _in(quantity, evidence.known_numbers):
            continue
        if _other_unit(quantity, [*inside, *evidence.known_numbers]):
            return "number", f"{quantity.key} {quantity.unit}"
        others = [
            q.value
            for q in [*inside, *evidence.known_numbers, *own]
            if q is not quantity and q.value is not None
        ]
        if quantity.value is None or not _derived(quantity.value, others):
            return "number", quantity.key + (f" {quantity.unit}" if quantity.unit else "")
    return None


def _other_unit(quantity: Quantity, given: Iterable[Quantity]) -> bool:
    """Whether the evidence has this very number, but of something else: 10 minutes, not 10 hours."""
    found = [q for q in given if q.value == quantity.value and not q.spoken]
    return quantity.unit in quantities.MEASURES and any(q.unit in quantities.MEASURES for q in found)


def _derived(value: float, others: list[float]) -> bool:
    """Whether a number is a product, quotient, sum or difference of two others, or a product of three;
    counted out is still given."""
    few = list(dict.fromkeys(others))[:40]
    for at, one in enumerate(few):
        for two in few[at:]:
            if any(_close(value, made) for made in _made(one, two)):
                return True
    return any(
        _close(value, one * two * three)
        for at, one in enumerate(few)
        for two in few[at:]
        for three in few
        if three > 1
    )


def _made(one: float, two: float) -> tuple[float, ...]:
    quotients = (one / two, two / one) if one and two else ()
    return (one * two, abs(one - two), one + two, *quotients)


def _close(value: float, made: float) -> bool:
    return abs(value - made) <= 0.004 * abs(value)


def _in(quantity: Quantity, numbers: Iterable[Quantity]) -> bool:
    return any(quantities.same(quantity, other) for other in numbers)
