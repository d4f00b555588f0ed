"""A report for people: on a terminal, and as Markdown for bug reports."""

import textwrap
from collections.abc import Sequence

from assistant.machine.data import SHOWN
from assistant.machine.model import Finding, Report
from assistant.machine.rows import shown_rows, texts

_WIDTH = 100


def as_text(report: Report, found: Sequence[Finding] = (), lang: str = "en", *, every: bool = False) -> str:
    """The report for a terminal: what there is, then what is wrong, worst first; six findings, or `every`
    one."""
    words = texts(lang)
    rows = list(shown_rows(report, lang))
    wide = max((_columns(name) for name, _ in rows), default=0)
    shown, left_out = _chosen(found, every)
    if not rows and not shown:
        return words["nothing_read"]
    lines = []
    for name, said in rows:
        first = f"{name}{' ' * (wide - _columns(name))}  "
        for line in said:
            lines += _wrapped(line, first, " " * (wide + 2))
            first = " " * (wide + 2)
    lines += ["", words["findings"]]
    if not shown:
        lines.append(f"  {words['nothing']}")
    for finding in shown:
        lines.append(f"  [{words[finding.severity]}] {finding.title}")
        lines += _wrapped(finding.detail, "      ")
        lines += _wrapped(finding.fix, "    → ", "      ")
        if finding.entry:
            lines.append(f"      {words['more']}: {finding.entry}")
    if left_out:
        lines.append(f"  {words['left_out'].format(n=left_out)}")
    return "\n".join(lines)


def as_markdown(
    report: Report, found: Sequence[Finding] = (), lang: str = "en", *, every: bool = False
) -> str:
    """The report for a bug report: a table and the findings; it holds no secret and no name."""
    words = texts(lang)
    rows = list(shown_rows(report, lang))
    if not rows and not found:
        return words["nothing_read"]
    lines = [
        f"### {words['title']} ({words['this_machine'] if report.source == 'this machine' else words['pasted']})",
        "",
        "| | |",
        "| --- | --- |",
    ]
    lines += [f"| {name} | {_cell(said)} |" for name, said in rows]
    shown, left_out = _chosen(found, every)
    lines += ["", f"#### {words['findings']}", ""]
    lines += [
        f"- **{words[finding.severity]}**: {finding.title}. {finding.detail} {words['do']}: {finding.fix}"
        for finding in shown
    ]
    if not shown:
        lines.append(words["nothing"])
    if left_out:
        lines.append(f"- {words['left_out'].format(n=left_out)}")
    return "\n".join(lines)


def _chosen(found: Sequence[Finding], every: bool) -> tuple[Sequence[Finding], int]:
    return (found, 0) if every else (found[:SHOWN], max(0, len(found) - SHOWN))


def _cell(said: Sequence[str]) -> str:
    return "<br>".join(line.replace("|", "\\|") for line in said)


def _wrapped(text: str, first: str, then: str | None = None) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=then or first,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _columns(text: str) -> int:
    """How wide a text is on a terminal: Chinese takes two columns."""
    return sum(2 if ord(each) > 0x2E7F else 1 for each in text)
