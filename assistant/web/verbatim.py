"""Shows what the user typed as they typed it: the chat renders Markdown, which would eat `__init__`,
`<module>` and indentation. Text that Markdown could change is shown as a code block.
"""

import re

_ACTIVE = re.compile(r"[\n\r`*_~<>&\\#\[\]|$]|https?:|^\s|^\s*(?:[-+=]|\d+[.)])|  ")
_FENCED = re.compile(r"(`{3,})text\n(.*)\n\1", re.DOTALL)
_TICKS = re.compile(r"`+")


def shown(text: str) -> str:
    """Markdown that displays a text as it is."""
    if not _ACTIVE.search(text):
        return text
    longest = max((len(run) for run in _TICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def typed(markdown: str) -> str:
    """The text that `shown` displays: its inverse."""
    fenced = _FENCED.fullmatch(markdown.strip("\n"))
    return fenced[2] if fenced else markdown
