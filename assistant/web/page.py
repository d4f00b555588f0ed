"""The Gradio page: what is on it, and which event calls what."""

import json
import os
from importlib.resources import files
from typing import Any

import gradio as gr

from assistant.service import Service
from assistant.store import Store
from assistant.web.case_fields import build_fields
from assistant.web.events import REASONS, Events
from assistant.web.model_settings import build_controls
from assistant.web.panel import panel_html
from assistant.web.words import examples, words

_PASTE = 60_000
"""Characters that the text box keeps as text; a longer paste becomes an attached file."""
_ATTACHED = 64 << 20
"""Bytes that may be uploaded: more than we read, so that a file that is somewhat too large is answered
with our sentence, in the chat."""
_JUDGING: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
_HIDDEN: dict[str, Any] = {"api_visibility": "private", "queue": False, "show_progress": "hidden"}
_ANSWERING: dict[str, Any] = {
    "api_visibility": "private",
    "show_progress": "hidden",
    "concurrency_limit": None,
}


def build_page(
    service: Service, store: Store, lang: str, i18n: gr.I18n, *, may_choose: bool = True, note: bool = False
) -> gr.Blocks:
    """The page; `lang` is the preselected language of answers; `may_choose` shows the choice of models;
    `note` says below what the page runs on and that it cannot see the visitor's machine."""
    events = Events(service, store)
    with gr.Blocks(
        title="Tracedoc", fill_width=True, analytics_enabled=False, delete_cache=(3_600, 86_400)
    ) as page:
        language = _header(lang, i18n)
        with gr.Row(elem_id="main", equal_height=False):
            with gr.Column(scale=7, min_width=320, elem_id="talk"):
                chat, buttons, reasons, go_on, line, box = _talk(i18n)
                timer = gr.Timer(1)
                controls = build_controls(service, i18n, timer, may_choose=may_choose)
            with gr.Column(scale=4, min_width=300, elem_id="side"):
                panel = gr.HTML(panel_html(None, words()["en"]), elem_id="sources", padding=False)
                fields = build_fields(i18n, here=service.here)
        if note:
            gr.Markdown(i18n("space_note"), elem_id="space-note")
            if os.environ.get("OAUTH_CLIENT_ID"):  # of a Space whose front matter has `hf_oauth`
                gr.LoginButton(size="sm", elem_id="login")
        judged = gr.State(None)
        outputs = [chat, box, panel, reasons, go_on]
        manner = [language, *fields.inputs, *controls.inputs]
        box.submit(events.send, [box, chat, *manner], outputs, **_ANSWERING)
        chat.retry(events.retry, [chat, *manner], outputs, **_ANSWERING)
        chat.edit(events.edit, [chat, *manner], outputs, **_ANSWERING)
        for n, button in enumerate(buttons):
            button.click(events.try_example, [gr.State(n), chat, *manner], outputs, **_ANSWERING)
        fields.apply.click(events.retry, [chat, *manner], outputs, **_ANSWERING)
        go_on.click(events.go_on, [chat, *manner], outputs, **_ANSWERING)
        box.stop(events.stop, None, None, **_HIDDEN)
        page.unload(events.gone)
        chat.undo(events.undo, [chat], [chat, box], **_HIDDEN)
        chat.clear(events.clear, None, [panel, reasons, go_on], **_HIDDEN)
        chat.like(events.like, [chat, language], [reasons, judged], **_JUDGING)
        for reason, button in reasons_of(reasons):
            button.click(
                events.give_reason, [gr.State(reason), chat, language, judged], [reasons], **_JUDGING
            )
        page.load(events.greet, None, [line, timer, panel], **_HIDDEN)
        timer.tick(events.stage, None, [line, timer], **_HIDDEN)
        _endpoint(events)
    return page


