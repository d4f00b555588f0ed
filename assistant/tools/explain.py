"""`explain_api`: what the installed libraries say of a name, numbered as a source."""

import threading

from pydantic import BaseModel, Field

from assistant.answering import Citation
from assistant.errors import UserError
from assistant.tools.api import Answer, Record, as_text, is_name, look_up, tidy, versions
from assistant.tools.model import Context, Found
from assistant.tools.words import words


class Name(BaseModel):
    """What the model sends."""

    name: str = Field(
        min_length=1,
        max_length=200,
        description="A class, function, method or argument, such as BitsAndBytesConfig or TrainingArguments.warmup_steps",
    )


def explain_api(asked: Name, context: Context, cancelled: threading.Event) -> Found:
    """Signature and docstring of the installed object, or that there is none, and what has a like name."""
    name = tidy(asked.name)
    if not is_name(name):
        raise UserError(words(context.lang)["api_bad_name"].format(name=name[:60]))
    answer = look_up(name, context.cache, cancelled)
    if answer.record:
        citation = cited(answer.record, context, context.citations)
        return Found(f"[{citation.n}] {citation.title}\n{citation.text}", (citation,))
    return Found(missing(name, answer, context.lang), ok=False)


def cited(record: Record, context: Context, given: tuple[Citation, ...]) -> Citation:
    """A record as a source, with its package and version, numbered on from the `given` ones."""
    passage = f"api:{record.path}"
    known = {each.passage: each.n for each in given}
    return Citation(
        n=known.get(passage) or max(known.values(), default=0) + 1,
        passage=passage,
        text=as_text(record),
        section="",
        title=words(context.lang)["api_from"].format(
            path=record.path, package=record.package, version=record.version
        ),
        source="",
    )


def missing(name: str, answer: Answer, lang: str) -> str:
    """That a name is not there, in one or two sentences."""
    said = words(lang)
    if not answer.asked:
        return said["api_unavailable"]
    near = said["api_near"].format(names=", ".join(answer.near)) if answer.near else ""
    package = answer.owner.partition(".")[0]
    if package in versions():
        text = said["api_missing_in"].format(
            parent=answer.owner, package=package, version=versions()[package], name=name.rpartition(".")[2]
        )
        return text + near
    listed = ", ".join(f"{package} {version}" for package, version in versions().items())
    return said["api_missing"].format(name=name, versions=listed) + near
