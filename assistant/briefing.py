"""What a language model is asked for one turn: evidence, prompt, sampling and the words that it may
use, made from the grounded answer, the case and the earlier turns.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answering import Answer, Statement
from assistant.case import Case, build_case
from assistant.generation.evidence import Evidence, evidence_of, shortened
from assistant.generation.model import Generator, Job, Lexicon, Sampling
from assistant.generation.presets import preset_for, sampling
from assistant.generation.prompt import Turn, fitted_block, known_texts, messages
from assistant.generation.talk import Memory, as_turn
from assistant.pipeline import Engine, Options, answer_turns
from assistant.tools import Context, call_before

_EARLIER = 3
_SMALL_ROOM, _SMALL_BLOCK = 1_100, 620
"""Tokens of a small model's whole prompt, and of one turn in it."""
_MARGIN = 64
_LOOKED_UP = 320
"""Characters of what was looked up for a small model."""
_STOPS_SMALL = (
    "\n\n\n",
    "\nQuestion:",
    "\nCase:",
    "\n问题：",
    "\n情况：",
    "<start_of_turn>",
    "<end_of_turn>",
)


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation whose last message was answered. `manner` names what its replies depend on beside
    the messages: model, adapter, language, machine."""

    turns: tuple[str, ...]
    case: Case
    answer: Answer
    options: Options
    manner: str


def briefing(
    generator: Generator, engine: Engine, talk: Talk, memory: Memory
) -> tuple[Job, tuple[Evidence, ...]]:
    """The job for the reply to a conversation's last message, and the evidence that it is given."""
    small, case = generator.small, talk.case
    chosen = sampling_of(talk.options, talk.answer, small=small)
    room = generator.context - chosen.max_new_tokens - _MARGIN
    if small:
        room = min(room, _SMALL_ROOM)
    evidence = evidence_of(talk.answer, small=small)
    if small:
        evidence = (*evidence, *_looked_up(engine, talk))
    block, evidence = fitted_block(
        case,
        evidence,
        small=small,
        count=generator.count,
        room=min(room, _SMALL_BLOCK) if small else room // 2,
    )
    earlier = _earlier(engine, talk, memory, small=small)
    prompt = messages([*earlier, Turn(block)], case.lang, small=small, count=generator.count, room=room)
    texts = (*(each.text for each in evidence), *known_texts(case, talk.answer))
    job = Job(
        prompt,
        chosen,
        Lexicon(texts, tuple(each.n for each in evidence)),
        stop=_stops(texts) if small else (),
        adapter=talk.options.adapter != "none",
    )
    return job, evidence


def _stops(texts: Sequence[str]) -> tuple[str, ...]:
    """What a small model writes when it goes on with the prompt's form; a marker that the evidence speaks of may
    be written."""
    return tuple(
        each
        for each in _STOPS_SMALL
        if not any(each.strip("\n") in text for text in texts if each.strip("\n"))
    )


def sampling_of(options: Options, answer: Answer, *, small: bool) -> Sampling:
    """The sampling that the options ask for; "auto" takes the preset that suits the input."""
    preset = options.preset
    if preset == "auto":
        preset = preset_for(answer.kind, small=small, sure=answer.basis == "signature")
    return sampling(preset, options.length, options.sampling)


def _earlier(engine: Engine, talk: Talk, memory: Memory, *, small: bool) -> list[Turn]:
    """The turns before, as the model saw them; one that it did not answer is made from what the grounded
    answer said first. Abstentions are left out."""
    turns, found = talk.turns, []
    for last in range(max(1, len(turns) - _EARLIER), len(turns)):
        said = memory.find(talk.manner, turns[:last])
        if said:
            found.append(as_turn(said))
            continue
        answer = answer_turns(engine, turns[:last], talk.options)
        if answer.statements:
            options = talk.options
            before = build_case(talk.case.turns[:last], options.lang, options.machine, options.facts)
            evidence = evidence_of(answer, small=small)
            block, _ = fitted_block(before, evidence, small=small, count=_count, room=_SMALL_BLOCK)
            found.append(Turn(block, _in_short(answer.statements[0])))
    return found


def _in_short(statement: Statement) -> str:
    return f"{statement.title}. [{statement.n}]"


def _count(text: str) -> int:
    return len(text) // 3


def tool_context(engine: Engine, talk: Talk) -> Context:
    """What the tools that a reply uses may look at."""
    return Context(engine, talk.case.lang, talk.answer.citations, talk.case, here=talk.options.here)


def _looked_up(engine: Engine, talk: Talk) -> tuple[Evidence, ...]:
    """What our own code looks up for a small model before the prompt is made, as further evidence."""
    results = call_before(talk.case.reading.prose, tool_context(engine, talk))
    return tuple(
        Evidence(each.n, shortened(f"{each.title}:\n{each.text}", _LOOKED_UP))
        for result in results
        for each in result.citations
    )
