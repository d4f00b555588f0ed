"""Lets a model answer conversations through the chat's own way, and measures each reply."""

import re
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.case import build_case
from assistant.explain import explain
from assistant.generation.host import ModelHost
from assistant.generation.model import Job, Sampling
from assistant.generation.presets import sampling
from assistant.generation.prompt import asked, known_texts
from assistant.generation.reply import Reply
from assistant.generation.silence import says_silent
from assistant.generation.talk import Memory
from assistant.grounding import check
from assistant.pipeline import Engine, Options, answer_turns
from assistant.reading import read
from finetune.passages import passages
from finetune.sample import Sample
from finetune.scoring import Score, score

_QUESTION = 1_500


@dataclass(frozen=True, slots=True)
class Contestant:
    """A model with an adapter ("none" for without), under the name that the tables show."""

    name: str
    model: str
    adapter: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A conversation's last turn as a contestant answered it."""

    id: str
    turns: tuple[str, ...]
    lang: str
    topic: str
    evidence: tuple[str, ...]
    raw: str
    shown: str
    folded: str
    score: Score


@contextmanager
def ready(contestant: Contestant, cache: Path) -> Iterator[ModelHost]:
    """The contestant's model, loaded as the chat loads it. Raises UserError (code 3)."""
    from assistant.errors import UserError
    from assistant.generation.choice import loader

    host = ModelHost()
    host.use(*loader(contestant.model, contestant.adapter, cache))
    status = host.wait()
    if status.state == "failed":
        raise UserError(status.reason, 3)
    try:
        yield host
    finally:
        host.close()


def answer(
    host: ModelHost, core: Engine, name: str, turns: Sequence[str], options: Options
) -> Answered | None:
    """The reply to the last of a conversation's messages, the earlier ones answered before it; None where
    the core abstains."""
    memory = Memory()
    reply: Reply | None = None
    grounded = answer_turns(core, turns, options)
    for last in range(1, len(turns) + 1):
        grounded = answer_turns(core, turns[:last], options)
        said = explain(host, core, turns[:last], grounded, options, "", threading.Event(), memory)
        reply = next(iter(deque(said, maxlen=1)), None)
    if reply is None or reply.finished is None:
        return None
    case = build_case([read(turn) for turn in turns], options.lang)
    by_number = {each.n: each.text for each in reply.evidence}
    texts = [by_number.get(n, "") for n in range(1, max(by_number, default=0) + 1)]
    known = known_texts(case, grounded)
    question = asked(case, _QUESTION)
    raw = check(reply.raw, texts, question, known, grounded.markdown)
    shown = check(reply.markdown, texts, question, known, grounded.markdown)
    found = passages(grounded, reply.evidence)
    return Answered(
        id=name,
        turns=tuple(turns),
        lang=case.lang,
        topic=grounded.topic or "",
        evidence=tuple(f"[{each.n}] {each.text}" for each in reply.evidence),
        raw=reply.raw,
        shown=reply.markdown,
        folded=reply.folded or "",
        score=score(reply, raw, shown, found[0] if found else None),
    )


def silence(host: ModelHost, samples: Sequence[Sample], step: Callable[[int, int], None]) -> float | None:
    """Of prompts whose evidence does not answer them, the share that is answered by saying so; None where
    there are no such prompts."""
    chosen = [sample for sample in samples if sample.kind.startswith("silent")]
    generator = host.generator
    if not chosen or generator is None:
        return None
    right = 0
    greedy: Sampling = replace(sampling("factual", "short", None), repetition_penalty=1.0)
    for place, sample in enumerate(chosen, 1):
        job = Job(sample.messages[:-1], greedy)
        said = "".join(each for each in generator.stream(job, threading.Event()) if isinstance(each, str))
        right += says_silent(said)
        step(place, len(chosen))
    return right / len(chosen)


def is_conversation(turns: Sequence[str]) -> bool:
    """Whether there is anything to answer."""
    return bool(turns) and all(re.search(r"\S", turn) for turn in turns)
