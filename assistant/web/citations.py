"""Makes the `[1]` of an answer a link to source 1 in the panel."""

import re
from collections.abc import Set

_CODE_OR_CITATION = re.compile(r"(```.*?(?:```|\Z)|`[^`\n]*`)|\[(\d{1,2})\](?![(\[:])", re.DOTALL)


def linked(markdown: str, numbers: Set[int], answer: int) -> str:
    """The Markdown with each citation outside code linked to its source in the panel of that answer."""

    def link(match: re.Match[str]) -> str:
        code, number = match[1], match[2]
        if code or int(number) not in numbers:
            return match[0]
        return rf"[\[{number}\]](#{source_id(answer, int(number))})"

    return _CODE_OR_CITATION.sub(link, markdown)


def source_id(answer: int, number: int) -> str:
    """The id of a source's element in the page."""
    return f"source-{answer}-{number}"
