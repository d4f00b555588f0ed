"""Which language the user writes: judged by their own words, not by the error text."""

import re
from typing import Literal

_CJK = re.compile(r"[\u3400-\u9fff]")
_KANA = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")
_GRAMMAR = re.compile(
    r"[的了是不我在有么吗怎为什呢这那会能报跑用和到没嗎為麼這個對後還让把就都也啊吧呀请求帮]|问题|如何|哪|多少|错|加载|训练|推理|运行|模型|显存"
)
_ENGLISH = re.compile(
    r"(?<![\w.'\"`])(?:the|is|are|my|i|i'm|how|what|why|which|does|do|did|should|can|but|and|it|in|on|of|to|for|with|when|after|this|that|not|from|only)(?![\w.'\"`(=])",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"\"[^\"\n]{1,300}\"|`[^`\n]{1,300}`|'[^'\n]{2,300}'|“[^”\n]{1,300}”|「[^」\n]{1,300}」")
_AFTER_SAYS = re.compile(r"(报错?|提示|显示|出现|错误|警告|[:：])[ ：:]{0,3}[!-~][ -~]{6,600}")


def language_of(prose: str, text: str) -> Literal["en", "zh"]:
    """ "zh" where the user's words are Chinese, else "en". What they quote does not count, and a
    Chinese sentence has English terms in it, an English one at most Chinese examples."""
    own = (prose if _CJK.search(prose) or len(prose.split()) >= 3 else text)[-6_000:]
    if not _CJK.search(own) or len(_KANA.findall(own)) >= 2:
        return "en"
    lines = [line for line in own.split("\n") if line.strip()]
    if _score(lines[-1]) > 3 and not (len(lines) > 1 and _score(lines[0]) < -5):
        return "zh"
    return "zh" if _score(own) > 0 else "en"


def _score(text: str) -> int:
    """How Chinese (above zero) or English a text is, what it quotes left out."""
    unquoted = _AFTER_SAYS.sub(r"\1 ", _QUOTED.sub(" ", text))
    chinese = len(_CJK.findall(unquoted)) + 3 * len(_GRAMMAR.findall(unquoted))
    english = 2 * len(_ENGLISH.findall(unquoted))
    if english >= 4 and len(_CJK.findall(unquoted)) <= 2:
        return -english
    return chinese - english + (1 if chinese else 0)
