"""Builds the samples: for each point of the corpus and each case, conversations through the chat's own way,
with replies composed from their evidence and checked.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from assistant.case import build_case
from assistant.generation.model import Message
from assistant.generation.prompt import case_line, turn_block
from assistant.generation.talk import Memory
from assistant.pipeline import Engine
from assistant.reading import read
from corpus import Entry, Point
from finetune.chat_path import Asked, PromptReader, ask, ask_about, comes_from, remember, supported
from finetune.conversations import Message as Said
from finetune.conversations import first_messages, follow_ups, unrelated
from finetune.passages import passages
from finetune.renaming import renamed
from finetune.sample import Sample
from finetune.targets import Ask, Manner, asked_for, reply, silent

_TRIES = 5
_FACT, _SILENT, _RENAMED, _GOES_ON, _SECOND = 0.12, 0.03, 0.28, 0.24, 0.3
_OWN_WORDS = 0.5
"""Of a user's correction, the share of words that must come from the evidence."""
_PASSAGES = (4, 3, 2)
"""How often a prompt has one passage, two, or all: short prompts are learnt from at less cost."""
_ABOUT = {"gpu": r"(?i)\bgpu|memory|\bcuda\b|bf16|显存|显卡", "model": r"(?i)\bmodel|模型"}
_PACKAGES = ("transformers", "torch", "peft", "bitsandbytes", "accelerate", "trl")
_CHINESE = 0.82
"""How often a point is taken in Chinese, to one time in English."""


