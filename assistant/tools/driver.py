"""Lets a model use tools while it writes a reply: runs its calls, gives it the results, lets it go on."""

import json
import threading
from collections.abc import Generator as Stream
from collections.abc import Mapping
from dataclasses import dataclass, replace

from assistant.generation.model import Finished, Generator, Job, Lexicon, Message, ToolCall
from assistant.tools.model import Context, Step, Tool, ToolResult
from assistant.tools.run import run_call
from assistant.tools.screen import Screen
from assistant.tools.table import TOOLS, schemas
from assistant.tools.words import words

CALLS = 4
"""Calls that one reply may make."""
_SHOWN = 80


def with_tools(
    generator: Generator,
    job: Job,
    context: Context,
    cancelled: threading.Event,
    tools: Mapping[str, Tool] = TOOLS,
) -> Stream[str | Step | Finished]:
    """Writes a reply as `generator.stream` does, with Steps between: each call when it begins, and again
    with its result. `job` needs no tools of its own. One Finished comes last, for the whole reply."""
    job = replace(job, tools=schemas(tools))
    round_ = _Round(job, context)
    total: Finished | None = None
    said = ""
    while True:
        screen = Screen(tools, getattr(generator, "tokenizer", None))
        finished = yield from _written(generator, round_.job, screen, cancelled, apart=said[-1:].strip())
        said += screen.said
        total = finished if total is None else _sum(total, finished)
        if finished.stopped != "end" or not finished.calls or not round_.job.tools:
            yield replace(total, calls=())
            return
        results = []
        for number, call in enumerate(finished.calls):
            if cancelled.is_set():
                yield replace(total, stopped="user", calls=())
                return
            step = _step(f"{len(round_.made)}.{number}", call, tools, round_.context.lang)
            result = round_.refused(call)
            if result is None:
                yield step
                result = run_call(call, round_.context, cancelled, tools)
                round_ = round_.after(call, result)
                yield replace(
                    step,
                    status="done" if result.ok else "failed",
                    short=result.short,
                    seconds=result.seconds,
                    result=result,
                )
            results.append(result)
        round_ = round_.going_on(screen.said, finished.calls, results)


@dataclass(frozen=True)
class _Round:
    """Where a reply stands: the job as it is now, and the calls that were made."""

    job: Job
    context: Context
    made: tuple[tuple[str, str], ...] = ()

    def refused(self, call: ToolCall) -> ToolResult | None:
        """The result of a call that is not run: made before, or one too many."""
        said = words(self.context.lang)
        if len(self.made) >= CALLS:
            return ToolResult(call.name, said["model_enough"], "", ok=False)
        if _key(call) in self.made:
            return ToolResult(call.name, said["model_again"], "", ok=False)
        return None

    def after(self, call: ToolCall, result: ToolResult) -> "_Round":
        known = {each.passage for each in self.context.citations}
        new = tuple(each for each in result.citations if each.passage not in known)
        context = replace(self.context, citations=(*self.context.citations, *new))
        lexicon = self.job.lexicon
        if lexicon:
            numbers = tuple(each.n for each in new)
            lexicon = Lexicon((*lexicon.texts, result.text), (*lexicon.citations, *numbers))
        return _Round(replace(self.job, lexicon=lexicon), context, (*self.made, _key(call)))

    def going_on(self, said: str, calls: tuple[ToolCall, ...], results: list[ToolResult]) -> "_Round":
        """The job of the next part: what was said and called, and what came of it, are in its messages.
        Without tools once there were enough calls, or none of them led anywhere new."""
        # ids are ours: what a model or a parser gave may be empty, or the same in every round
        calls = tuple(
            replace(call, id=f"call_{len(self.job.messages)}_{number}") for number, call in enumerate(calls)
        )
        messages = (
            *self.job.messages,
            Message("assistant", self.job.begun + said, calls=calls),
            *(
                Message("tool", result.text, name=call.name, call=call.id)
                for call, result in zip(calls, results, strict=True)
            ),
        )
        enough = len(self.made) >= CALLS or not any(result.short for result in results)
        job = replace(self.job, messages=messages, begun="", tools=() if enough else self.job.tools)
        return replace(self, job=job)


def _written(
    generator: Generator, job: Job, screen: Screen, cancelled: threading.Event, apart: str
) -> Stream[str, None, Finished]:
    """One part of the reply, without the markup of calls; returns its end, with all calls found. It
    begins a paragraph where what was said before it ends with a character, not with space (`apart`)."""
    finished = Finished("error", error="the model gave no end.")
    for item in generator.stream(job, cancelled):
        if isinstance(item, Finished):
            finished = item
        elif text := screen.feed(item):  # also where no tools are left: a model may call all the same
            yield f"\n\n{text.lstrip()}" if apart else text
            apart = ""
    rest, calls = screen.end()
    if rest:
        yield f"\n\n{rest.lstrip()}" if apart else rest
    return replace(finished, calls=(*finished.calls, *calls))


def _step(id_: str, call: ToolCall, tools: Mapping[str, Tool], lang: str) -> Step:
    said = words(lang)
    tool = tools.get(call.name)
    shown = _shown(call, tool) if tool else ""
    named = tool is not None and call.name in said and (shown or not tool.shown)
    title = said[call.name if named else "other"]
    return Step(id_, call.name, title.format(name=call.name[:_SHOWN], shown=shown), "running")


def _shown(call: ToolCall, tool: Tool) -> str:
    try:
        value = json.loads(call.arguments).get(tool.shown)
    except (ValueError, AttributeError, RecursionError):
        return ""
    text = " ".join(str(value).split()) if value else ""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _key(call: ToolCall) -> tuple[str, str]:
    try:
        return call.name, json.dumps(json.loads(call.arguments), sort_keys=True)
    except (ValueError, RecursionError):
        return call.name, call.arguments


def _sum(before: Finished, now: Finished) -> Finished:
    """The figures of two parts of a reply: the last prompt counts, and what was written adds up."""
    seconds = sum(each.new_tokens / each.tokens_per_s for each in (before, now) if each.tokens_per_s > 0)
    new = before.new_tokens + now.new_tokens
    return replace(
        now,
        new_tokens=new,
        first_token_ms=before.first_token_ms,
        tokens_per_s=round(new / seconds, 1) if seconds else 0.0,
    )
