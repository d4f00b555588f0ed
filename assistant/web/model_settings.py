"""The part of the page about the language model: what it is doing, which one, with or without its
adapter, how it samples.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import gradio as gr

from assistant.errors import UserError
from assistant.generation.choice import choices
from assistant.generation.fault_words import fault_in
from assistant.generation.host import Status
from assistant.generation.presets import LENGTHS, PRESETS, advice, bounds, label, rule, sampling
from assistant.generation.words import words as model_words
from assistant.pipeline import Options
from assistant.service import Service
from assistant.web.words import lang_of_browser, words

NUMBERS = {
    "temperature": (0.7, 0.05),
    "top_p": (0.9, 0.05),
    "top_k": (50, 1),
    "repetition_penalty": (1.1, 0.05),
    "no_repeat_ngram": (0, 1),
    "max_new_tokens": (200, 8),
}
"""The numbers that can be set by hand: where each control starts, and its step."""


@dataclass(frozen=True)
class ModelControls:
    """The controls that every question is sent with, in the order that `chosen` takes them."""

    preset: gr.Radio
    length: gr.Radio
    adapter: gr.Checkbox
    own: gr.Checkbox
    numbers: tuple[gr.Slider, ...]

    @property
    def inputs(self) -> list[gr.Component]:
        return [self.preset, self.length, self.adapter, self.own, *self.numbers]


def chosen(options: Options, preset: str, length: str, adapter: bool, own: bool, *numbers: float) -> Options:
    """The options with what the controls say. Raises UserError for a number that no rule allows."""
    values = dict(zip(NUMBERS, numbers, strict=True)) if own else None
    if values:
        sampling("factual", "short", values)
    return replace(
        options,
        length=length if length in LENGTHS else "short",
        preset=preset if preset in ("auto", *PRESETS) else "auto",
        adapter="auto" if adapter else "none",
        sampling=values,
    )


def build_controls(service: Service, i18n: gr.I18n, timer: gr.Timer, *, may_choose: bool) -> ModelControls:
    """Builds the controls. The model itself can be exchanged only where `may_choose`: on a server that
    others use too it is the server's to say. `timer` looks at what the model is doing."""
    with gr.Accordion(i18n("model_settings"), open=False, elem_id="model"):
        if may_choose:
            _choice(service, i18n, timer)
        with gr.Row():
            preset = gr.Radio(
                choices=[
                    (i18n("preset_auto"), "auto"),
                    *((i18n(f"preset_{name}"), name) for name in PRESETS),
                ],
                value="auto",
                label=i18n("preset"),
                info=i18n("preset_info"),
                elem_id="preset",
            )
        with gr.Row():
            length = gr.Radio(
                choices=[(i18n("length_short"), "short"), (i18n("length_full"), "full")],
                value="full",
                label=i18n("length"),
                elem_id="length",
            )
            adapter = gr.Checkbox(
                value=True, label=i18n("adapter"), info=i18n("adapter_info"), elem_id="adapter"
            )
        own = gr.Checkbox(value=False, label=i18n("own_numbers"), elem_id="own")
        with gr.Column(visible=False, elem_id="numbers") as column:
            numbers = tuple(_slider(name, i18n) for name in NUMBERS)
            warning = gr.HTML("", elem_id="advice", padding=False)
        own.change(lambda on: gr.Column(visible=on), own, column, api_visibility="private", queue=False)
        for each in numbers:
            each.change(
                _advice, list(numbers), warning, api_visibility="private", queue=False, show_progress="hidden"
            )
        gr.HTML(_licence(), elem_id="licence", padding=False)
    return ModelControls(preset, length, adapter, own, numbers)


def status_line(status: Status, lang: str) -> str:
    """What the model is doing, in one sentence; "" once it is ready or where there is none."""
    said = model_words(lang)
    if status.state == "preparing" and status.stage:
        left = status.seconds_left
        return said["preparing"].format(
            stage=said.get(f"stage_{status.stage}", status.stage),
            done=status.done >> 20,
            total=status.total >> 20,
            left=said["seconds_left"].format(seconds=round(left)) if left is not None else "",
        )
    if status.state in ("preparing", "loading"):
        return said["loading"].format(model=status.model)
    if status.state == "failed":
        return said["failed"].format(reason=fault_in(status.reason, lang))
    return ""


def _choice(service: Service, i18n: gr.I18n, timer: gr.Timer) -> None:
    with gr.Row(equal_height=True):
        model = gr.Dropdown(
            choices=[(each.label, each.value) for each in choices()],
            value=service.model_choice,
            allow_custom_value=True,
            label=i18n("model"),
            info=i18n("model_info"),
            elem_id="choice",
            scale=4,
        )
        use = gr.Button(i18n("use_model"), size="sm", scale=0, min_width=90, elem_id="use")
        cancel = gr.Button(i18n("cancel_model"), size="sm", scale=0, min_width=90, elem_id="cancel")

    def exchange(name: str, request: gr.Request) -> gr.Timer:
        try:
            service.use_model(str(name or "none").strip(), by_visitor=True)
        except UserError as error:
            gr.Warning(escape(fault_in(str(error), lang_of_browser(request))), title="Tracedoc")
            return gr.Timer(active=True)
        gr.Info(escape(words()[lang_of_browser(request)]["exchanging"]), duration=4, title="Tracedoc")
        return gr.Timer(active=True)

    # in the queue: what an event outside of it warns of is not shown
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    use.click(exchange, model, timer, **private)
    cancel.click(lambda: service.host.cancel(), None, None, **private)


def _slider(name: str, i18n: gr.I18n) -> gr.Slider:
    low, high = bounds(name)
    start, step = NUMBERS[name]
    return gr.Slider(low, high, value=start, step=step, label=name, info=i18n(f"rule_{name}"))


def _advice(request: gr.Request, *numbers: float) -> str:
    values = dict(zip(NUMBERS, numbers, strict=True))
    sentences = advice(values, lang_of_browser(request))
    return "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)


def _licence() -> str:
    from assistant.generation.embedded import LICENCE, NAME

    address = escape(LICENCE.url, quote=True)
    link = f'<a href="{address}" target="_blank" rel="noopener noreferrer">{escape(LICENCE.name)}</a>'
    return f"<p>{escape(NAME)}: {link}</p>"


def translations() -> Mapping[str, Mapping[str, str]]:
    """The controls' words that stand in the presets' table, by language."""
    return {
        lang: {
            **{f"preset_{name}": label(name, lang) for name in PRESETS},
            **{f"rule_{name}": rule(name, lang) for name in NUMBERS},
        }
        for lang in ("en", "zh")
    }
