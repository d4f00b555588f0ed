"""The panel beside the chat: what was read in the paste, and the numbered sources of the answer."""

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from assistant.answering import Answer, Citation
from assistant.generation.evidence import Evidence
from assistant.reading.model import Fact
from assistant.web.citations import source_id

_FENCE = re.compile(r"^[ \t]*```\w*\n(.*?)^[ \t]*```[ \t]*$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")
_SHOWN_FACTS = {
    "exception": {"en": "exception", "zh": "异常"},
    "failed_at": {"en": "failed at", "zh": "出错位置"},
    "model": {"en": "model", "zh": "模型"},
    "gpu": {"en": "GPU", "zh": "显卡"},
    "vram_gib": {"en": "GPU memory, GiB", "zh": "显存（GiB）"},
    "gpu_count": {"en": "GPUs", "zh": "显卡数"},
    "method": {"en": "method", "zh": "方法"},
    "mode": {"en": "while", "zh": "阶段"},
    "batch_size": {"en": "batch per device", "zh": "每卡批大小"},
    "seq_len": {"en": "sequence length", "zh": "序列长度"},
    "tried": {"en": "already tried", "zh": "已试过"},
}


def panel_html(
    answer: Answer | None, words: Mapping[str, str], number: int = 1, evidence: Sequence[Evidence] = ()
) -> str:
    """The panel for the chat's answer of that number, or what it will show; `evidence` is what a language
    model was given for it. All text of the user is escaped."""
    content = ""
    if answer:
        cited = {citation.n for citation in answer.citations}
        found = [each for each in evidence if each.n not in cited]
        content = "".join(
            [
                *_facts(answer, words),
                *_plan(answer, words),
                *_sources(answer, words, number),
                *_found(found, number),
            ]
        )
    return content or f'<p class="empty">{escape(words["sources_empty"])}</p>'


def _facts(answer: Answer, words: Mapping[str, str]) -> Iterator[str]:
    rows = [
        f"<dt>{escape(labels[answer.lang])}</dt>"
        f"<dd>{escape(_shown(answer.facts[name]))}{_origin(answer, name, words)}</dd>"
        for name, labels in _SHOWN_FACTS.items()
        if name in answer.facts
    ]
    versions = answer.facts.get("versions")
    if isinstance(versions, Mapping):
        rows += [
            f"<dt>{escape(name)}</dt><dd>{escape(str(version))}{_origin(answer, name, words)}</dd>"
            for name, version in versions.items()
        ]
    if rows:
        yield f"<h2>{escape(words['known'])}</h2><dl>{''.join(rows)}</dl>"


def _origin(answer: Answer, name: str, words: Mapping[str, str]) -> str:
    """Where a fact came from, beside it."""
    origin = answer.origins.get(name, "")
    if not origin:
        return ""
    kind, _, n = origin.partition(" ")
    return f" <small>{escape(words[f'origin_{kind}'].format(n=n))}</small>"


def _plan(answer: Answer, words: Mapping[str, str]) -> Iterator[str]:
    """The picture of the run's memory."""
    if answer.plan:
        from assistant.memory import picture

        drawn = picture(answer.plan, "zh" if answer.lang == "zh" else "en")
        yield f'<h2>{escape(words["memory"])}</h2><div class="plan">{drawn}</div>'


def _sources(answer: Answer, words: Mapping[str, str], number: int) -> Iterator[str]:
    if answer.citations:
        yield f"<h2>{escape(words['sources'])}</h2>"
    for citation in answer.citations:
        section = f'<span class="section">{escape(citation.section)}</span>' if citation.section else ""
        yield (
            f'<details id="{source_id(number, citation.n)}"><summary><b>{citation.n}</b>'
            f"<span>{escape(citation.title)} {section}</span></summary>"
            f'<div class="passage">{_passage(citation.text)}</div>{_link(citation, words)}</details>'
        )


def _found(evidence: Sequence[Evidence], number: int) -> Iterator[str]:
    """What was looked up for the model beside the answer's own sources."""
    for each in evidence:
        title = each.text.split("\n", 1)[0][:90]
        yield (
            f'<details id="{source_id(number, each.n)}"><summary><b>{each.n}</b><span>{escape(title)}</span>'
            f'</summary><div class="passage">{_passage(each.text)}</div></details>'
        )


def _passage(text: str) -> str:
    """A passage's text with its code shown as code: the rest of its Markdown is left as it is."""
    parts = _FENCE.split(text)
    for n, part in enumerate(parts):
        shown = escape(part.strip("\n"))
        parts[n] = f"<pre>{shown}</pre>" if n % 2 else _CODE.sub(r"<code>\1</code>", shown)
    return "".join(parts)


def _link(citation: Citation, words: Mapping[str, str]) -> str:
    if not citation.source.startswith(("https://", "http://")):
        return ""
    address = escape(citation.source, quote=True)
    shown = escape(citation.source.split("://", 1)[1].rstrip("/"))
    return (
        f'<a href="{address}" target="_blank" rel="noopener noreferrer">{escape(words["open"])}: {shown}</a>'
    )


def _shown(fact: Fact | Mapping[str, str]) -> str:
    if isinstance(fact, float):
        return f"{fact:g}"
    return str(fact)[:200]
