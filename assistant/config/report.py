"""What a check gives: findings, and the facts that it takes them from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning", "advice"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "advice")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known beside the file. `versions` by package ("transformers": "4.44.2"); empty where
    the installed ones are to be assumed. `compute_capability` 7.5 for sm_75; `gpus` how many."""

    versions: Mapping[str, str] = field(default_factory=dict)
    gpu: str | None = None
    compute_capability: float | None = None
    vram_gib: float | None = None
    gpus: int | None = None
    cpus: int | None = None
    missing: frozenset[str] = frozenset()
    """Packages that are known not to be installed there."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`line` counts from 1 in the file; `cell` and `cell_line` are set for notebooks. `diff` is a
    unified diff for the file, "" where no line alone mends it. `source`: where it can be read."""

    rule: str
    severity: Severity
    line: int
    message: str
    fix: str
    diff: str
    source: str
    cell: int | None = None
    cell_line: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of one file, errors first. `kind`: what it was read as. `patch`: all diffs in one,
    as far as they do not touch the same place."""

    file: str
    kind: str
    findings: tuple[Finding, ...]
    versions: Mapping[str, str] = field(default_factory=dict)
    patch: str = ""

    @property
    def errors(self) -> int:
        return sum(finding.severity == "error" for finding in self.findings)


def as_json(report: Report) -> dict[str, Any]:
    """The object that `check --json` prints."""
    return {"file": report.file, "findings": [_finding(finding) for finding in report.findings]}


def _finding(finding: Finding) -> dict[str, Any]:
    shown = {
        name: getattr(finding, name)
        for name in ("rule", "severity", "line", "message", "fix", "diff", "source")
    }
    if finding.cell is not None:
        shown |= {"cell": finding.cell, "cell_line": finding.cell_line}
    return shown
