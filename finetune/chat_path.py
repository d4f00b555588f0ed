"""The chat's own way from messages to a prompt, for data sets: the core answers, `briefing` writes the
prompt for the reply, and what was replied is remembered for the next turn.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.answering import Answer, compose
from assistant.briefing import Talk, briefing
from assistant.case import Case, build_case
from assistant.generation.evidence import Evidence
from assistant.generation.model import Finished, Generator, Job, Message
from assistant.generation.prompt import asked, known_texts
from assistant.generation.talk import Memory, Said
from assistant.grounding import check
from assistant.pipeline import Engine, Options, answer_turns, load_engine, rank_case
from assistant.reading import read
from corpus import Entry, Point
from finetune.words import covered

_MANNER = "data set"
_QUESTION = 1_500
_WIDE = re.compile(r"[\u2e80-\u9fff\uff00-\uffef]")


@dataclass(frozen=True, slots=True)
class PromptReader:
    """Stands where the chat has its model, of which a prompt needs the size alone."""

    count: Callable[[str], int]
    name: str = _MANNER
    adapter: str | None = None
    quantization: str = "none"
    context: int = 4_096
    small: bool = True
    tools: bool = False

    def stream(self, job: Job, cancelled: object) -> object:
        return iter((Finished("error", error="only prompts are made here"),))

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A message on its way through the chat: the case, the grounded answer, the prompt, and the evidence
    in it."""

    turns: tuple[str, ...]
    case: Case
    answer: Answer
    messages: tuple[Message, ...]
    evidence: tuple[Evidence, ...]


def engine(cache: Path) -> Engine:
    """The core with the index of the cache folder, if one is there and fits the corpus."""
    from index import load, state

    made = load_engine(cache)
    folder = cache / "index"
    index = load(folder) if state(folder, made.corpus).status == "fresh" else None
    return Engine(made.corpus, made.patterns, lambda: index, made.cache)


def ask(reader: PromptReader, core: Engine, turns: Sequence[str], memory: Memory, most: int = 9) -> Asked:
    """The prompt for the reply to the last of the user's messages, with `most` passages at most."""
    return _asked(reader, core, turns, answer_turns(core, turns), memory, most)


def ask_about(
    reader: PromptReader,
    core: Engine,
    turns: Sequence[str],
    entry: Entry,
    point: Point,
    memory: Memory,
    most: int = 9,
) -> Asked:
    """As `ask`, with the answer made from this point whatever the core would have chosen."""
    case = build_case([read(turn) for turn in turns])
    ranking = rank_case(core, case)
    found = next((each.diagnosis for each in ranking.candidates if each.diagnosis.entry.id == entry.id), None)
    if found is None:
        from assistant.diagnosis import Diagnosis
        from assistant.diagnosis.model import PointMatch

        found = Diagnosis(entry, tuple(PointMatch(each) for each in entry.points))
    meant = next(each for each in found.points if each.point.id == point.id)
    rivals = [found.at(each) for each in found.points if each is not meant]
    answer = compose(case, found.at(meant), rivals, 0.9, "signature" if found.signature else "retrieval")
    return _asked(reader, core, turns, answer, memory, most)


def remember(memory: Memory, asked: Asked, reply: str) -> None:
    """Keeps a reply for the prompt of the next turn."""
    memory.keep(_MANNER, asked.turns, Said(asked.messages[-1].content, reply, reply))


def supported(reply: str, asked: Asked) -> bool:
    """Whether the chat's checks would let every sentence of a reply stand."""
    by_number = {each.n: each.text for each in asked.evidence}
    texts = [by_number.get(n, "") for n in range(1, max(by_number, default=0) + 1)]
    known = known_texts(asked.case, asked.answer)
    checked = check(reply, texts, asked_text(asked), known, asked.answer.markdown)
    return all(each.supported and not each.contradicts for each in checked.sentences)


def comes_from(reply: str, asked: Asked, share: float) -> bool:
    """Whether at least this share of a reply's words stands in its evidence: for texts that others wrote,
    beside the checks."""
    return covered(reply, " ".join(each.text for each in asked.evidence)) >= share


def asked_text(asked_: Asked) -> str:
    """What the user asks, as the checks see it."""
    return asked(asked_.case, _QUESTION)


def estimated(text: str) -> int:
    """Tokens of a text, about: for where no tokenizer is at hand."""
    wide = len(_WIDE.findall(text))
    return int(wide / 1.6 + (len(text) - wide) / 3.3) + 1


def _asked(
    reader: PromptReader, core: Engine, turns: Sequence[str], answer: Answer, memory: Memory, most: int
) -> Asked:
    answer = replace(answer, statements=answer.statements[:most])
    case = build_case([read(turn) for turn in turns])
    talk = Talk(tuple(turns), case, answer, Options(), _MANNER)
    generator: Generator = reader  # type: ignore[assignment]
    job, evidence = briefing(generator, core, talk, memory)
    return Asked(tuple(turns), case, answer, job.messages, evidence)
