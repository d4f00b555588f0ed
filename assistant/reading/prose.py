"""Tells people's words from code, settings and what libraries print."""

import re

CJK = re.compile(r"[\u3400-\u9fff]")
_WORDY = re.compile(
    r"(?<![\w.`'\"/=-])[A-Za-z][a-z]*(?:'[a-z]{1,2})?(?![\w`'\"/=(\[]|\.\w|-\w)|(?<![\w.])i'?m?(?![\w.])"
)
_COMMON_WORDS = (
    "the a an is are was were be been it its i im i'm ive i've my we our you your he this that these those there what which why how when where who and or "
    "but not no so if then than as at on in of to for from with without by about after before during into out up only same still also just even more less "
    "all any some both either do does did doing done don't doesn't didn't can can't cant cannot could should would will won't wont has have had get gets got "
    "getting gives give says say said want need needs use uses using used run runs running ran works work worked working try tried trying set sets make "
    "makes see show shows keep keeps goes go help please too very much many long again always never something anything nothing wrong right error fails "
    "failed fail fine ok better best instead because"
)
_COMMON = frozenset(_COMMON_WORDS.split())
_PLACE = re.compile(r"(?:\[\w{1,8} [^\]]{1,60}\]|[\w./~-]{0,200}\.(?:py|cpp|cc|cu|h|cuh):\d)")
_QUESTION = re.compile(r"[?？]\s*$|[?？] ")
_CODE_START = re.compile(
    r"(?:from [\w.]+ import |import [\w.]+(?:$| as |,|;)|def \w+\(|class \w+\s?[(:]|@\w+|with [^:]{1,200}:$|for .{1,200} in .{1,200}:$|if [^?]{1,200}:$|elif .*:$|else:|try:|except\b.*:$|return\b[ (]"
    r"|raise \w+\(|assert \w|>>> |\.\.\. |[\w.\[\]'\"]{1,80}(?:, ?[\w.]{1,40}){0,4}\s?[+*/-]?=\s?[^=\s]|[\w.]{1,80}\([^)]{0,300}\)?[.,:\w()\[\]]{0,200}$|[)\]}]{1,8},?$|!?pip3? (?:install|uninstall|show|list)|!?python3? -?[\w./]|[$%!]\s?\w|#)"
)
_ASSIGNED = re.compile(r"[\w.\[\]'\"]{1,80}\s?=\s?[^=\s]")
_PRINTED = re.compile(r"`[^`]{1,80}`|\b[A-Z][a-z]+[A-Z]\w+|\['|\.\.\.")
_REPORTS = re.compile(r"(?:Failed|Unable|Could not|Cannot|Falling back) (?:to )?\w")
_FIRST_PERSON = re.compile(r"(?<![\w.])(?:I|i|I'm|im|my|My|we|We|our|me)(?![\w.=(])")


def is_prose(line: str) -> bool:
    """Whether a line reads as somebody's words rather than as code or output."""
    head = line[:600]
    if _PLACE.match(head):
        return False
    chinese = len(CJK.findall(head))
    if chinese >= 2 and not head.startswith(("#", '"', "'", "{", "|", "//")):
        return chinese >= 3 or not _CODE_START.match(head)
    words = [word.lower() for word in _WORDY.findall(head)]
    if len(words) < 2:
        return False
    common = sum(word in _COMMON for word in words)
    asks = bool(_QUESTION.search(head))
    if _CODE_START.match(head):
        # "top_k=50 and top_p=0.9, both applied?" begins like code, and yet is a question
        return common >= 2 and (asks or len(words) >= 3) and not head.startswith(("#", ">>>", "$"))
    if common >= 2 or (common and (asks or len(words) >= 4)):
        return True
    if head[:1] in "{[(<|'\"" or _ASSIGNED.match(head):
        return False
    return len(words) >= 4 and sum(map(len, words)) * 2 > len(head) - head.count(" ")


def is_printed(line: str) -> bool:
    """Whether an English sentence reads as a library's: complete, impersonal, naming identifiers."""
    head = line[:500]
    if not line[:1].isupper() or len(line) < 60 or _FIRST_PERSON.search(head) or CJK.search(head):
        return False
    return bool(_REPORTS.match(head)) or (bool(_PRINTED.search(head)) and line.rstrip()[-1:] in ".])")
