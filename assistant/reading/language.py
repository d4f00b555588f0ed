"""Which language the user writes: judged by their own words, not by the error text."""

import re
from typing import Literal

_CJK = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[A-Za-z]{2,}")


def language_of(prose: str, text: str) -> Literal["en", "zh"]:
    """ "zh" where Chinese characters carry the user's words, else "en". Output of libraries is
    English even in a Chinese question, so a last line in Chinese outweighs much English."""
    own = prose.strip() or text
    chinese = len(_CJK.findall(own))
    last = own.rsplit("\n", 1)[-1]
    if chinese < 2:
        return "en"
    if len(_CJK.findall(last)) >= 4 and len(_CJK.findall(last)) * 3 >= len(_WORD.findall(last)):
        return "zh"
    return "zh" if chinese * 4 >= len(_WORD.findall(own)) else "en"
