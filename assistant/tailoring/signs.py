"""Cheap signs that a plan, a check or a look at the machine may bear on an answer: what does so is imported only
then.
"""

import re
from collections.abc import Mapping

from assistant.reading import Reading
from assistant.reading.model import Fact

_TOPICS = frozenset({"A.1", "B.3"})
"""Topics whose every question is one of memory."""
_MEMORY = re.compile(
    r"(?i)\b(?:v?ram|gpu memory|fits?\b|enough memory|how much memory|out of memory|oom|(?:what|which) (?:hardware|gpus?)|hardware requirements?)\b"
    r"|\b(?:can|could|will|what|which)\b.{0,40}\b(?:run|train|fine-?tune|load)\b.{0,80}\b(?:on|with)\b"
    r"|显存|放得下|装得下|跑得动|跑得了|能跑|能训|能微调|够用|够吗|够不够"
)
_HERE = re.compile(
    r"(?i)\b(?:what|which|does|do|is|are|has|have|can|could|will|how (?:much|many|good))\b[^.?!\n]{0,60}"
    r"\b(?:this|my|our) (?:machine|computer|pc|laptop|server|box|workstation)\b"
    r"|\b(?:what|which) gpus? (?:do i have|is (?:there|here|in here|installed)|are (?:there|here))\b"
    r"|\bdo i have (?:a|an|any|enough) (?:gpu|vram|cuda)\b"
    r"|本机|这台(?:机器|电脑|服务器|主机)|我的(?:机器|电脑|笔记本|主机)(?:有|能|可以|行|够|上有)|我(?:这里|这边)?有(?:没有)?(?:什么|哪些)?(?:显卡|gpu)吗?"
)
_SETTINGS = re.compile(r"\w\s*\([^)]*\w\s*=|^\s*[\"']?\w+[\"']?\s*:\s", re.MULTILINE)
_LEAST, _MOST = 20, 60_000
"""Characters of a paste that is checked on the way to an answer."""


def asks_about_memory(words: str) -> bool:
    """Whether the user's own words ask whether something fits."""
    return bool(_MEMORY.search(words))


def asks_about_this_machine(words: str) -> bool:
    """Whether the user's own words are about the machine that they sit at."""
    return bool(_HERE.search(words))


def is_about_memory(topic: str | None, facts: Mapping[str, Fact], words: str) -> bool:
    """Whether memory is the question: by the topic, by the sizes in a message, or by the user's words."""
    return topic in _TOPICS or "requested_gib" in facts or asks_about_memory(words)


def may_hold_settings(reading: Reading) -> bool:
    """Whether a paste may be a script or configuration; the lines of a traceback or log are none."""
    if reading.kind in ("traceback", "report", "log") or not _LEAST < len(reading.text) < _MOST:
        return False
    return bool(_SETTINGS.search(reading.text))
