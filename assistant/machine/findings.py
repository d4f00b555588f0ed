"""What is wrong with a machine: the rows of findings.toml whose conditions hold, worst first."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from assistant.machine.facts import facts
from assistant.machine.gpu_facts import Fact, gpu_facts
from assistant.machine.model import SEVERITIES, Finding, Report, Severity
from assistant.machine.rows import phrase
from corpus.conditions import holds

_PLACEHOLDER = re.compile(r"\{(\w+)(?:\|([^{}]*))?\}")
_UNSAFE = re.compile(r"[`<>*|\\{}\"\x00-\x1f\x7f]+|\s{2,}")
_LONGEST = 240
_OURS = frozenset({"build_needed", "older_wheel_hint"})
"""Facts that are words of ours, with the code in them."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of findings.toml."""

    id: str
    severity: Severity
    condition: str
    each: str
    after: frozenset[str]
    entry: str | None
    title: Mapping[str, str]
    detail: Mapping[str, Sequence[str]]
    fix: Mapping[str, str]


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, most telling first within a severity."""
    rows = tomllib.loads((files("assistant.machine") / "findings.toml").read_text(encoding="utf-8"))
    return tuple(
        Rule(
            row["id"],
            row["severity"],
            row["if"],
            row.get("each", ""),
            frozenset(row.get("after", ())),
            row.get("entry"),
            row["title"],
            row["detail"],
            row["fix"],
        )
        for row in rows["findings"]
    )


def findings(report: Report, lang: str = "en") -> tuple[Finding, ...]:
    """All findings, worst first, in a language ("en" or "zh")."""
    known = facts(report)
    each_gpu = [{**known, **gpu_facts(report, gpu, place)} for place, gpu in enumerate(report.gpus)]
    found: list[Finding] = []
    ids: set[str] = set()
    for severity in SEVERITIES:
        for rule in rules():
            if rule.severity != severity or rule.after & ids:
                continue
            fitting = each_gpu if rule.each == "gpu" else [known]
            holding = [one for one in fitting if holds(rule.condition, one)]
            if holding:
                ids.add(rule.id)
                found.append(_finding(rule, holding, lang))
    return tuple(found)


def ranked(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings worst first; what was first stays first among equals."""
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


def _finding(rule: Rule, holding: Sequence[Mapping[str, Fact]], lang: str) -> Finding:
    one = dict(holding[0])
    if rule.each == "gpu" and len(holding) > 1:
        one["gpu_index"] = ", ".join(shown(each["gpu_index"]) for each in holding if "gpu_index" in each)
    if "hub_why" in one:
        one["hub_why"] = phrase(str(one["hub_why"]), lang)
    detail = next((text for text in rule.detail[lang] if _complete(text, one)), rule.detail[lang][-1])
    return Finding(
        id=rule.id,
        severity=rule.severity,
        title=filled(rule.title[lang], one),
        detail=filled(detail, one),
        fix=filled(rule.fix[lang], one),
        entry=rule.entry,
    )


def _complete(text: str, known: Mapping[str, Any]) -> bool:
    return all(name in known or otherwise is not None for name, otherwise in _placeholders(text))


def _placeholders(text: str) -> list[tuple[str, str | None]]:
    return [(match[1], match[2]) for match in _PLACEHOLDER.finditer(text)]


def filled(text: str, known: Mapping[str, Fact]) -> str:
    """The text with each {name} or {name|otherwise} filled."""

    def value(match: re.Match[str]) -> str:
        fact = known.get(match[1])
        if fact is None:
            return match[2] if match[2] is not None else "?"
        return str(fact) if match[1] in _OURS else shown(fact)

    return _PLACEHOLDER.sub(value, text).replace(" ;", ";").replace("  ", " ")


def shown(fact: Fact) -> str:
    """A fact as it may stand in a sentence of ours: 24.0 as "24", pasted text made harmless and short."""
    if isinstance(fact, bool):
        return str(fact)
    if isinstance(fact, float | int):
        return f"{fact:g}"
    text = _UNSAFE.sub(" ", fact[: 2 * _LONGEST])
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rstrip()}…"
