"""Writes which Auto class a task needs, and what an Auto class is for."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import re2

from assistant.config.signatures.history import number
from assistant.reference.asking import words_of
from assistant.reference.draft import Draft
from assistant.reference.model import Record
from assistant.reference.store import Reference
from assistant.reference.versions import Version

_EXAMPLES = (
    "llama",
    "qwen2",
    "mistral",
    "gpt2",
    "bert",
    "roberta",
    "distilbert",
    "deberta-v2",
    "t5",
    "bart",
    "mbart",
    "marian",
    "qwen2_5_vl",
    "llava",
    "vit",
    "detr",
    "whisper",
    "wav2vec2",
    "clip",
)
_SHOWN = 8


@cache
def _tasks() -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = tomllib.loads(
        (files("assistant.reference") / "tasks.toml").read_text(encoding="utf-8")
    )["task"]
    return found


@cache
def _patterns(number_of_task: int) -> tuple[Any, ...]:
    options = re2.Options()
    options.case_sensitive = False
    task = _tasks()[number_of_task]
    return tuple(re2.compile(task[lang], options) for lang in ("en", "zh"))


def task_rows(text: str) -> Iterator[Mapping[str, Any]]:
    """The tasks that a message names, surest first (what is more special stands first in the table)."""
    for place, task in enumerate(_tasks()):
        if any(pattern.search(text) for pattern in _patterns(place)):
            yield task


def row_of(name: str) -> Mapping[str, Any] | None:
    """The task of an Auto class."""
    return next((task for task in _tasks() if name in (task["class"], task.get("before"))), None)


def write_auto(
    draft: Draft, row: Mapping[str, Any], text: str, version: Version, reference: Reference
) -> bool:
    """The class for a task in this version: what it is for, how to load with it, which model types it has."""
    old = "since" in row and version.number < number(row["since"])
    name = row["before"] if old else row["class"]
    record = reference.record(f"transformers.{row['class']}")
    if record is None:
        return False
    where = draft.where(version)
    number_ = draft.cite_record(record)
    head = draft.say("task", name=name, does=row["does"][draft.lang])
    draft.add(head, number_)
    if old:
        draft.add(draft.say("task_before", where=where, name=name, later=row["class"], since=row["since"]))
    code = f'from transformers import {name}\n\nmodel = {name}.from_pretrained("…")'
    draft.add(f"{draft.say('load')}\n\n```python\n{code}\n```")
    models = _models(draft, record, text, Version(record.package, record.version))
    draft.add(models)
    draft.state(number_, record.path, head, models, fix=[code])
    draft.about(record.path)
    draft.follow_ups.append(draft.say("ask_parameters", name="PreTrainedModel.from_pretrained"))
    return True


def _models(draft: Draft, record: Record, text: str, version: Version) -> str:
    """Model types that the class serves as installed, and those that the message names."""
    if not record.models:
        return ""
    made = dict(record.models)
    where = f"{version.library} {version.text}"
    examples = [each for each in _EXAMPLES if each in made][:_SHOWN] or list(made)[:_SHOWN]
    sentences = [
        draft.say(
            "models",
            count=len(made),
            where=where,
            list=draft.say("separator").join(f"`{each}`" for each in examples),
        )
    ]
    for word in sorted(words_of(text) & (set(made) | set(_EXAMPLES)))[:3]:
        if word in made:
            sentences.append(draft.say("model_yes", model=word, made=made[word]))
        else:
            sentences.append(draft.say("model_no", model=word, where=where))
    return draft.joined(sentences)


def write_model_types(draft: Draft, text: str, version: Version, reference: Reference) -> bool:
    """The Auto classes that serve the model types that a message names, where it names no task."""
    said = words_of(text)
    written = False
    for model in [each for each in _EXAMPLES if each in said or each.replace("-", "") in said][:2]:
        serving = []
        for row in _tasks():
            record = reference.record(f"transformers.{row['class']}")
            made = dict(record.models).get(model) if record else None
            if record and made and row["class"] != "AutoModel":
                serving.append((record, made, row["does"][draft.lang]))
        if not serving:
            continue
        number_ = draft.cite_record(serving[0][0])
        head = draft.say(
            "types", model=model, where=draft.where(Version("transformers", serving[0][0].version))
        )
        lines = "\n".join(f"- `{record.name}` (`{made}`): {does}" for record, made, does in serving)
        draft.add(head, number_)
        draft.add(lines)
        draft.state(number_, model, head, lines)
        draft.about(*(record.path for record, _, _ in serving))
        written = True
    return written
