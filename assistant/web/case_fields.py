"""The fields beside the chat in which a user sets right what was read, and the script for another machine."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from assistant.machine import this_machine
from assistant.pipeline import Options
from assistant.reading import read
from assistant.reading.hardware import gpus
from assistant.reading.model import Fact
from assistant.space.note import SCRIPT

_METHODS = ("inference", "full", "lora", "qlora", "prompt", "prefix")
_TEXTS, _NUMBERS = ("model", "gpu", "method"), ("vram_gib", "batch_size", "seq_len")
_LONGEST = 120
_NUMBER = re.compile(r"(\d{1,8}(?:\.\d{1,4})?)\s*(?:GiB|GB|G|tokens?)?", re.IGNORECASE)


@dataclass(frozen=True)
class CaseFields:
    """The fields, in the order that `with_case` takes their values."""

    model: gr.Textbox
    gpu: gr.Dropdown
    method: gr.Dropdown
    vram_gib: gr.Textbox
    batch_size: gr.Textbox
    seq_len: gr.Textbox
    versions: gr.Textbox
    here: gr.Checkbox
    apply: gr.Button

    @property
    def inputs(self) -> list[gr.Component]:
        return [
            *(self.model, self.gpu, self.method, self.vram_gib),
            *(self.batch_size, self.seq_len, self.versions, self.here),
        ]


FIELDS = 8
"""How many values the fields send with each question."""


def build_fields(i18n: gr.I18n, *, here: bool) -> CaseFields:
    """Builds the fields. `here`: whether the server runs on the user's own machine, which can then be meant."""
    with gr.Accordion(i18n("correct"), open=False, elem_id="case"):
        with gr.Row():
            model = gr.Textbox(label=i18n("fact_model"), placeholder="Qwen/Qwen2.5-7B", elem_id="fact-model")
            method = gr.Dropdown(
                choices=[("–", ""), *((name, name) for name in _METHODS)],
                value="",
                label=i18n("fact_method"),
                elem_id="fact-method",
            )
        with gr.Row():
            gpu = gr.Dropdown(
                choices=[("–", ""), *((each.name, each.name) for each in gpus())],
                value="",
                allow_custom_value=True,
                label=i18n("fact_gpu"),
                elem_id="fact-gpu",
            )
            vram = gr.Textbox(label=i18n("fact_vram_gib"), placeholder="24", elem_id="fact-vram")
        with gr.Row():
            batch = gr.Textbox(label=i18n("fact_batch_size"), placeholder="4", elem_id="fact-batch")
            length = gr.Textbox(label=i18n("fact_seq_len"), placeholder="2048", elem_id="fact-length")
        versions = gr.Textbox(label=i18n("fact_versions"), placeholder="transformers 4.44.2, torch 2.4.0")
        own = gr.Checkbox(value=False, label=i18n("use_here"), visible=here, elem_id="use-here")
        apply = gr.Button(i18n("apply_facts"), size="sm", elem_id="apply-facts")
    with gr.Accordion(i18n("other_machine"), open=False, elem_id="other-machine"):
        gr.Markdown(i18n("other_machine_how"))
        gr.HTML(
            f'<p><a href="{SCRIPT}" download="tracedoc_report.py">tracedoc_report.py</a></p>', padding=False
        )
        gr.Code("python tracedoc_report.py", language="shell", interactive=False, show_label=False)
    return CaseFields(model, gpu, method, vram, batch, length, versions, own, apply)


def with_case(options: Options, here_possible: bool, values: Sequence[Any]) -> Options:
    """The options with what the fields say; empty ones say nothing. The machine that this runs on is meant only
    where that is possible."""
    model, gpu, method, vram, batch, length, versions, here = values
    facts: dict[str, Fact] = dict(stated_versions(str(versions or "")))
    for name, value in zip(_TEXTS, (model, gpu, method), strict=True):
        if str(value or "").strip():
            facts[name] = str(value).strip()[:_LONGEST]
    for name, value in zip(_NUMBERS, (vram, batch, length), strict=True):
        found = _NUMBER.fullmatch(str(value or "").strip())
        if found and float(found[1]) > 0:
            facts[name] = float(found[1])
    if facts.get("method") == "inference":
        facts["mode"] = facts.pop("method")
    elif "method" in facts:
        facts.setdefault("mode", "training")
    machine = this_machine() if here and here_possible else options.machine
    return replace(options, facts=facts or None, machine=machine)


def stated_versions(text: str) -> Mapping[str, str]:
    """The versions in a text such as "transformers 4.44.2, torch==2.4"."""
    return read(text[:500]).versions if text.strip() else {}