@dataclass
class Builder:
    """What building needs, and the counts of what was left out, by reason. `topics` says which topics a
    sample may be about; with `strict` no passage of another may stand in it either."""

    core: Engine
    reader: PromptReader
    topics: Callable[[str], bool]
    random: Random
    strict: bool = True
    left_out: Counter[str] = field(default_factory=Counter)

    def from_corpus(self, rounds: int, step: Callable[[int, int], None], most: int = 0) -> Iterator[Sample]:
        """`rounds` times around the corpus, both languages; only `most` of its points, if that is not 0."""
        points = [
            (entry, point)
            for entry in self.core.corpus.entries
            if self.topics(entry.topic)
            for point in entry.points
        ]
        points = self.random.sample(points, min(most, len(points))) if most else points
        for number in range(rounds):
            self.random.shuffle(points)
            for place, (entry, point) in enumerate(points):
                for lang in ("en", "zh"):
                    if lang == "zh" and self.random.random() > _CHINESE:
                        continue
                    yield from self._about(entry, point, lang, f"{entry.id}.{point.id}.{lang}.{number}")
                step(number * len(points) + place + 1, rounds * len(points))

    def from_turns(self, turns: Sequence[str], name: str) -> Iterator[Sample]:
        """A conversation that somebody had, from its messages."""
        memory = Memory()
        for last in range(1, len(turns) + 1):
            asked = ask(self.reader, self.core, turns[:last], memory)
            made = self._sample(asked, asked_for(turns[last - 1]), "case", f"{name}.{last}")
            if made is None:
                return
            remember(memory, asked, made.reply)
            yield made

    def corrected(self, turns: Sequence[str], correction: str, name: str) -> Iterator[Sample]:
        """A conversation whose last reply a user corrected, if the evidence supports the correction."""
        asked = ask(self.reader, self.core, turns, Memory())
        if asked.answer.abstained or not (
            supported(correction, asked) and comes_from(correction, asked, _OWN_WORDS)
        ):
            self.left_out["a correction that the evidence does not support"] += 1
            return
        made = self._sample(asked, "first", "corrected", name)
        if made:
            yield replace(made, messages=(*asked.messages, Message("assistant", correction)))

    def _about(self, entry: Entry, point: Point, lang: str, name: str) -> Iterator[Sample]:
        messages = list(first_messages(entry, point, lang, self.random))
        for place, said in enumerate(self.random.sample(messages, min(2, len(messages)))):
            memory = Memory()
            asked = self._asked([said.text], entry, point, memory, lang)
            made = self._sample(asked, said.ask, said.kind, f"{name}.{place}")
            if made is None:
                continue
            yield made
            yield from self._changed(made, asked)
            if self.random.random() < _GOES_ON:
                yield from self._goes_on(asked, made, memory, lang)

    def _asked(self, turns: Sequence[str], entry: Entry, point: Point, memory: Memory, lang: str) -> Asked:
        """The prompt as the core makes it; where it would answer from another entry, from this one, so that
        every point is learnt from."""
        most = self.random.choices((1, 2, 9), _PASSAGES)[0]
        asked = ask(self.reader, self.core, turns, memory, most)
        if asked.answer.entry == entry.id and asked.case.lang == lang:
            return asked
        return ask_about(self.reader, self.core, turns, entry, point, memory, most)

    def _goes_on(self, asked: Asked, made: Sample, memory: Memory, lang: str) -> Iterator[Sample]:
        turns = asked.turns
        for _ in range(2):
            remember(memory, asked, made.reply)
            said = follow_ups(lang, self.random)
            turns = (*turns, said.text)
            asked = ask(self.reader, self.core, turns, memory, 2)
            if asked.answer.abstained:
                return
            following = self._sample(asked, said.ask, said.kind, f"{made.id}+")
            if following is None:
                return
            made = following
            yield made
            if self.random.random() > _SECOND:
                return

    def _changed(self, made: Sample, asked: Asked) -> Iterator[Sample]:
        """The same evidence under a question that it does not answer, or with other names, at times."""
        if self.random.random() < _SILENT:
            yield self._silent(made, asked, unrelated(made.lang, self.random))
        if self.random.random() < _RENAMED and (other := renamed(made, self.random)):
            yield other

    def _silent(self, made: Sample, asked: Asked, said: Said) -> Sample:
        case = build_case([read(said.text)], made.lang)
        block = turn_block(case, asked.evidence, small=True)
        messages = (
            made.messages[0],
            Message("user", block),
            Message("assistant", silent(made.lang, self.random)),
        )
        return Sample(
            f"{made.id}-",
            made.lang,
            said.kind,
            made.topic,
            made.entries,
            messages,
            made.evidence,
            (said.text,),
        )

    def _sample(self, asked: Asked, wanted: Ask, kind: str, name: str) -> Sample | None:
        if asked.answer.abstained:
            self.left_out["the core abstains"] += 1
            return None
        passages = (each.passage.partition("#")[0] for each in asked.answer.citations)
        # what was computed for the case (a plan, a check) is of no entry
        entries = tuple(dict.fromkeys(each for each in passages if each in self.core.corpus.by_id))
        cited = [self.core.corpus.by_id[each].topic for each in entries]
        if not all(map(self.topics, cited if self.strict else cited[:1])):
            self.left_out["another topic is cited"] += 1
            return None
        text = self._reply(asked, wanted)
        if not text:
            self.left_out["no reply passed the checks"] += 1
            return None
        return Sample(
            id=name,
            lang=asked.case.lang,
            kind=kind,
            topic=asked.answer.topic or "",
            entries=entries,
            messages=(*asked.messages, Message("assistant", text)),
            evidence={each.n: each.text for each in asked.evidence},
            turns=asked.turns,
        )

    def _reply(self, asked: Asked, wanted: Ask) -> str:
        """A reply that the checks let stand: worded freely at first, plainly where that fails."""
        found = passages(asked.answer, asked.evidence)
        fact = self._fact(asked) if self.random.random() < _FACT else ""
        for attempt in range(_TRIES):
            manner = Manner(asked.case.lang, loose=attempt < _TRIES - 1, fact=fact if attempt < 2 else "")
            text = reply(found, wanted, manner, self.random)
            if text and supported(text, asked):
                return text
        return ""

    def _fact(self, asked: Asked) -> str:
        """Something of the case that belongs to what the evidence is about, as a reply may name it."""
        text = asked.evidence[0].text if asked.evidence else ""
        found = []
        for part in case_line(asked.case).split(", "):
            name, _, value = part.partition(" ")
            if name in _ABOUT and re.search(_ABOUT[name], text):
                found.append(value)
            elif name in _PACKAGES and name in text:
                found.append(part)
        return self.random.choice(found) if found else ""


def unique(samples: Iterable[Sample], most: int = 3) -> Iterator[Sample]:
    """The samples without those that say the same to the same, and each reply a few times at most."""
    seen: set[tuple[str, str]] = set()
    replies: Counter[str] = Counter()
    for sample in samples:
        key = (sample.prompt, sample.reply)
        replies[sample.reply] += sample.kind != "silent"
        if key not in seen and replies[sample.reply] <= most:
            seen.add(key)
            yield sample
