"""What is measured of one reply, before and after the chat's checks."""

import re
from dataclasses import dataclass

from assistant.generation.reply import Reply
from assistant.grounding import Grounded
from finetune.passages import Passage
from finetune.words import covered

_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_CITATION = re.compile(r"\[(\d{1,3})\]")
_CJK = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]{2,}")
_COVERED, _FIX_COVERED = 0.6, 0.7


@dataclass(frozen=True, slots=True)
class Score:
    """Before the checks: whether the reply ended by itself, is in the right language, cites, cites only
    what was given; its sentences that claim something and those of them that the evidence supports; names
    that are invented; whether the first fix and its reason are in it. After them: whether all that is shown
    is supported, and whether it is folded."""

    ended: bool
    language: bool
    cites: bool
    citations_valid: bool
    claims: int
    supported: int
    invented: int
    fix: bool
    reason: bool
    shown_supported: bool
    folded: bool
    tokens: int
    tokens_per_s: float
    first_token_ms: float

    @property
    def usable(self) -> bool:
        """Right in every respect, before the checks."""
        return (
            self.ended
            and self.language
            and self.cites
            and self.citations_valid
            and self.claims > 0
            and self.claims == self.supported
            and self.fix
            and self.reason
        )


def score(reply: Reply, raw: Grounded, shown: Grounded, passage: Passage | None) -> Score:
    """The score of a reply to evidence whose first passage is `passage`."""
    ended = reply.finished
    assert ended is not None
    numbers = [int(each) for each in _CITATION.findall(_CODE.sub("", reply.raw))]
    given = {each.n for each in reply.evidence}
    claims = [each for each in raw.sentences if each.claim]
    return Score(
        ended=ended.stopped == "end",
        language=language_is(reply.raw, reply.lang),
        cites=bool(numbers),
        citations_valid=all(number in given for number in numbers),
        claims=len(claims),
        supported=sum(each.supported and not each.contradicts for each in claims),
        invented=sum(each.why in ("name", "argument", "number", "citation") for each in claims),
        fix=has_fix(reply.raw, passage),
        reason=has_reason(reply.raw, passage),
        shown_supported=all(each.supported for each in shown.sentences),
        folded=reply.folded is not None,
        tokens=ended.new_tokens,
        tokens_per_s=ended.tokens_per_s,
        first_token_ms=ended.first_token_ms,
    )


def language_is(text: str, lang: str) -> bool:
    """Whether the prose of a text is in a language; code and names do not count."""
    prose = _CODE.sub(" ", text)
    chinese, latin = len(_CJK.findall(prose)), len(_LATIN.findall(prose))
    if lang == "zh":
        return chinese >= 2 and chinese >= latin / 2
    return latin > 0 and chinese <= 0.1 * latin


def has_fix(text: str, passage: Passage | None) -> bool:
    """Whether the first step is in a text; True where the passage has none (it answers a question)."""
    if passage is None or not passage.fix:
        return True
    code = re.match(r"`([^`]+)`(?:, `[^`]+`)*\W*$", passage.fix[0])
    return covered(code[1] if code else passage.fix[0], text) >= _FIX_COVERED or _core_of(
        passage.fix[0], text
    )


def has_reason(text: str, passage: Passage | None) -> bool:
    """Whether the cause, or a sentence of why, is in a text."""
    if passage is None:
        return False
    return any(covered(each, text) >= _COVERED for each in (passage.title, *passage.why) if each)


def _core_of(step: str, text: str) -> bool:
    """A long step counts as said where its code is, and half of its words."""
    codes = re.findall(r"`([^`]+)`", step)
    return bool(codes) and codes[0] in text and covered(step, text) >= 0.45
