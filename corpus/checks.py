"""What must hold of every entry beyond its format: patterns that compile, sources that exist,
both languages complete, sizes that fit an answer, code that compiles and names only what exists.

Each check yields Faults instead of raising, so that one run says all that is wrong. The code
checks import the libraries that the code names, so they are for tests and authors, not for serving.
"""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import re2

from corpus.code import code_blocks, code_faults
from corpus.conditions import ConditionError, check
from corpus.model import LANGS, Corpus, Entry, Point, Step

FOLDER = Path(__file__).parent
WHERE = ("text", "message", "frames", "prose", "config")
POINT_LIMIT = {"en": 900, "zh": 450}
ADDRESS = re.compile(r"https://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.[A-Za-z]{2,}(?:[/?#][^\s<>\"]*)?")
PLACEHOLDER = re.compile(r"\{\{\s*([a-z_A-Z][\w]*)\s*(?:\|([^{}]*))?\}\}")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one entry."""

    file: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what}"


def faults(corpus: Corpus, *, code: bool = True, only: Collection[str] = ()) -> Iterator[Fault]:
    """All faults of a corpus, or of the files in `only`. `code` also resolves names against the
    installed libraries."""
    topics = topic_names()
    known_facts = appendix_facts()
    ids = set(corpus.by_id)
    for entry in corpus.entries:
        if only and entry.file not in only:
            continue
        for what in _entry_faults(entry, topics, known_facts, ids):
            yield Fault(entry.file, what)
        for block in code_blocks(entry) if code else ():
            for what in code_faults(block):
                yield Fault(entry.file, what)


def topic_names() -> Mapping[str, Mapping[str, str]]:
    """Names of all topics by id and language (`corpus/topics.toml`)."""
    return tomllib.loads((FOLDER / "topics.toml").read_text(encoding="utf-8"))


def appendix_facts() -> Mapping[str, str]:
    """The gist of each numbered fact of the appendix (`corpus/appendix_facts.toml`)."""
    file = FOLDER / "appendix_facts.toml"
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def _entry_faults(
    entry: Entry, topics: Mapping[str, object], known: Mapping[str, str], ids: set[str]
) -> Iterator[str]:
    if entry.file != f"{entry.id}.md":
        yield f"the id {entry.id!r} is not the file's name"
    if entry.topic not in topics:
        yield f"the topic {entry.topic!r} is not in topics.toml"
    for name in entry.see:
        if name not in ids:
            yield f"`see` names {name!r}, which is no entry"
    for fact in entry.facts:
        if known and fact not in known:
            yield f"`facts` names {fact!r}, which is no fact of the appendix"
    if not entry.points:
        yield "has no points"
    if not entry.sources:
        yield "has no sources"
    for address in entry.sources.values():
        if not ADDRESS.fullmatch(str(address)):
            yield f"the source {address!r} is no https address"
    yield from _pattern_faults(entry)
    for name in ("overview", "more", "versions", "check"):
        steps = getattr(entry, name).steps
        if (steps["en"] and not steps["zh"]) or (steps["zh"] and not steps["en"]):
            yield f"has `{name}` in one language only"
        for step in (*steps["en"], *steps["zh"]):
            yield from _step_faults(step)
    if not entry.overview.steps["en"]:
        yield "lacks the section on what is seen"
    for lang in LANGS:
        sentences = entry.happened[lang]
        if entry.signatures and not sentences:
            yield f"has signatures but no `happened` sentence in {lang}"
        if sentences and any(not fallback for _, fallback in PLACEHOLDER.findall(sentences[-1])):
            yield f"the last `happened` sentence in {lang} needs a fact that may be unknown"
    for point in entry.points:
        for what in _point_faults(entry, point):
            yield f"point {point.id}: {what}"


def _pattern_faults(entry: Entry) -> Iterator[str]:
    patterns = [(s.pattern, s.where) for s in entry.signatures]
    patterns += [(s.unless, "text") for s in entry.signatures if s.unless]
    patterns += [(cue, "text") for cue in entry.cues]
    patterns += [(e.find, e.where) for p in entry.points for e in p.evidence if e.find]
    for pattern, where in patterns:
        if where not in WHERE:
            yield f"`in` must be one of {', '.join(WHERE)}, not {where!r}"
        try:
            compiled = re2.compile(pattern)
        except re2.error as error:
            yield f"the pattern {pattern!r} is not RE2: {error}"
            continue
        if compiled.search(""):
            yield f"the pattern {pattern!r} matches the empty text"
    for signature in entry.signatures:
        if not 0 < signature.weight <= 1:
            yield f"a signature's weight must be in (0, 1], not {signature.weight}"


def _point_faults(entry: Entry, point: Point) -> Iterator[str]:
    for source in point.sources:
        if source not in entry.sources:
            yield f"names the source {source!r}, which the entry does not list"
    if not point.sources:
        yield "has no source"
    for evidence in point.evidence:
        if bool(evidence.says["en"]) != bool(evidence.says["zh"]):
            yield f"evidence gives its reason in one language only: {evidence.says}"
    for lang in LANGS:
        if not point.why[lang]:
            yield f"has no text in {lang}"
        if not point.asks[lang]:
            yield f"has no `asks` in {lang}"
        if bool(point.fix[lang]) != bool(point.fix["en"]):
            yield "has a fix in one language only"
        if bool(point.tell[lang]) != bool(point.tell["en"]):
            yield "has a Tell in one language only"
        size = sum(len(step.text) for step in (*point.why[lang], *point.fix[lang]))
        if size > POINT_LIMIT[lang] * 1.15:
            yield f"is {size} characters long in {lang}; the limit is {POINT_LIMIT[lang]}"
    for lang in LANGS:
        for step in (*point.why[lang], *point.fix[lang], Step(point.tell[lang])):
            yield from _step_faults(step)


def _step_faults(step: Step) -> Iterator[str]:
    for expression in (step.when, step.unless):
        try:
            if expression:
                check(expression)
        except ConditionError as error:
            yield str(error)
    if "<!--" in re.sub(r"```.*?```|`[^`]*`", "", step.text, flags=re.DOTALL):
        yield f"a comment that is no condition in {step.text[:60]!r}"
    for code in re.findall(r"```.*?```", step.text, re.DOTALL):
        if re.search(r"'\{\{[^{}]*\}\}'", code):
            yield f"a placeholder stands in single quotes, which its value may hold: {step.text[:60]!r}"
    leftover = PLACEHOLDER.sub("", step.text)
    if "{{" in leftover and "}}" in leftover:
        yield f"malformed placeholder in {step.text[:60]!r}"
