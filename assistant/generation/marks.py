"""Marks of chat formats in a text that is data: a paste must not end its message and begin another.

A local model's prompt is encoded so that a text cannot become a special token. A server reads messages
as text and finds such marks anywhere, so they are spaced out: `< |im_end|>` is a text like any other.
"""

import re

_MARK = re.compile(
    r"<[|｜][^|｜<>\s]{1,40}[|｜]>"
    r"|</?(?:start_of_turn|end_of_turn|bos|eos|s|think|tool_calls?|tool_responses?)>"
    r"|<</?SYS>>|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT)\]",
    re.IGNORECASE,
)


def spaced_out(text: str) -> str:
    """The text with each such mark spaced out."""
    return _MARK.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)
