"""Replies that say that the evidence does not answer.

A small model cannot tell whether evidence answers a question (measured: docs/finetune.md), and need not: the
core abstains where it has no answer, and then no model is asked. Such a reply is begun for it with what the
core found.
"""

import re
from collections.abc import Sequence

from assistant.answering import Answer
from assistant.generation.evidence import Evidence
from assistant.generation.reply import Reply

_SILENT = re.compile(
    r"(evidence|sources?|passages?).{0,30}(not|n't|nothing)|(not|nothing).{0,40}(evidence|sources?|passages?)"
    r"|资料.{0,12}(没|不能|无法|未)|来源.{0,12}(没|不能|无法|未)|没有.{0,8}(答案|提到|说明|涉及)",
    re.IGNORECASE,
)
_LONGEST = 220


def says_silent(text: str) -> bool:
    """Whether a text says that the evidence does not answer."""
    return bool(_SILENT.search(text)) and len(text) < _LONGEST


def gives_up(reply: Reply) -> bool:
    """Whether a reply that ended by itself says so, and nothing that could be cited."""
    ended = reply.finished
    return bool(ended and ended.stopped == "end" and not reply.citations and says_silent(reply.raw))


def opening(answer: Answer, evidence: Sequence[Evidence]) -> str:
    """The first sentence of a reply: what the core put first, with its number."""
    first = evidence[0]
    titles = {each.n: each.title for each in answer.statements}
    title = titles.get(first.n, first.text.partition(". ")[0].partition("。")[0]).strip()
    end = title[-1] if title.endswith(("?", "!", "？", "！")) else "。" if answer.lang == "zh" else "."
    title = title.rstrip(".。?!？！")
    return f"{title}[{first.n}]{end}" if answer.lang == "zh" else f"{title} [{first.n}]{end}"
