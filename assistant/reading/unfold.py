"""Gives a traceback its lines back that was pasted as one line, or with its line ends written as `\\n`; and a
JSON object that was, such as a report of a machine, one line for each value.
"""

import json
import re

_HEADER = "Traceback (most recent call last)"
_FRAME = re.compile(r'[ \t]{1,8}(?=File "[^"\n]{1,300}", line \d)')
_AFTER_FRAME = re.compile(
    r'(File "[^"\n]{1,300}", line \d{1,7}(?:, in (?:<\w{1,20}>|\w{1,80}))?)[ \t]{1,12}(?=\S)'
)
_ERROR = re.compile(
    r"[ \t]{1,8}(?=(?:[a-z_]\w{0,40}\.){0,6}[A-Z]\w{0,60}(?:Error|Exception|Interrupt|Exit|StopIteration|Failure): )"
)
_WORDS = re.compile(r"[\u3400-\u9fff]{2}|[a-z]+ [a-z]+ [a-z]+[ :]{1,3}$")
_CHAIN = re.compile(
    r"[ \t]{1,8}(?=During handling of the above|The above exception was|Traceback \(most recent)"
)


_LONG = 800
"""Characters from which a line of JSON is unfolded: of longer lines only the beginning is read."""


def unfold(text: str) -> str:
    """The text, with the lines of each folded traceback and of long JSON apart again."""
    if len(text) > _LONG and ('": ' in text or '":"' in text):
        text = "\n".join(map(_unfolded_json, text.split("\n")))
    if _HEADER not in text and '\\n  File \\"' not in text:
        return text
    return "\n".join(_unfolded(line) for line in text.split("\n"))


def _unfolded_json(line: str) -> str:
    if len(line) < _LONG or line[:1] != "{" or line.rstrip()[-1:] != "}":
        return line
    try:
        return json.dumps(json.loads(line), ensure_ascii=False, indent=1)
    except (ValueError, RecursionError):
        return line


def _unfolded(line: str) -> str:
    if line.count("\\n") >= 2 and ("Traceback (most" in line or "File " in line):
        line = (
            line.replace("\\r", "")
            .replace("\\n", "\n")
            .replace('\\"', '"')
            .replace("\\t", "\t")
            .replace("\\'", "'")
        )
        return line
    head, header, rest = line.partition(_HEADER)
    if not header:
        return line
    if _WORDS.search(head):
        head = f"{head.rstrip()}\n"
    if 'File "' not in rest:
        return f"{head}{header}{rest}"
    rest = _CHAIN.sub("\n", rest)
    rest = _FRAME.sub("\n  ", rest)
    rest = _AFTER_FRAME.sub(r"\1\n    ", rest)
    rest = _ERROR.sub("\n", rest)
    return f"{head}{header}{rest}"
