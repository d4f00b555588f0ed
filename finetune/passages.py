"""A passage of evidence taken apart again: title, reasons, sign, first steps, as far as it shows them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.answering import Answer
from assistant.generation.evidence import Evidence
from assistant.generation.words import words

_CODE = re.compile(r"`[^`]*`")
_TABLE = re.compile(r"\| ?-{2,}|\s\|\s.*\s\|")
_BULLET = re.compile(r"^(?:[-*•]|\d+[.)、])\s+")
_END = re.compile(
    r"(?<!e\.g)(?<!i\.e)(?<!\bvs)(?<!\betc)[.!?]\s+(?=[A-Z\"“`*(\[‘']|\d+[.)](?:\s|$))|[。！？](?!`)|\s-\s(?=\S)"
)
_CODES = re.compile(r"^(`[^`]+`(?:, `[^`]+`)+|`[^`]*[ =(][^`]*`(?=\s+[A-Z]))\s+(?=[A-Z\u4e00-\u9fff])")


@dataclass(frozen=True, slots=True)
class Passage:
    """What one numbered passage says, in sentences without their stops. `because` is why the core chose
    it; `cause` is False for a reference's answer."""

    n: int
    title: str
    why: tuple[str, ...]
    tell: str
    because: str
    fix: tuple[str, ...]
    cause: bool


def passages(answer: Answer, evidence: Sequence[Evidence]) -> tuple[Passage, ...]:
    """The passages that were made from the answer's statements, in order (what tools found is not)."""
    by_number = {each.n: each for each in answer.statements}
    return tuple(
        _passage(each, by_number[each.n].title, answer.lang) for each in evidence if each.n in by_number
    )


def sentences(text: str) -> list[str]:
    """The sentences of a passage without their stops; code is never cut."""
    return [each for each in map(_stripped, _cut(text)) if len(each) > 2 and not _TABLE.search(each)]


def _passage(evidence: Evidence, title: str, lang: str) -> Passage:
    said = words(lang)
    colon = "：" if lang == "zh" else ": "
    rest = evidence.text[len(title) :] if evidence.text.startswith(title) else evidence.text
    rest = rest.lstrip(".。?？ ")
    rest, _, fix = rest.partition(f"{said['fix']}{colon}")
    rest, _, tell = rest.partition(f"{said['tell']}{colon}")
    why = sentences(rest)
    starts = ("What points to this cause:", "判断依据：")
    because = next((each for each in why if each.startswith(starts)), "")
    return Passage(
        n=evidence.n,
        title=title.strip(),
        why=tuple(each for each in why if each != because),
        tell=next(iter(sentences(tell)), ""),
        because=because,
        fix=tuple(sentences(fix)),
        cause=bool(fix),
    )


def _cut(text: str) -> Iterator[str]:
    covered = _CODE.sub(lambda code: "`" + "_" * (len(code[0]) - 2) + "`", text)
    start = 0
    listed = _BULLET.match(text.strip()) is not None
    for end in _END.finditer(covered):
        if end[0].strip() == "-" and not listed:
            continue
        yield from _codes_apart(text[start : end.start() + 1])
        start = end.end()
    yield from _codes_apart(text[start:])


def _codes_apart(sentence: str) -> Iterator[str]:
    """Code that stands as a sentence of its own, without a stop, before the next one."""
    found = _CODES.match(sentence.strip())
    if found:
        yield found[1]
        yield sentence.strip()[found.end() :]
    else:
        yield sentence


def _stripped(sentence: str) -> str:
    text = _BULLET.sub("", sentence.strip()).strip()
    text = (
        text[:-1] if text.endswith((".", "。", "：", ":", "；", ";")) and not text.endswith("...") else text
    )
    return text.strip()
