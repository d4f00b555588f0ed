"""Calls tools for a model that is too small to choose them: what a question names is looked up before
the prompt is made. Only what is known at once: nobody waits for it."""

import re
from collections.abc import Iterator

from assistant.tools.api import from_catalogue, is_name, looks_like_code, tidy
from assistant.tools.explain import cited
from assistant.tools.model import Context, ToolResult
from assistant.tools.run import framed
from assistant.tools.words import words

_MOST = 2
_QUOTED = re.compile(r"`([^`\n]{2,80})`")
_WORD = re.compile(r"(?<![\w./\\-])[A-Za-z]\w{1,80}(?:\.[A-Za-z]\w{0,80}){0,6}(?![\w/\\-])\(?", re.ASCII)
_LONGEST = 4_000
"""Characters of a question that are looked at."""


def call_before(question: str, context: Context) -> list[ToolResult]:
    """Results for the API names in a question (the user's own words, not what they pasted)."""
    results: list[ToolResult] = []
    seen: set[str] = set()
    for name in _names(question):
        answer = from_catalogue(name, context.cache)
        if answer is None or answer.record is None or answer.record.path in seen or not answer.record.doc:
            continue
        seen.add(answer.record.path)
        given = (*context.citations, *(each for result in results for each in result.citations))
        citation = cited(answer.record, context, given)
        text = framed(f"[{citation.n}] {citation.title}\n{citation.text}", context.lang)
        results.append(ToolResult("explain_api", text, words(context.lang)["found_one"], True, (citation,)))
        if len(results) == _MOST:
            break
    return results


def _names(question: str) -> Iterator[str]:
    """The names in a text, what is marked as code first."""
    for found in _QUOTED.finditer(question[:_LONGEST]):
        name = tidy(found[1])
        if is_name(name):
            yield name
    for found in _WORD.finditer(_QUOTED.sub(" ", question[:_LONGEST])):
        name = found[0].removesuffix("(")
        if is_name(name) and ("." in name or name != found[0] or looks_like_code(name)):
            yield name
