"""`check_config`: what is wrong with a configuration or script, by the static checks."""

import threading

from pydantic import BaseModel, Field

from assistant.config import check_text, from_case
from assistant.errors import UserError
from assistant.tools.model import Context, Found
from assistant.tools.numbering import as_source
from assistant.tools.words import words

_MOST = 8


class Text(BaseModel):
    """What the model sends."""

    text: str = Field(
        "",
        max_length=40_000,
        description="The configuration or script; left out, it is what the user pasted last",
    )


def check_config(asked: Text, context: Context, cancelled: threading.Event) -> Found:
    """The findings, worst first, each as a source."""
    said = words(context.lang)
    text = asked.text.strip() or (context.case.reading.text if context.case else "")
    facts = from_case(dict(context.case.facts) if context.case else {})
    try:
        report = check_text(text, facts=facts, lang=context.lang)
    except UserError as error:
        return Found(str(error), ok=False)
    if not report.findings:
        return Found(said["check_nothing"], ok=False)
    lines = [
        f"- {each.severity}, line {each.line}: {each.message} {each.fix}" for each in report.findings[:_MOST]
    ]
    source = as_source(f"check:{report.kind}", said["check_of"], "\n".join(lines), context)
    return Found(f"[{source.n}] {source.title}\n{source.text}", (source,))
