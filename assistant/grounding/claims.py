"""Which sentences claim nothing: headings, greetings, pointers to the evidence, and what says that the
evidence is silent (true unless it is not)."""

import re

from assistant.grounding.structure import Sentence

_POINTER = re.compile(
    r"(?i)^\W*(?:here(?:'s| is| are)|this is what|these are|see\b|below|the following|as follows|in short|in summary|to summari[sz]e|to sum up|let me|"
    r"i (?:can|will|hope|am|checked|looked|went)|i'[lm]l?|sure|okay|ok|yes|no|hello|hi|thanks|thank you|good question|great question|glad|happy to|"
    r"you(?:'re| are) welcome|hope this|let me know|feel free|answer|note|question|evidence|sources?|the (?:evidence|passages?|sources?) (?:explains?|says?|covers?|answers?)|what the (?:evidence|passages?|sources?))\b"
)
_POINTER_ZH = re.compile(
    r"^[^\w\u4e00-\u9fff]*(?:下面|以下|如下|这里是|这是|见|参见|请看|请参考|你好|您好|好的|当然|谢谢|感谢|希望|总之|总结|综上|简单来说|回答[:：]?$|答案[:：]?$|问题[:：]?$|证据[:：]?$|来源[:：]?$|根据(?:证据|资料|上面|以上)|请告诉我|如果还有|欢迎|我来|我看了|证据里?的?(?:说明|解释|内容))[^。！？]{0,16}[。：:!！]?$"
)
_SOURCE = r"(?:evidence|passages?|sources?|excerpts?|contexts?|documents?|materials?|references?|snippets?|notes?|(?:quoted|given|provided) (?:texts?|parts?|lines?|passages?)|text (?:given|provided|above)|the text)"
_SAYS = r"(?:say|said|mention\w*|state[sd]?|cover\w*|specif\w+|give[ns]?|name[sd]?|list\w*|describe[sd]?|explain\w*|tell|answer\w*|address\w*|contain\w*|provide[sd]?|include[sd]?|discuss\w*|report\w*|recommend\w*|compare[sd]?|show[ns]?|offer|talk|speak|touch|go into|document\w*|indicate[sd]?|suggest|point|define[sd]?|settle|reveal|help)"
_SILENT = re.compile(
    rf"\b{_SOURCE}\b[^.]{{0,40}}?\b(?:(?:do|does|did|is|are|was)(?: not|n't)|never|cannot|can't|nowhere)\b[^.]{{0,25}}?\b{_SAYS}\b"
    rf"|(?:\b{_SOURCE}\b[^.]{{0,30}}?\b(?:(?:is|are|stays?|remains?|keeps?) (?:silent|quiet)|says? nothing|gives? no\b|names? no\b|has no\b|have no\b|contains? no\b|offers? no\b|lacks?|leaves? (?:open|out|unsaid)|makes? no mention|lists? no\b|states? no\b|mentions? no\b|provides? no\b))"
    rf"|(?:\b(?:not|nothing|neither|no|none|nowhere)\b[^.]{{0,50}}\b(?:in|by|from) (?:the |these |this |any of the |what )?(?:given |provided |quoted )?{_SOURCE}\b)"
    rf"|(?:\bneither (?:of the )?{_SOURCE}\b)|(?:\bno(?:ne of the)? {_SOURCE}\b[^.]{{0,20}}\b{_SAYS}\b)|(?:\b{_SOURCE}\b[^.]{{0,30}} without saying\b)"
    r"|(?:^\W*i (?:can(?:not|'t)|could(?: not|n't)|do(?: not|n't)) (?:find|see|tell|say|know)\b)"
    r"|(?:\bnothing (?:is |was |here |in it )?(?:said|mentioned|stated|tells?|says?|written)\b)"
    r"|(?:\b(?:is|are|was|were) (?:not|nowhere|never) (?:mentioned|stated|said|specified|named|discussed|addressed)\b)"
    r"|(?:\b(?:they|it|this) (?:do|does)(?: not|n't) (?:say|mention|state|specify|tell|name)\b)",
    re.IGNORECASE,
)
_SILENT_ZH = re.compile(
    r"(?:证据|资料|段落|原文|材料|上文|文中|摘录|来源|引文|片段|文档|这几段|给出的内容|所给|提供的内容)[^。，]{0,12}(?:没有|没|未|并未|并没有|不曾|没说|看不出|找不到|无法|不包含|不涉及|未提)[^。]{0,4}?(?:说|提|给|写|列|涉及|说明|解释|描述|包含|指出|比较|提供|回答|讲|点名|覆盖|交代|规定|指明|讨论|看出|找到)"
    r"|(?:证据|资料|段落|原文|材料|上文|文中|来源|片段)[^。，]{0,12}(?:没说|未提|没提|没写|没讲)"
    r"|(?:这里|其中|都|里面|里|中)(?:都|也)?(?:没有|没|并未|未)(?:提到|说明|提及|写明|给出|说)"
    r"|(?:没有|未|并未)[^。]{0,6}(?:提到|说明|给出|说|提及|涉及|写明|列出)[^。]{0,12}(?:证据|资料|段落|原文|材料)"
)
_QUESTION = re.compile(r"[?？]\W*$")


def is_question(text: str) -> bool:
    """Whether a sentence asks."""
    return bool(_QUESTION.search(text))


def points_only(sentence: Sentence) -> bool:
    """Whether a sentence only greets or points at what comes: it says next to nothing of the matter."""
    said = [
        word.token.weight
        for word in sentence.words
        if word.token.weight >= 0.5
        and not word.token.marks & {"about_evidence"}
        and word.token.text not in _POINTING
    ]
    if sum(said) > _LITTLE or sentence.tokens.assigns:
        return False
    return bool(_POINTER.search(sentence.text) or _POINTER_ZH.search(sentence.text))


_LITTLE = 1.7
_POINTING = frozenset(
    [
        "question",
        "answer",
        "summary",
        "short",
        "explanation",
        "explains",
        "says",
        "covers",
        "following",
        "steps",
        "fix",
        "solution",
        "problem",
        "help",
        "welcome",
        "questions",
        "问题",
        "回答",
        "答案",
        "说明",
        "总结",
        "步骤",
        "解决",
        "帮助",
        "原因",
    ]
)


def says_silent(sentence: Sentence) -> bool:
    """Whether a sentence says that the evidence does not say something."""
    return bool(_SILENT.search(sentence.text) or _SILENT_ZH.search(sentence.text))
