"""The second half of the flow, to be read aloud: the grounded answer and the conversation make a
prompt, the model writes, each sentence is checked, and what passes is shown.

    for reply in explain(host, engine, turns, answer, options, "visitor", threading.Event(), Memory()):
        print(reply.markdown)

The grounded answer is complete without this; an abstention is never talked over.
"""

import threading
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from functools import partial

from assistant.answering import Answer
from assistant.briefing import Talk, briefing, tool_context
from assistant.case import build_case
from assistant.generation.host import ModelHost, Stream
from assistant.generation.model import Finished, Job
from assistant.generation.model import Generator as Model
from assistant.generation.prompt import asked, known_texts
from assistant.generation.reply import Reply, ReplyWriter
from assistant.generation.silence import gives_up, opening
from assistant.generation.talk import Memory, Said
from assistant.generation.turnstile import Waiting
from assistant.pipeline import Engine, Options
from assistant.reading import read
from assistant.tools import Context, Step, with_tools

Generated = Generator[Reply, None, None]
_SHOWN_EVERY = 0.08
"""Seconds between two looks at a reply in which nothing was completed: what is shown word by word goes on."""
_QUESTION = 1_500


def explain(
    host: ModelHost,
    engine: Engine,
    turns: Sequence[str],
    answer: Answer,
    options: Options,
    visitor: str,
    cancelled: threading.Event,
    memory: Memory,
    *,
    go_on: bool = False,
) -> Iterator[Reply]:
    """Yields the reply to the last of `turns` as it grows; nothing where there is no model or the answer
    abstains. `answer` is the grounded answer to it; `go_on` continues the reply that hit its limit."""
    generator = host.generator
    if generator is None or answer.abstained:
        return
    talk = _talk(generator, turns, answer, options)
    job, evidence = briefing(generator, engine, talk, memory)
    before = memory.find(talk.manner, turns) if go_on else None
    begin = Reply(
        generator.name,
        generator.adapter if job.adapter else None,
        generator.quantization,
        talk.case.lang,
        evidence,
    )

    def write(begun: str) -> "tuple[ReplyWriter, Generated]":
        writer = ReplyWriter(
            begin,
            small=generator.small,
            question=asked(talk.case, _QUESTION),
            known=known_texts(talk.case, answer),
            against=answer.markdown,
            addresses=frozenset(citation.source for citation in answer.citations if citation.source),
        )
        writer.add(begun)
        stream = partial(_stream, replace(job, begun=begun), tool_context(engine, talk), cancelled)
        return writer, _written(host, stream, writer, visitor, cancelled)

    writer, replies = write(before.raw if before else "")
    yield writer.reply
    for reply in replies:
        if reply.finished and generator.small and evidence and gives_up(reply) and not go_on:
            # the core has an answer, or the model would not have been asked
            replies.close()  # gives the device back
            writer, replies = write(opening(answer, evidence))
            yield from replies
            break
        yield reply
    said = Said(job.messages[-1].content, writer.reply.kept, writer.reply.raw)
    memory.keep(talk.manner, turns, said)


def _written(
    host: ModelHost,
    stream: "Stream[str | Step | Finished]",
    writer: ReplyWriter,
    visitor: str,
    cancelled: threading.Event,
) -> Generated:
    """Lets the model write and yields the reply each time that something of it is new, and at least as often as
    a screen wants to be drawn."""
    shown = time.monotonic()
    for new in host.write(stream, visitor, cancelled):
        if isinstance(new, Waiting):
            yield replace(writer.reply, waiting=new.before, waiting_seconds=new.seconds)
        elif isinstance(new, Step):
            writer.add_step(new)
            yield writer.reply
        elif isinstance(new, Finished):
            yield writer.close(replace(new, stopped="end") if writer.looping else new)
        else:
            completed = writer.add(new)
            if writer.looping:
                cancelled.set()
            if completed or time.monotonic() - shown > _SHOWN_EVERY:
                shown = time.monotonic()
                yield writer.reply


def _stream(
    job: Job, context: Context, cancelled: threading.Event, generator: Model
) -> "Iterator[str | Step | Finished]":
    if generator.tools and not generator.small:
        return with_tools(generator, job, context, cancelled)
    return generator.stream(job, cancelled)


def _talk(generator: Model, turns: Sequence[str], answer: Answer, options: Options) -> Talk:
    case = build_case([read(turn) for turn in turns], options.lang, options.machine, options.facts)
    return Talk(tuple(turns), case, answer, options, manner_of(generator, options))


def manner_of(generator: Model, options: Options) -> str:
    """What replies depend on beside the messages: the model, its adapter, the language, the machine and what the
    user set right."""
    facts = tuple(sorted((options.facts or {}).items(), key=str))
    parts = (generator.name, generator.adapter, options.adapter, options.lang, options.machine, facts)
    return "|".join([*map(str, parts[:4]), str(hash(parts[4:]))])
