"""Composes replies from the evidence: what is wrong and why, the first thing to do, at times what else it
may be. Every claim is a sentence of the evidence in words of ours (frames.toml), with its number.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from finetune.passages import Passage
from finetune.wording import framed, is_closed, reworded

Ask = Literal["first", "how", "why", "tried", "other", "fact"]

_PLAIN = 0.34
"""Share of sentences that stand without a frame."""
_REWORDED = 0.2
_ROOM = {"en": 260, "zh": 120}
_LONG = {"en": 170, "zh": 85}
_CODE = 110
"""Characters of a list of code that are worth repeating: the whole stands in the grounded answer."""
_ONLY_CODE = re.compile(r"(?:`[^`]+`(?:, |、| )?)+")
_CODES_AT_END = re.compile(r"([^`]*(?:`[^`]*`[^`]+)*[:：]\s?)((?:`[^`]+`(?:, )?){2,})")
_COMMAND = re.compile(
    r"`(?:sudo |!)?(?:pip3?|python3?|export|set|hf|huggingface-cli|nvidia-smi|accelerate|torchrun|conda|apt(?:-get)?|git|curl|kill|ulimit|rm|df|du|ls|make|deepspeed|ps|lsof|docker|unset|uv|brew|wget|[A-Z_]{4,}=\S+ \w+)\b"
)
_QUESTIONS_HOW = re.compile(
    r"\bhow\b|\bfix\b|\bsolve\b|what (?:should|do|can) i|怎么(?!回事)|如何|怎样|解决|怎么办", re.IGNORECASE
)
_QUESTIONS_WHY = re.compile(
    r"\bwhy\b|\bcause\b|\breason\b|what does .* mean|为什么|为何|原因|什么意思|怎么回事", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a reply is to be worded: `loose` allows frames and rewordings, else sentences stand as they are;
    `fact` is something of the user's case that may be named."""

    lang: str
    loose: bool = True
    fact: str = ""


def asked_for(question: str) -> Ask:
    """What a first message asks for most."""
    if _QUESTIONS_WHY.search(question):
        return "why"
    return "how" if _QUESTIONS_HOW.search(question) else "first"


def reply(passages: Sequence[Passage], ask: Ask, manner: Manner, random: Random) -> str:
    """A reply from the passages, the first of which is what the core chose. "" where there is nothing to
    say beyond a title."""
    if not passages or not (passages[0].why or passages[0].fix):
        return ""
    text, room = "", _ROOM[manner.lang]
    for place, (write, needed) in enumerate(_plan(passages, ask, manner, random)):
        sentence = write()
        if not sentence:
            continue
        joined = f"{text}{'' if manner.lang == 'zh' or not text else ' '}{sentence}"
        if place and len(joined) > room and not needed:
            continue
        text = joined
    return text


def silent(lang: str, random: Random) -> str:
    """A reply for evidence that does not answer the question."""
    return framed("silent", lang, "", random) + ("。" if lang == "zh" else ".")


_Step = tuple[Callable[[], str], bool]


def _plan(passages: Sequence[Passage], ask: Ask, manner: Manner, random: Random) -> Iterator[_Step]:
    """The parts of a reply in order; each is written when it is its turn, and says whether it must stand."""
    first, rest = passages[0], passages[1:]

    with_title = not first.why or ask == "tried" or random.random() < 0.5
    # something of the case is named once, at the title or at the first step
    on_title = with_title and first.cause and ask != "tried" and random.random() < 0.4
    bare = replace(manner, fact="")

    def title() -> str:
        slot = "then" if ask == "tried" else "cause" if first.cause else "answer"
        return _said(slot, first.title, first.n, manner if on_title else bare, random, always=ask == "tried")

    def why(place: int) -> Callable[[], str]:
        slot = "more" if place else "reason" if first.cause else "detail"
        return lambda: (
            _said(slot, first.why[place], first.n, manner, random) if place < len(first.why) else ""
        )

    def fix(place: int) -> Callable[[], str]:
        return lambda: _fix(first, place, bare if on_title or place else manner, random)

    reasons: list[_Step] = [(title, True)] if with_title else []
    reasons += [(why(0), not with_title or ask == "why")]
    reasons += [(why(1), False)] if random.random() < (0.6 if not first.fix else 0.2) else []
    steps: list[_Step] = [(fix(0), True)]
    steps += [(fix(1), False)] if random.random() < 0.2 else []
    fix_first = bool(first.fix) and random.random() < {"how": 0.2, "first": 0.04, "fact": 0.12}.get(ask, 0.0)
    yield from [*steps, *reasons] if fix_first else [*reasons, *steps]
    if first.tell and random.random() < 0.1:
        yield lambda: _said("sign", first.tell, first.n, manner, random, always=True), False
    share = {"other": 1.0, "tried": 0.25}.get(ask, 0.2)
    if rest and random.random() < share:
        yield lambda: _other(rest[0], manner, random), ask == "other"


def _fix(passage: Passage, place: int, manner: Manner, random: Random) -> str:
    if place >= len(passage.fix):
        return ""
    step = passage.fix[place]
    if _ONLY_CODE.fullmatch(step):
        slot = "command" if _COMMAND.match(step) else "fix_code"
        return _said(slot, _first_codes(step), passage.n, manner, random, always=manner.loose)
    listed = _CODES_AT_END.fullmatch(step)
    if listed:
        step = f"{listed[1]}{_first_codes(listed[2])}"
    return _said(
        "fix" if place == 0 else "more", step, passage.n, manner, random, plain=0.25 if place == 0 else 1.0
    )


def _first_codes(codes: str) -> str:
    """As many pieces of a list of code as are worth repeating, at least one."""
    kept = ""
    for found in re.finditer(r"`[^`]+`(?:, |、| )?", codes):
        if kept and len(kept) + len(found[0]) > _CODE:
            break
        kept += found[0]
    return kept.rstrip(" ,、")


def _other(passage: Passage, manner: Manner, random: Random) -> str:
    head = _said(
        "other" if passage.cause else "beside", passage.title, passage.n, manner, random, always=True
    )
    if not passage.tell or random.random() < 0.3:
        return head
    space = "" if manner.lang == "zh" else " "
    return f"{head}{space}{_said('sign', passage.tell, passage.n, manner, random, always=True)}"


def _said(
    slot: str,
    text: str,
    number: int,
    manner: Manner,
    random: Random,
    *,
    always: bool = False,
    plain: float = _PLAIN,
) -> str:
    """One sentence with its number and stop."""
    if len(text) > _LONG[manner.lang]:
        text = _shorter(text, _LONG[manner.lang])
    if manner.loose and slot not in ("fix_code", "command") and random.random() < _REWORDED:
        text = reworded(text, manner.lang, random)
    if manner.fact and slot in ("fix", "cause"):
        text = framed("fact", manner.lang, text, random, manner.fact)
    elif always or (manner.loose and random.random() >= plain):
        text = framed(slot, manner.lang, text, random)
    end = "。" if manner.lang == "zh" else "."
    if text.endswith(("!", "?", "！", "？", "…")):
        end, text = text[-1], text[:-1]
    return f"{text}{'' if manner.lang == 'zh' else ' '}[{number}]{end}"


def _shorter(text: str, limit: int) -> str:
    """The beginning of a long sentence up to a semicolon or colon outside of code, if there is one."""
    for mark in re.finditer(r"[;；]", text):
        head = text[: mark.start()]
        if 25 < len(head) <= limit and is_closed(head):
            return head
    return text