def mount_options() -> dict[str, Any]:
    """How the page is mounted: sizes, looks, scripts."""
    folder = files("assistant.web")
    script = (folder / "page.js").read_text(encoding="utf-8")
    labels = json.dumps(words()["gradio_zh"])
    return {
        "max_file_size": _ATTACHED,
        "show_error": True,
        "theme": gr.themes.Base(
            primary_hue="blue",
            neutral_hue="slate",
            font=["system-ui", "-apple-system", "Segoe UI", "Noto Sans CJK SC", "PingFang SC", "sans-serif"],
            font_mono=["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"],
            radius_size="sm",
            spacing_size="sm",
        ),
        "css": (folder / "style.css").read_text(encoding="utf-8"),
        "head": f"<script>window.tracedocLabels = {labels};\n{script}</script>",
        "footer_links": [],
        "ssr_mode": False,
    }


def _header(lang: str, i18n: gr.I18n) -> gr.Radio:
    with gr.Row(elem_id="head", equal_height=True):
        with gr.Column(scale=7, min_width=240, elem_id="name"):
            gr.HTML("<h1>Tracedoc</h1>", padding=False)
            gr.Markdown(i18n("subtitle"), elem_id="subtitle")
        with gr.Column(scale=0, min_width=220):
            return gr.Radio(
                choices=[(i18n("language_auto"), "auto"), ("English", "en"), ("中文", "zh")],
                value=lang,
                label=i18n("language"),
                container=False,
                elem_id="language",
            )


def _talk(
    i18n: gr.I18n,
) -> tuple[gr.Chatbot, list[gr.Button], gr.Row, gr.Button, gr.HTML, gr.MultimodalTextbox]:
    chat = gr.Chatbot(
        label=i18n("chat"),
        show_label=False,
        height=None,
        autoscroll=False,
        layout="panel",
        buttons=["copy"],
        placeholder=i18n("greeting"),
        feedback_options=["Like", "Dislike"],
        editable="user",
        sanitize_html=True,
        allow_tags=False,
        latex_delimiters=[],
        elem_id="chat",
    )
    with gr.Row(elem_id="examples"):
        buttons = [gr.Button(i18n(f"example_{n}"), size="sm") for n, _ in enumerate(examples())]
    with gr.Row(visible=False, elem_id="reasons") as reasons:
        gr.Markdown(i18n("ask_reason"))
        for reason in REASONS:
            gr.Button(i18n(reason), size="sm")
    go_on = gr.Button(i18n("go_on"), size="sm", visible=False, elem_id="go-on")
    line = gr.HTML("", elem_id="status", padding=False)
    box = gr.MultimodalTextbox(
        label=i18n("message"),
        placeholder=i18n("message"),
        file_count="multiple",
        sources=["upload"],
        max_plain_text_length=_PASTE,
        lines=1,
        max_lines=10,
        show_label=False,
        autofocus=True,
        elem_id="message",
    )
    return chat, buttons, reasons, go_on, line, box


def reasons_of(row: gr.Row) -> list[tuple[str, gr.Button]]:
    """Each reason with its button in the row that asks for one."""
    return list(zip(REASONS, (each for each in row.children if isinstance(each, gr.Button)), strict=True))


def _endpoint(events: Events) -> None:
    """The named endpoint `/chat` for scripts: a message (text, or text and files) and a language in, the
    answer's Markdown out. The earlier messages of a client's session are taken into account."""
    from gradio.components.api_component import Api

    texts: Any = {"anyOf": [{"type": "string"}, {"type": "object"}]}
    langs: Any = {"enum": ["auto", "en", "zh"]}
    message = Api("", texts, "message")
    lang = Api("auto", langs, "lang")
    answer = Api(None, {"type": "string"}, "answer")
    turns = gr.State([])
    gr.Button(visible=False).click(
        events.chat,
        [message, lang, turns],
        [answer, turns],
        api_name="chat",
        api_description="Answers a message: Markdown, part by part.",
        concurrency_limit=None,
    )
