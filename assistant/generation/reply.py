"""A reply as it grows: what the model wrote, sentence by sentence, after the checks.

Supported sentences are kept, with a citation by our code where the model gave none. An unsupported
one is marked, or left out where the model is small; one that contradicts the grounded answer, or
that the reply has already said, is left out. At the end a reply of which too little is supported is
folded. Nothing that was not checked is ever in `markdown`.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from assistant.generation.evidence import Evidence
from assistant.generation.harmless import harmless
from assistant.generation.model import Finished
from assistant.generation.words import words
from assistant.grounding import Checked, Grounded, SentenceStream, fold_reason, fold_text, why_text
from assistant.tools import Step

_CITATION = re.compile(r"\s?(?:\[|【)\s?(\d{1,3}(?:\s?[,，、]\s?\d{1,3})*)\s?(?:\]|】)")
_CODE = re.compile(r"(```.*?(?:```|\Z)|`[^`\n]*`)", re.DOTALL)
_END = re.compile(r"([.!?。！？:：]?\s*)\Z")
_WHOLE = re.compile(r"(?:[.!?。！？…]|```)[\s)\]）\"”』」]*(?:\s?[\[【]\d+[\]】][.。]?)?\s*\Z")
_REPEATS = 2
_LEAD = re.compile(r"^\s*(?:[-*]\s+)?[^`:：.。\n]{1,40}[:：]\s*")
_TELLING = 12
"""Letters from which what follows a lead is a sentence of its own."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A sentence that is not supported: its text, and why."""

    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What is known of a reply so far. `markdown` is what people see, checked; `kept` the model's own
    words that were kept; `grounded` the share of its claims that the evidence supports; `folded` the
    reason why it should be shown folded, if it should."""

    model: str
    adapter: str | None
    quantization: str
    lang: str
    evidence: tuple[Evidence, ...]
    markdown: str = ""
    kept: str = ""
    raw: str = ""
    folded: str | None = None
    citations: tuple[int, ...] = ()
    removed_citations: int = 0
    flagged: tuple[Flag, ...] = ()
    notes: tuple[str, ...] = ()
    grounded: float = 1.0
    steps: tuple[Step, ...] = ()
    waiting: int = 0
    waiting_seconds: float = 0.0
    finished: Finished | None = None


class ReplyWriter:
    """Builds one Reply from the text of a model. `addresses` may stay as they are."""

    def __init__(
        self,
        begin: Reply,
        *,
        small: bool,
        question: str = "",
        known: Sequence[str] = (),
        against: str = "",
        addresses: frozenset[str] = frozenset(),
    ) -> None:
        self.reply = begin
        self.looping = False
        self._small = small
        self._addresses = addresses
        self._numbers = {each.n for each in begin.evidence}
        self._stream = SentenceStream(_passages(begin.evidence), question, known, against)
        self._checked: list[Checked] = []
        self._said: Counter[str] = Counter()
        self._raw = ""
        self._kept = ""
        self._markdown = ""
        self._end = 0
        self._flags: list[Flag] = []
        self._dropped: list[str] = []
        self._cited: dict[int, None] = {}
        self._removed = 0
        self._cut = False

    def add(self, text: str) -> bool:
        """Takes new text; returns whether a sentence was completed."""
        self._raw += text
        return self._take(self._stream.feed(text))

    def add_step(self, step: Step) -> None:
        """Notes a tool that is used; what it found is evidence from then on."""
        steps = {each.id: each for each in self.reply.steps}
        found = [
            Evidence(each.n, f"{each.title}: {each.text}")
            for each in (step.result.citations if step.result else ())
            if each.n not in self._numbers
        ]
        self._numbers |= {each.n for each in found}
        evidence = (*self.reply.evidence, *found)
        self._stream.extend(_passages(evidence))
        self.reply = replace(self.reply, steps=(*{**steps, step.id: step}.values(),), evidence=evidence)

    def close(self, finished: Finished) -> Reply:
        """Takes the end of the reply, and decides whether it is folded."""
        self._cut = finished.stopped == "length"
        self._take(self._stream.close())
        grounded = Grounded(tuple(self._checked), _share(self._checked))
        key = fold_reason(grounded)
        said = words(self.reply.lang)
        folded = fold_text(key, grounded.share, self.reply.lang) if key else None
        says_nothing = not any(each.claim and each.supported for each in self._checked)
        stopped = finished.stopped == "user" and not self.looping
        if (
            not folded
            and not stopped
            and self._raw.strip()
            and (not self._kept.strip() or (self._small and says_nothing))
        ):
            folded, grounded = said["nothing_left"], Grounded(grounded.sentences, 0.0)
        self.reply = replace(
            self._now(), folded=folded, finished=finished, notes=tuple(self._notes()), grounded=grounded.share
        )
        return self.reply

    def _take(self, sentences: Sequence[Checked]) -> bool:
        for checked in sentences:
            self._add_sentence(checked)
        if sentences:
            self.reply = self._now()
        return bool(sentences)

    def _now(self) -> Reply:
        return replace(
            self.reply,
            markdown=harmless(self._markdown, self._addresses).strip(),
            kept=self._kept.strip(),
            raw=self._raw,
            citations=tuple(self._cited),
            removed_citations=self._removed,
            flagged=tuple(self._flags),
            grounded=_share(self._checked),
        )

    def _add_sentence(self, checked: Checked) -> None:
        between = self._raw[self._end : checked.start]
        self._end = checked.end
        same = _substance(checked.text)
        if same and same in _rules():  # a model that repeats what it was told says nothing
            return
        self._said[same] += bool(same)
        if same and self._said[same] > 1:
            self.looping = self.looping or self._said[same] > _REPEATS
            return
        self._checked.append(checked)
        lang = self.reply.lang
        if checked.contradicts:
            self._flag(checked, words(lang)["contradicted"])
            return
        text, removed = self._with_citations(checked)
        self._removed += removed
        if checked.supported:
            self._kept += between + checked.text
            self._markdown += between + text
            return
        why = re.sub(r"[\[\]*_`<>]", "", why_text(checked, lang))
        if self._small:
            self._flag(checked, why)
            return
        self._flags.append(Flag(checked.text.strip(), why))
        self._kept += between + checked.text
        self._markdown += f"{between}{text} {words(lang)['mark'].format(why=why)}"

    def _flag(self, checked: Checked, why: str) -> None:
        self._flags.append(Flag(checked.text.strip(), why))
        self._dropped.append(why)

    def _with_citations(self, checked: Checked) -> tuple[str, int]:
        """The sentence with its citations as `[n]`, those to nothing taken out, and one by our code where
        a supported claim has none; and how many were taken out."""
        removed = 0

        def written(match: re.Match[str]) -> str:
            nonlocal removed
            numbers = [int(each) for each in re.findall(r"\d+", match[1])]
            valid = [number for number in numbers if number in self._numbers]
            removed += len(numbers) - len(valid)
            self._cited.update(dict.fromkeys(valid))
            return "".join(f" [{number}]" for number in dict.fromkeys(valid))

        parts = _CODE.split(checked.text)
        text = "".join(part if n % 2 else _CITATION.sub(written, part) for n, part in enumerate(parts))
        if self._cut and "```" not in text and not _WHOLE.search(text):
            return _cut_off(text), removed
        missing = checked.claim and checked.supported and not checked.cited
        if (
            missing
            and checked.evidence in self._numbers
            and not checked.text.rstrip().endswith(("```", "~~~"))
        ):
            self._cited[int(checked.evidence or 0)] = None
            text = _END.sub(rf" [{checked.evidence}]\1", text, count=1)
        return text, removed

    def _notes(self) -> list[str]:
        said = words(self.reply.lang)
        if not self._dropped:
            return []
        comma = "；" if self.reply.lang == "zh" else "; "
        why = comma.join(dict.fromkeys(self._dropped))
        count = len(self._dropped)
        return [said["left_out_one" if count == 1 else "left_out"].format(count=count, why=why)]


def _cut_off(text: str) -> str:
    """A sentence that the limit cut: no code is left open, and no number stands for what is not said yet."""
    text = text.rstrip()
    if text.count("`") % 2:
        text = text[: text.rfind("`")]
    return f"{text.rstrip(' ,，、:：;；(（')} …"


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", _CITATION.sub("", text)).lower()


def _substance(text: str) -> str:
    """A sentence's letters without what leads up to it ("The reason: …"): the same said twice is one."""
    rest = _letters(_LEAD.sub("", text, count=1))
    return rest if len(rest) >= _TELLING else _letters(text)


@cache
def _rules() -> str:
    """What the prompt tells the model, in all languages, as letters."""
    return "|".join(_letters(words(lang)[name]) for lang in ("en", "zh") for name in ("rules", "system"))


def _passages(evidence: Sequence[Evidence]) -> list[str]:
    """The texts as the checker counts them, from 1: gaps in our numbers become empty passages."""
    texts = {each.n: each.text for each in evidence}
    return [texts.get(n, "") for n in range(1, max(texts, default=0) + 1)]


def _share(checked: Sequence[Checked]) -> float:
    claims = [each for each in checked if each.claim]
    return round(sum(each.supported for each in claims) / len(claims), 3) if claims else 1.0
