"""Whether a message goes on with what the conversation was about, and how far.

A message with an error of its own is a new problem, to which the old one is only background; a fact and no more
("it's a 3060") leaves the question as it was; a short question, a remark ("already tried that") or a message that
takes up a name from before goes on; a message on something
else altogether ("a cake recipe") stands alone, so that the gate can turn it away.
"""

import re
from collections.abc import Sequence

from assistant.reading import Reading
from assistant.reading.domain import domain_signs

WHOLLY, GOES_ON, NEW_ERROR, STANDS_ALONE = 1.0, 0.8, 0.25, 0.0
_LONG = 600
"""Characters beyond which a message without an error brings its own subject."""
_PLAIN = re.compile(
    r"\b(?:a|about|actually|after|again|all|already|also|an|and|any|are|as|at|be|but|by|can|change[ds]?|could|did|didn'?t|do|does|doesn'?t|don'?t"
    r"|else|even|fix(?:ed)?|for|from|get|got|had|has|have|help(?:ed|s)?|how|i|i'?m|if|in|instead|is|it|it'?s|just|like|me|mean|more|my|need|no|not|nothing"
    r"|now|of|ok|okay|on|one|only|or|other|please|problem|right|same|should|so|solve[ds]?|some|still|sure|thank(?:s| you)?|that|that'?s|the|their|then|there|this"
    r"|those|to|too|tried|try|use[ds]?|using|want|was|way|we|well|what|when|where|which|why|will|with|without|won'?t|work(?:ed|s|ing)?|would|yes|you|your|error|thing"
    r"|happens?|exactly|explain|step|first|second|option|method|number|code|example|show|give|tell)\b",
    re.IGNORECASE,
)
_PLAIN_CHINESE = re.compile(
    r"[的了吗呢吧啊嘛我你他它这那个些不没有是在也都还就再又很太和与或但如果因为所以怎么什么为何哪为么样办请问谢一下用过试已经行可以能会要想现在后前然后"
    r"换改成具体步骤代码例子解释说明问题报错错误解决方法其他另外第几种点好对嗯哦]"
)
_FACTS, _BARE = 120, 2
"""Characters of a message that only states facts, and words in it that are neither plain nor a name."""
_NUMBERED = re.compile(r"[\w./-]*\d[\w./-]*", re.ASCII)
_ASKS = re.compile(
    r"[?？]|\b(?:how|why|what|which|can|could|should|does|is it|explain|show)\b|[吗呢]|怎么|如何|为什么|为何|什么|哪|能否|能不能|是否|多少",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"\b(?:thanks?(?: you)?(?: (?:so|very) much| a lot)?|thx|cheers|solved|(?:it |that |everything )?(?:now )?works?(?: (?:now|great|fine|perfectly))?"
    r"|(?:that |it )?(?:fixed|solved|did) (?:it|that)|perfect|great|awesome)\b|谢谢|多谢|感谢|解决了|搞定了?|可以了|好了|没问题了",
    re.IGNORECASE,
)
_BUT = re.compile(
    r"\b(?:but|however|except|now it (?:says|fails)|not|doesn'?t)\b|但|不过|可是|没有?解决|还没|吗|呢|[?？]",
    re.IGNORECASE,
)
_FAILS = re.compile(
    r"\b(?:still|again|fails?|failed|error|oom|out of memory|hangs?|crash\w*)\b|还是|仍|又|不行|报错|失败|爆|卡住",
    re.IGNORECASE,
)
_NAME = re.compile(r"[A-Za-z][\w.-]*[._-][\w.-]*\w|[a-z]+[A-Z]\w+|[A-Z][a-z]+[A-Z]\w+", re.ASCII)
"""Identifiers, hosts, files: what nobody writes by chance twice."""
_WORD = re.compile(r"[A-Za-z][A-Za-z'_-]*|[\u3400-\u9fff]")
_LEANING = re.compile(
    r"\b(?:what about|how about|what if|and if|instead|also|then|it|its|it'?s|that|this|these|those|them|same|again|still|too|else|actually)\b"
    r"|呢|那|如果|还|也|再|它|这|上面|刚才|之前|其实",
    re.IGNORECASE,
)
_TRIED = re.compile(
    r"(?:already|have) (?:tried|did|done|do) (?:that|this|it|all)|tried (?:that|this|it|them|all)|did(?:n'?t| not) (?:help|work)|(?:does|do)(?:n'?t| not) (?:help|work)"
    r"|no (?:luck|difference|change|effect)|still (?:the same|fails?|failing|get|happens|not|oom)|same (?:error|thing|problem|result)"
    r"|试过了|试了|没用|没有用|不管用|不起作用|还是不行|还是一样|还是报|仍然|依然|无效|不行",
    re.IGNORECASE,
)


def link(last: Reading, earlier: Sequence[Reading]) -> float:
    """How much the earlier messages count for the last one, from 0 (not at all) to 1."""
    if not earlier or not last.text.strip():
        return STANDS_ALONE
    if last.main and last.main.type and not last.main.name.endswith("Warning"):
        return NEW_ERROR
    if len(last.text) > _LONG:
        return NEW_ERROR
    if only_states_facts(last):
        return WHOLLY
    words, libraries, foreign = domain_signs(last.text)
    if words or libraries or _states_something(last):
        return GOES_ON if not foreign or words + libraries > foreign else NEW_ERROR
    if not _content_words(last.text) or _names(last.text) & _names(earlier[-1].text):
        return GOES_ON
    return STANDS_ALONE


def says_thanks(last: Reading) -> bool:
    """Whether a message only says that it works now, or thanks: there is nothing to answer."""
    text = last.text.strip()
    if last.main or len(text) > _FACTS or not _THANKS.search(text) or _TRIED.search(text) or "?" in text:
        return False
    return not _content_words(_THANKS.sub(" ", text)) and not _BUT.search(text)


def only_states_facts(last: Reading) -> bool:
    """Whether a message tells something of the case ("Qwen2-7B", "on transformers 4.38") and asks nothing."""
    if last.main or last.config or not _states_something(last) or len(last.text) > _FACTS:
        return False
    if _ASKS.search(last.text) or _TRIED.search(last.text) or _FAILS.search(last.text):
        return False
    words = [word for word in _content_words(_NUMBERED.sub(" ", last.text)) if not word.isupper()]
    return len(words) <= _BARE


def leans_on_before(last: Reading) -> bool:
    """Whether a message can only be understood with what was said before it ("what about LoRA?")."""
    return bool(_LEANING.search(last.prose or last.text))


def rejects_advice(last: Reading) -> bool:
    """Whether a message says that what was advised was tried or did not help."""
    return len(last.text) <= _LONG and bool(_TRIED.search(last.prose or last.text))


def _states_something(reading: Reading) -> bool:
    return bool(reading.versions or {name for name in reading.facts if not name.startswith("set_")})


def _names(text: str) -> frozenset[str]:
    return frozenset(name.lower() for name in _NAME.findall(text[:20_000]))


def _content_words(text: str) -> list[str]:
    """The words that say what a message is about: those that are in any conversation are left out."""
    rest = _PLAIN_CHINESE.sub(" ", _PLAIN.sub(" ", text))
    return [word for word in _WORD.findall(rest) if len(word) > 1 or "\u3400" <= word <= "\u9fff"]
