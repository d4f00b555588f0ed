"""A report as people read it in a terminal."""

from assistant.config.report import SEVERITIES, Finding, Report

_WORDS = {
    "en": {"error": "error", "warning": "warning", "advice": "advice", "line": "line {n}", "cell": "cell {c}, line {n}",
           "none": "Nothing found.", "fix": "Fix: "},
    "zh": {"error": "错误", "warning": "警告", "advice": "建议", "line": "第 {n} 行", "cell": "第 {c} 个单元，第 {n} 行",
           "none": "没有发现问题。", "fix": "修改："},
}  # fmt: skip


def shown(report: Report, lang: str) -> str:
    """Findings with their diffs, worst first, and a last line that counts them."""
    words = _WORDS[lang]
    parts = [_finding(finding, report, lang) for finding in report.findings]
    counts = [
        f"{n} {words[name]}" for name in SEVERITIES if (n := sum(f.severity == name for f in report.findings))
    ]
    return "\n".join([*parts, ", ".join(counts) or words["none"]]) + "\n"


def _finding(finding: Finding, report: Report, lang: str) -> str:
    words = _WORDS[lang]
    where = words["line"].format(n=finding.line)
    if finding.cell is not None:
        where = words["cell"].format(c=finding.cell, n=finding.cell_line)
    lines = [
        f"{report.file or '-'}, {where}: {words[finding.severity]} {finding.rule}",
        f"  {finding.message}",
    ]
    lines.append(f"  {words['fix']}{finding.fix}")
    lines += [f"    {line}" for line in finding.diff.splitlines()[2:]]
    return "\n".join([*lines, f"  {finding.source}", ""])
