"""A report as people read it in a terminal."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from assistant.config.report import SEVERITIES, Finding, Report


@cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads((Path(__file__).parent / "texts.toml").read_text(encoding="utf-8"))


def shown(report: Report, lang: str) -> str:
    """Findings with their diffs, worst first, and a last line that counts them."""
    texts = _texts()[lang]
    parts = [_finding(finding, report, lang) for finding in report.findings]
    numbers = {name: sum(finding.severity == name for finding in report.findings) for name in SEVERITIES}
    counts = [f"{n} {texts[name if n == 1 else f'{name}s']}" for name, n in numbers.items() if n]
    return "\n".join([*parts, ", ".join(counts) or texts["none"]]) + "\n"


def _finding(finding: Finding, report: Report, lang: str) -> str:
    texts = _texts()[lang]
    in_cell = finding.cell is not None
    line = finding.cell_line if in_cell else finding.line
    where = texts["cell" if in_cell else "line"].format(cell=finding.cell, line=line)
    lines = [
        f"{report.file or '-'}, {where}: {texts[finding.severity]} {finding.rule}",
        f"  {finding.message}",
        f"  {texts['fix'].format(fix=finding.fix)}",
    ]
    lines += [f"    {row}" for row in finding.diff.splitlines()[2:]]
    return "\n".join([*lines, f"  {finding.source}", ""])
