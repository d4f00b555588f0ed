"""What a language model is shown of the grounded answer: its statements, numbered as the answer cites
them, as long as the model can use.

A small model words well and chooses badly: it gets what the core chose, in the core's order, each
source in a few sentences without blocks of code (which stand in the grounded answer above its reply).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answering import Answer, Statement
from assistant.generation.words import words


@dataclass(frozen=True, slots=True)
class Evidence:
    """One numbered source: `n` is the number that the grounded answer cites it by."""

    n: int
    text: str


@dataclass(frozen=True, slots=True)
class _Room:
    """How much is shown: statements, and characters of each part of one (Chinese says more in fewer)."""

    statements: int
    why: int
    fix: int
    fixes: int
    others: int


_SMALL = _Room(statements=3, why=300, fix=240, fixes=1, others=140)
_LARGE = _Room(statements=8, why=2_000, fix=1_200, fixes=6, others=1_200)
_CHINESE = 0.45

_FENCE = re.compile(r"^[ \t]*(```|~~~)[^\n]*\n(.*?)^[ \t]*\1[ \t]*$\n?", re.DOTALL | re.MULTILINE)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"“`*(\[])|(?<=[。！？])|\n{2,}|\n(?=[-*\d])")
_DANGLING = re.compile(r"(?:[,，;；]? ?\b(?:or|and|then)|[,，;；]?(?:或者?|并且?|然后|和))\s*[:：]?$")
"""What is left of a sentence that went on with a block of code."""
_INLINE = 150


def evidence_of(answer: Answer, *, small: bool) -> tuple[Evidence, ...]:
    """The evidence of an answer; empty where it abstains."""
    room = _SMALL if small else _LARGE
    found = []
    for place, statement in enumerate(answer.statements[: room.statements]):
        text = _text(statement, answer.lang, room, first=place == 0, flat=small)
        if text:
            found.append(Evidence(statement.n, text))
    return tuple(found)


def shortened(text: str, limit: int) -> str:
    """The text's first whole sentences, on one line, in about `limit` characters."""
    return _fitting(_flat(text), limit)


def _text(statement: Statement, lang: str, room: _Room, *, first: bool, flat: bool) -> str:
    scale = _CHINESE if lang == "zh" and flat else 1.0
    colon, stop = ("：", "。") if lang == "zh" else (": ", ".")
    title = statement.title + ("" if statement.title.endswith((".", "。", "?", "？")) else stop)
    if not first and flat:
        told = statement.tell or "\n".join(_flattened(statement.why))
        said = _fitting(told, int(room.others * scale))
        label = f"{words(lang)['tell']}{colon}" if statement.tell else ""
        return f"{title}{'' if lang == 'zh' else ' '}{label}{said}" if said else title
    why = [each if not flat else _flat(each) for each in statement.why]
    fixes = [each if not flat else _flat(each) for each in statement.fix[: room.fixes]]
    parts = [title]
    joined = "\n".join(why) if flat else "\n\n".join(why)
    parts.append(_fitting(joined, int(room.why * scale)) if flat else joined[: room.why])
    if statement.tell:
        parts.append(f"{words(lang)['tell']}{colon}{statement.tell}")
    if fixes:
        shown = _fitting("\n".join(fixes), int(room.fix * scale)) if flat else "\n\n".join(fixes)
        parts.append(f"{words(lang)['fix']}{colon}{shown}" if shown else "")
    space = ("" if lang == "zh" else " ") if flat else "\n"
    return space.join(part for part in parts if part)


def _flattened(steps: Sequence[str]) -> list[str]:
    return [_flat(step) for step in steps]


def _flat(step: str) -> str:
    """A step without blocks of code: a short one becomes code in the line, a long one is left out."""
    text = _FENCE.sub(lambda block: _inline(block[2]), step)
    text = re.sub(r"\s*\n\s*[-*]\s+", " ", text)
    text = re.sub(r"\s+", " ", text).strip()
    text = _DANGLING.sub("", text)
    return re.sub(r"[:：]$", lambda end: "。" if end[0] == "：" else ".", text)


def _inline(code: str) -> str:
    lines = [line for line in code.splitlines() if line.strip() and not _is_aside(line)]
    joined = " ".join(line.split("  #")[0].strip() for line in lines)
    joined = joined.replace("( ", "(").replace(" )", ")").replace("`", "")
    if len(lines) > 1 and not any(line.startswith((" ", "\t", ")")) for line in lines):
        return ", ".join(f"`{line.split('  #')[0].strip()}`" for line in lines)[: 2 * _INLINE]
    return f"`{joined}`" if joined and len(joined) <= _INLINE else ""


def _is_aside(line: str) -> bool:
    return line.lstrip().startswith(("#", "import ", "from ", "print("))


def _fitting(text: str, limit: int) -> str:
    """As many whole sentences from the start as fit, at least one where it is not absurdly long."""
    kept = ""
    for sentence in _SENTENCE.split(text):
        sentence = " ".join((sentence or "").split())
        if not sentence:
            continue
        joined = f"{kept}{'' if _ends_chinese(kept) else ' '}{sentence}".strip()
        if kept and len(joined) > limit:
            break
        kept = joined
        if len(kept) >= limit:
            break
    return kept if len(kept) <= 2 * limit + 40 else ""


def _ends_chinese(text: str) -> bool:
    return text.endswith(("。", "！", "？"))
