"""The Gradio page: the chat, the panel of sources, examples, language switch, judgements."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import gradio as gr

from assistant.errors import UserError
from assistant.limits import MAX_INPUT
from assistant.reading import read
from assistant.service import Service
from assistant.store import Store, StoreFault
from assistant.web.conversation import answer_parts, turns_of
from assistant.web.panel import panel_html
from assistant.web.uploads import SUFFIXES

JUDGEMENTS = ("good", "wrong_cause", "fix_failed", "not_mine", "unclear")
_PASTE = 60_000
"""Characters that the text box keeps as text; a longer paste becomes an attached file."""

_SHOW_QUESTION = """() => {
  // a long answer is read from its beginning: put the last question at the top, once per question
  const questions = document.querySelectorAll('#chat .message.user, #chat [data-testid="user"]');
  const last = questions[questions.length - 1];
  if (last && window.tracedocShown !== questions.length) {
    window.tracedocShown = questions.length;
    setTimeout(() => last.scrollIntoView({block: 'start', behavior: 'instant'}), 60);
  }
}"""


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """The page's words by language."""
    return tomllib.loads((files("assistant.web") / "texts.toml").read_text(encoding="utf-8"))


def translations() -> gr.I18n:
    """The page's words for the browser to choose from."""
    chinese = dict(words()["zh"])
    return gr.I18n(en=dict(words()["en"]), zh=chinese, **{"zh-CN": chinese, "zh-TW": chinese})


def build_page(service: Service, store: Store, lang: str, i18n: gr.I18n) -> gr.Blocks:
    """The page; `lang` is the preselected language of answers."""

    def chat(
        message: dict[str, Any], history: list[dict[str, Any]], chosen: str
    ) -> Iterator[tuple[str, str]]:
        """Answers a message: its text and files, after the earlier messages of the conversation.

        Args:
            message: the text and the attached files of the new message.
            history: the earlier messages.
            chosen: language of the answer: auto, en or zh.
        """
        try:
            turns = turns_of(message, history)
            for shown, answer in answer_parts(service, turns, chosen):
                yield shown, panel_html(answer, words()[answer.lang])
            store.add_turn(turns, answer)
        except UserError as error:
            yield str(error), panel_html(None, words()["en"])

    def judge(history: list[dict[str, Any]], chosen: str, event: gr.LikeData) -> None:
        number = event.index[0] if isinstance(event.index, list | tuple) else event.index
        value = event.liked if isinstance(event.liked, str) else ("good" if event.liked else "wrong_cause")
        own = {word: key for lang in words().values() for key, word in lang.items() if key in JUDGEMENTS}
        before = history[:number]
        last = max((n for n, item in enumerate(before) if item.get("role") == "user"), default=None)
        if last is None:
            return
        turns = turns_of({"text": ""}, before)[:-1]
        answer = service.answer(turns, _options(chosen))
        said = words()[read(turns[-1]).lang]
        try:
            store.add_judgement(turns, answer, own.get(value, value))
            gr.Info(said["thanks"], duration=4)
        except StoreFault as error:
            gr.Warning(said["failed"].format(reason=error))

    with gr.Blocks(title="Tracedoc", fill_height=True, analytics_enabled=False) as page:
        with gr.Row(elem_id="head", equal_height=True):
            with gr.Column(scale=7, min_width=320):
                gr.Markdown("# Tracedoc", elem_id="title")
                gr.Markdown(i18n("subtitle"), elem_id="subtitle")
            with gr.Column(scale=4, min_width=300):
                language = gr.Radio(
                    choices=[(i18n("language_auto"), "auto"), ("English", "en"), ("中文", "zh")],
                    value=lang,
                    label=i18n("language"),
                    elem_id="language",
                )
        with gr.Row(equal_height=False):
            with gr.Column(scale=7, min_width=320):
                panel = gr.HTML(panel_html(None, words()["en"]), elem_id="sources", render=False)
                chatbot = gr.Chatbot(
                    show_label=False,
                    height="calc(100vh - 250px)",
                    min_height=380,
                    autoscroll=False,
                    layout="panel",
                    buttons=["copy", "copy_all"],
                    placeholder=i18n("greeting"),
                    feedback_options=[words()["en"][key] for key in JUDGEMENTS],
                    sanitize_html=True,
                    allow_tags=False,
                    latex_delimiters=[],
                    elem_id="chat",
                )
                gr.ChatInterface(
                    chat,
                    multimodal=True,
                    chatbot=chatbot,
                    textbox=gr.MultimodalTextbox(
                        placeholder=i18n("message"),
                        file_types=list(SUFFIXES),
                        file_count="multiple",
                        sources=["upload"],
                        max_plain_text_length=_PASTE,
                        lines=1,
                        max_lines=12,
                        show_label=False,
                        elem_id="message",
                    ),
                    additional_inputs=[language],
                    additional_outputs=[panel],
                    examples=[example["text"].strip() for example in _rows()],
                    example_labels=[f"{example['en']} · {example['zh']}" for example in _rows()],
                    run_examples_on_click=True,
                    autoscroll=False,
                    cache_examples=False,
                    editable=True,
                    concurrency_limit=None,
                    api_name="chat",
                    flagging_mode="never",
                    fill_height=False,
                )
            with gr.Column(scale=4, min_width=300, elem_id="side"):
                panel.render()
        chatbot.like(judge, [chatbot, language], None, api_visibility="private", queue=False)
        chatbot.change(None, None, None, js=_SHOW_QUESTION, api_visibility="private", queue=False)
    return page


def launch_limits() -> Mapping[str, Any]:
    """What the mounted page is told about sizes."""
    return {"max_file_size": MAX_INPUT, "show_error": True}


def _options(chosen: str) -> Any:
    from assistant.pipeline import Options

    return Options(lang=chosen)


@cache
def _rows() -> list[dict[str, str]]:
    rows: list[dict[str, str]] = tomllib.loads(
        (files("assistant.web") / "examples.toml").read_text(encoding="utf-8")
    )["example"]
    return rows
