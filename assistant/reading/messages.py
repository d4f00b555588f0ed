"""Where the message of an exception ends and the user's own words begin."""

import re
from collections.abc import Callable

_LINES, _LIMIT = 60, 3_000
_CJK = re.compile(r"[\u3400-\u9fff]")
_CHINESE_TAIL = re.compile(r"[\s.。!！?？,，;；)）\]'\"`][\u3400-\u9fff]{2}")
_END = re.compile(
    r"\s{0,40}(?:Traceback \(most|[\w./~\\-]{1,100}\.py:\d|During handling|The above exception|╭|╰|-{10,}|={10,}|\*{10,}|[^|\n]{0,80}\d{1,3}%\||\[\d{4}-|wandb:|INFO\b|WARNING\b|ERROR\b|>>> |\$ |```|\"\"\"$)"
)
_FIRST_PERSON = re.compile(
    r"(?:^|[\s(,])(?:I|I'm|I've|i|im|i'm|i've|my|My|we|We|our|me)(?=[\s,.?!]|$)|\?\s*$|^(?:Any (?:idea|help)|How (?:do|can|to)|Why |What |Please help|Thanks|Help|Same )"
)
_SPEAKER = re.compile(r"(?:^|[\s(,])(?:I|I'm|I've|i|im|i'm|i've|my|My|me)(?=[\s,.?!]|$)|\?\s*$")
_ADVICE = re.compile(
    r"(?:Please (?:file|open|report) |(?:Please )?(?:see|refer to|check(?: out)?) (?:the doc|https?:|our |how )|For more (?:info|detail))",
    re.IGNORECASE,
)
"""How libraries point elsewhere at the end of a message."""
_SETTING = re.compile(
    r"[A-Za-z_][\w.]{0,60}\s{0,3}(?:=(?!=)|\()\s{0,3}\S|(?:import|from) \w|--\w|[\w.-]{1,40}==?\d"
)
_ENDED = re.compile(r"[.!?)\]}:;\"'`0-9>]$")
_SHORT = 68


def message_from(
    first: str, lines: list[str], index: int, starts_anew: Callable[[str], bool]
) -> tuple[str, int]:
    """The whole message that begins with `first`, and the index of the line after it.

    It ends at an empty line (unless indented text goes on below), at what plainly starts anew, and
    where the user speaks."""
    head, own = own_part(first)
    if own:
        return head, index
    parts = [head]
    size = len(head)
    chinese = bool(_CJK.search(head))
    while index < len(lines) and len(parts) < _LINES and size < _LIMIT:
        line = lines[index]
        stripped = line.strip()
        if not stripped:
            if not _goes_on(parts, lines, index + 1, starts_anew):
                break
        elif starts_anew(line) or _END.match(line[:120]) or _users(line, lines[index - 1].rstrip(), chinese):
            break
        parts.append(line.rstrip())
        size += len(line)
        index += 1
    return "\n".join(parts).strip()[:_LIMIT], index


def own_part(text: str) -> tuple[str, str]:
    """A line that begins with output, parted from the Chinese words that follow it."""
    if len(text) < 4:
        return text, ""
    first = _CJK.search(text)
    if not first or first.start() < 4:
        return text, ""
    tail = _CHINESE_TAIL.search(text, first.start() - 1)
    if not tail or text[: tail.start()].count("'") % 2 or text[: tail.start()].count('"') % 2:
        return text, ""
    return text[: tail.start() + 1].rstrip(), text[tail.start() + 1 :].strip()


def _goes_on(parts: list[str], lines: list[str], index: int, starts_anew: Callable[[str], bool]) -> bool:
    """Whether a message goes on after an empty line: where it is indented text throughout, ended with a colon,
    or goes on with a library's advice, and what follows is not the user's."""
    if index >= len(lines) or len(parts) > 40:
        return False
    following = lines[index]
    if not following.strip() or starts_anew(following) or len(_CJK.findall(following[:200])) >= 2:
        return False
    began = len(parts) == 1 and (not parts[0] or parts[0].endswith(":"))
    indented = following[:1] in " \t" and (began or (len(parts) > 1 and parts[-1][:1] in " \t"))
    announced = len(parts) > 1 and parts[-1].endswith(":") and not _users(following, parts[-1], False)
    advice = bool(_ADVICE.match(following)) and not _users(following, parts[-1], False)
    return indented or announced or advice or (not parts[0] and len(parts) == 1)


def _users(line: str, before: str, chinese: bool) -> bool:
    """Whether a line below a message reads as the user's: in Chinese, in the first person, a
    question, code, or a lower-case sentence after one that was complete."""
    if not chinese and len(_CJK.findall(line[:300])) >= 2:
        return True
    if line[:1] in " \t":
        return False
    if _FIRST_PERSON.search(line[:400]) and not line.startswith(("Did you mean", "Perhaps")):
        return not _ADVICE.match(line) or bool(_SPEAKER.search(line[:400]))
    complete = bool(_ENDED.search(before)) or len(before) < _SHORT
    if not complete or line[:1] in "-([{`'\"*<|":
        return bool(complete and line.startswith("-> "))
    if _SETTING.match(line):
        return True
    return line[:1].islower() or line[:1].isdigit()
