"""What happens on the page: sending, retrying, editing, judging, and what the server says of itself."""

import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from queue import SimpleQueue
from typing import Any

import gradio as gr

from assistant.answering import Answer
from assistant.errors import UserError
from assistant.generation.fault_words import fault_in
from assistant.reading import read
from assistant.service import Service
from assistant.store import Store, StoreFault
from assistant.web.case_fields import FIELDS, with_case
from assistant.web.conversation import (
    KEPT_TURNS,
    Message,
    answer_options,
    answer_parts,
    as_typed,
    turns_of,
    user_message,
    without_answer,
)
from assistant.web.model_settings import chosen, status_line
from assistant.web.panel import panel_html
from assistant.web.replying import reply_messages
from assistant.web.running import Running
from assistant.web.uploads import UploadFault
from assistant.web.verbatim import typed
from assistant.web.words import examples, lang_of_browser, words

REASONS = ("wrong_cause", "fix_failed", "not_mine", "unclear")
"""Why an answer was of no use; with "good" and "bad" (no reason given) what a judgement can be."""

Updates = tuple[Any, ...]

_SKIPPED: Updates = (gr.skip(), gr.skip(), gr.skip(), gr.skip(), gr.skip())


class Events:
    """The handlers of one page's events; each gets what it needs from the browser."""

    def __init__(self, service: Service, store: Store) -> None:
        self.service = service
        self.store = store
        self._running = Running()
        self._answered: SimpleQueue[tuple[list[str], Answer]] = SimpleQueue()
        threading.Thread(target=self._keep_turns, name="store", daemon=True).start()

    def send(
        self, message: Mapping[str, Any], history: list[Message], lang: str, request: gr.Request, *manner: Any
    ) -> Iterator[Updates]:
        """Answers what is in the box; `manner` is what the fields of the case and the model's controls say."""
        new = user_message(message)
        if new is None:
            yield _SKIPPED
            return
        yield from self._reply([*history, new], lang, manner, request)

    def try_example(
        self, number: int, history: list[Message], lang: str, request: gr.Request, *manner: Any
    ) -> Iterator[Updates]:
        """Answers one of the examples."""
        text = examples()[number].texts[lang_of_browser(request)]
        yield from self.send({"text": text}, history, lang, request, *manner)

    def retry(
        self, history: list[Message], lang: str, request: gr.Request, *manner: Any
    ) -> Iterator[Updates]:
        """Answers the last message again."""
        yield from self._reply(without_answer(history), lang, manner, request)

    def edit(
        self, history: list[Message], lang: str, change: gr.EditData, request: gr.Request, *manner: Any
    ) -> Iterator[Updates]:
        """Answers a changed message; what followed it is gone."""
        number = _number(change.index)
        changed = user_message({"text": _edited(change.value), "files": as_typed(history[number])["files"]})
        yield from self._reply([*history[:number], *([changed] if changed else [])], lang, manner, request)

    def go_on(
        self, history: list[Message], lang: str, request: gr.Request, *manner: Any
    ) -> Iterator[Updates]:
        """Continues the model's reply that hit its limit."""
        yield from self._reply(without_answer(history), lang, manner, request, go_on=True)

    def undo(self, history: list[Message]) -> Updates:
        """Takes the last message back into the box."""
        asked = without_answer(history)
        return (asked[:-1], as_typed(asked[-1])) if asked else (history, gr.skip())

    def stop(self, request: gr.Request) -> None:
        """Ends the reply that this page is being written."""
        self._running.stop(_session(request))

    def gone(self, request: gr.Request) -> None:
        """The page was closed: nobody reads on."""
        self._running.stop(_session(request))

    def clear(self, request: gr.Request) -> Updates:
        self._running.stop(_session(request))
        return (
            panel_html(None, words()[lang_of_browser(request)]),
            gr.Row(visible=False),
            gr.Button(visible=False),
        )

    def like(self, history: list[Message], lang: str, event: gr.LikeData, request: gr.Request) -> Updates:
        """Keeps a thumb up or down at once, and asks for the reason of a thumb down."""
        number = _number(event.index)
        liked = event.liked is True
        said = self._judge(history[:number], lang, "good" if liked else "bad", request)
        if liked:
            said()
        return gr.Row(visible=not liked), number

    def give_reason(
        self, reason: str, history: list[Message], lang: str, number: int | None, request: gr.Request
    ) -> Any:
        """Keeps why the answer at a place of the chat was of no use."""
        if number is not None:
            self._judge(history[:number], lang, reason, request)()
        return gr.Row(visible=False)

    def greet(self, request: gr.Request) -> Updates:
        """What a page shows when it has been loaded."""
        return (*self.stage(request), panel_html(None, words()[lang_of_browser(request)]))

    def stage(self, request: gr.Request) -> Updates:
        """The line about the server, and whether to ask for it again."""
        browser = lang_of_browser(request)
        said = words()[browser]
        state, reason = self.service.state, self.service.reason
        model = self.service.host.status
        lines = [
            "" if self.service.ready else said[f"stage_{state}"].format(reason=reason),
            status_line(model, browser),
        ]
        busy = not self.service.ready or model.state in ("preparing", "loading")
        shown = "".join(f'<p role="status">{escape(line)}</p>' for line in lines if line)
        return shown, gr.Timer(active=busy)

    def chat(self, message: Any, lang: str, turns: list[str]) -> Iterator[tuple[str, list[str]]]:
        """Answers a message of a script: a text, or `{"text": …, "files": […]}`."""
        if lang not in ("auto", "en", "zh"):
            raise gr.Error("`lang` must be auto, en or zh.", print_exception=False)
        new = user_message(message) if isinstance(message, str | Mapping) else None
        try:
            asked = turns_of([new]) if new else [""]
        except UploadFault as fault:
            raise gr.Error(_said(fault, "zh" if lang == "zh" else "en"), print_exception=False) from None
        asked = [*turns, *asked][-KEPT_TURNS - 1 :]
        answer = self.service.answer(asked, answer_options(lang, asked, "en"))
        text = ""
        for part in answer.parts:
            text = f"{text}\n\n{part.markdown}" if text else part.markdown
            yield text, asked
        self._answered.put((asked, answer))

    def _reply(
        self,
        history: list[Message],
        lang: str,
        manner: Sequence[Any],
        request: gr.Request,
        *,
        go_on: bool = False,
    ) -> Iterator[Updates]:
        browser = lang_of_browser(request)
        number = sum(item.get("role") == "user" for item in history)
        yield history, _box(answering=True), gr.skip(), gr.Row(visible=False), gr.Button(visible=False)
        panel, shown = panel_html(None, words()[browser]), history
        try:
            turns = turns_of(history)
            options = with_case(answer_options(lang, turns, browser), self.service.here, manner[:FIELDS])
            for text, answer in answer_parts(self.service, turns, options, number):
                panel = panel_html(answer, words()[answer.lang], number)
                yield [*history, _said_by_us(text)], gr.skip(), panel, gr.skip(), gr.skip()
            if not go_on:
                self._answered.put((turns, answer))
            shown = [*history, _said_by_us(text)]  # whatever becomes of the reply, the answer stands
            options = chosen(options, *manner[FIELDS:])
            with self._running.reply(_session(request)) as cancelled:
                replies = self.service.explain(
                    turns, answer, options, _session(request), cancelled, go_on=go_on
                )
                for messages, reply in reply_messages(replies, number):
                    cut = reply.finished is not None and reply.finished.stopped == "length"
                    more = gr.Button(visible=True) if cut else gr.skip()
                    panel = panel_html(answer, words()[answer.lang], number, reply.evidence)
                    yield [*shown, *messages], gr.skip(), panel, gr.skip(), more
        except UploadFault as fault:
            text = _said(fault, lang if lang != "auto" else _lang_of_last(history, browser))
            yield [*shown, _said_by_us(text)], gr.skip(), panel, gr.skip(), gr.skip()
        except UserError as error:
            yield [*shown, _said_by_us(fault_in(str(error), browser))], gr.skip(), panel, gr.skip(), gr.skip()
        except Exception:  # whatever it is, the page goes on and nothing is lost
            traceback.print_exc()
            yield [*shown, _said_by_us(words()[browser]["busy"])], gr.skip(), panel, gr.skip(), gr.skip()
        yield gr.skip(), _box(answering=False), gr.skip(), gr.skip(), gr.skip()

    def _judge(self, asked: Sequence[Message], lang: str, value: str, request: gr.Request) -> Any:
        """Keeps a judgement; returns what shows how that went."""
        browser = lang_of_browser(request)
        said = words()[browser]
        try:
            turns = turns_of(without_answer(asked))
            if turns:
                answer = self.service.answer(turns, answer_options(lang, turns, browser))
                self.store.add_judgement(turns, answer, value)
        except UploadFault:
            return lambda: None  # a message that could not be read has no answer to judge
        except StoreFault as fault:
            sentence = said["failed"].format(reason=fault)
            gr.Warning(escape(sentence), title="Tracedoc")
            return lambda: None
        return lambda: gr.Info(escape(said["thanks"]), duration=4, title="Tracedoc")

    def _keep_turns(self) -> None:
        """Writes answered turns in the background: nobody waits for a disk to see an answer."""
        while True:
            turns, answer = self._answered.get()
            self.store.add_turn(turns, answer)


def _box(*, answering: bool) -> Any:
    if answering:
        return gr.MultimodalTextbox(value={"text": "", "files": []}, submit_btn=False, stop_btn=True)
    return gr.MultimodalTextbox(submit_btn=True, stop_btn=False)


def _session(request: gr.Request) -> str:
    return str(request.session_hash or "script")


def _said_by_us(text: str) -> Message:
    return {"role": "assistant", "content": [{"type": "text", "text": text}]}


def _said(fault: UploadFault, lang: str) -> str:
    return fault.sentence(words()[lang][fault.reason])


def _lang_of_last(history: Sequence[Message], browser: str) -> str:
    text = as_typed(history[-1])["text"]
    return read(text).lang if text.strip() else browser


def _number(index: Any) -> int:
    return int(index[0] if isinstance(index, list | tuple) else index)


def _edited(value: Any) -> str:
    if isinstance(value, list):
        value = "\n\n".join(str(block.get("text", "")) for block in value if isinstance(block, Mapping))
    return typed(str(value))
