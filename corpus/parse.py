"""Reads `corpus/entries/*.md` into Entries, as FORMAT.md describes them.

A file that breaks the format raises CorpusError with its name and what is wrong. The Corpus that
results is kept as JSON in the user's cache (cache.py), because a cold process must answer before it
could have read a hundred YAML headers.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from corpus.cache import cache_file, from_cache, to_cache
from corpus.conditions import check
from corpus.literals import required
from corpus.model import LANGS, Corpus, Entry, Evidence, Point, Section, Signature, Step

ENTRIES = Path(__file__).parent / "entries"

_LANG_HEADINGS = {"English": "en", "中文": "zh"}
_SECTIONS = {
    "What you see": "overview",
    "现象": "overview",
    "Causes": "points",
    "原因": "points",
    "Answers": "points",
    "解答": "points",
    "If that is not enough": "more",
    "如果还不够": "more",
    "Versions": "versions",
    "版本": "versions",
    "Check": "check",
    "验证": "check",
}
_PARTS = {"Tell": "tell", "判断": "tell", "Fix": "fix", "处理": "fix"}
_HEADING = re.compile(r"^(#{1,4}) +(.+?) *$")
_POINT = re.compile(r"^([a-z0-9][a-z0-9-]*)\s*[:：]\s*(.+)$")
_CONDITION = re.compile(r"<!--\s*(when|unless)\s*:\s*(.*?)\s*-->\s*")
_ITEM = re.compile(r"^(?:[-*]|\d+\.) ")
_FENCE = re.compile(r"^\s*(`{3,}|~{3,})(.*)$")


class CorpusError(ValueError):
    """An entry that breaks the format; the message names the file and the fault."""


def load(folder: Path = ENTRIES, cache: Path | None = None) -> Corpus:
    """All entries of a folder. With `cache` (a folder), their JSON is read from and kept there.

    Raises CorpusError for an entry that breaks the format. A cache that cannot be read or written
    is passed over: it only saves time.
    """
    files = sorted(folder.glob("*.md"))
    kept = cache_file(cache, files) if cache else None
    if kept:
        corpus = from_cache(kept)
        if corpus:
            return corpus
    digest = hashlib.sha256()
    entries = []
    for file in files:
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise CorpusError(f"{file.name}: is not UTF-8: {error.reason}") from None
        digest.update(file.name.encode() + b"\0" + text.encode() + b"\0")
        entries.append(parse_entry(text, file.name))
    entries.sort(key=lambda entry: entry.id)
    literals = {pattern: required(pattern) for entry in entries for _, pattern in entry.patterns()}
    corpus = Corpus(tuple(entries), digest.hexdigest(), literals)
    if kept:
        to_cache(kept, corpus)
    return corpus


def parse_entry(text: str, file: str) -> Entry:
    """One entry from the text of its file. Raises CorpusError."""
    import yaml  # kept off the path that reads the cached corpus

    head, body = _split(text, file)
    try:
        meta = yaml.load(head, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise CorpusError(f"{file}: the front matter is not YAML: {error}") from None
    if not isinstance(meta, dict):
        raise CorpusError(f"{file}: the front matter must be a mapping")
    try:
        return _entry(meta, _body(body), file)
    except (KeyError, TypeError, AttributeError) as error:
        raise CorpusError(f"{file}: the front matter lacks or malforms {error}") from None
    except ValueError as error:  # CorpusError and ConditionError too
        what = str(error).removeprefix(f"{file}: ")
        raise CorpusError(f"{file}: {what}") from None


def _split(text: str, file: str) -> tuple[str, str]:
    parts = re.split(r"^---[ \t]*$", text, maxsplit=2, flags=re.MULTILINE)
    if len(parts) != 3 or parts[0].strip():
        raise CorpusError(f"{file}: must begin with front matter between two lines of ---")
    return parts[1], parts[2]


def _entry(meta: Mapping[str, Any], body: "_Body", file: str) -> Entry:
    unknown = set(meta) - {
        *("id", "topic", "section", "title", "facts", "libraries", "see", "signatures", "cues"),
        *("sources", "happened", "points"),
    }
    if unknown:
        raise CorpusError(f"unknown keys in the front matter: {', '.join(sorted(unknown))}")
    points = tuple(_point(item, body) for item in meta.get("points") or ())
    names = [point.id for point in points]
    if len(set(names)) < len(names):
        raise CorpusError(f"two points have the same id: {', '.join(names)}")
    for lang in LANGS:
        extra = set(body.points[lang]) - {point.id for point in points}
        if extra:
            raise CorpusError(f"points without front matter in {lang}: {', '.join(sorted(extra))}")
    return Entry(
        id=meta["id"],
        topic=meta["topic"],
        section=meta.get("section") or "",
        title=_text(meta["title"]),
        facts=tuple(meta.get("facts") or ()),
        libraries=dict(meta.get("libraries") or {}),
        see=tuple(meta.get("see") or ()),
        signatures=tuple(_signature(item) for item in meta.get("signatures") or ()),
        cues=tuple(meta.get("cues") or ()),
        sources=dict(meta.get("sources") or {}),
        happened=_sentences(meta.get("happened") or {}),
        points=points,
        overview=body.section("overview"),
        more=body.section("more"),
        versions=body.section("versions"),
        check=body.section("check"),
        file=file,
    )


def _signature(item: str | Mapping[str, Any]) -> Signature:
    if isinstance(item, str):
        return Signature(item)
    _only(item, {"pattern", "in", "weight", "unless"})
    return Signature(
        item["pattern"],
        item.get("in", "text"),
        float(item.get("weight", 1.0)),
        item.get("unless", ""),
    )


def _point(item: Mapping[str, Any], body: "_Body") -> Point:
    _only(item, {"id", "asks", "evidence", "sources", "prior"})
    name = item["id"]
    for lang in LANGS:
        if name not in body.points[lang]:
            raise CorpusError(f"the point {name!r} has no heading '### {name}: …' in {lang}")
    found = {lang: body.points[lang][name] for lang in LANGS}
    return Point(
        id=name,
        title={lang: found[lang].title for lang in LANGS},
        why={lang: tuple(_steps(found[lang].why)) for lang in LANGS},
        tell={lang: "\n".join(found[lang].tell).strip() for lang in LANGS},
        fix={lang: tuple(_steps(found[lang].fix)) for lang in LANGS},
        evidence=tuple(_evidence(each) for each in item.get("evidence") or ()),
        asks=_sentences(item.get("asks") or {}),
        sources=tuple(item.get("sources") or ()),
        prior=float(item.get("prior", 0.0)),
    )


def _evidence(item: Mapping[str, Any]) -> Evidence:
    _only(item, {"find", "if", "in", "weight", *LANGS})
    condition = str(item.get("if", ""))
    if condition:
        check(condition)
    if not condition and not item.get("find"):
        raise CorpusError(f"evidence needs `find` or `if`: {item}")
    return Evidence(
        find=item.get("find", ""),
        condition=condition,
        where=item.get("in", "text"),
        weight=float(item.get("weight", 1.0)),
        says={lang: str(item.get(lang, "")) for lang in LANGS},
    )


def _only(item: Mapping[str, Any], known: set[str]) -> None:
    unknown = set(item) - known
    if unknown:
        raise CorpusError(f"unknown keys {', '.join(sorted(map(str, unknown)))} in {dict(item)}")


def _text(item: Mapping[str, Any]) -> dict[str, str]:
    return {lang: str(item[lang]) for lang in LANGS}


def _sentences(item: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {lang: tuple(str(each) for each in item.get(lang) or ()) for lang in LANGS}


class _PointBody:
    def __init__(self, title: str) -> None:
        self.title = title
        self.why: list[str] = []
        self.tell: list[str] = []
        self.fix: list[str] = []


class _Body:
    def __init__(self) -> None:
        self.points: dict[str, dict[str, _PointBody]] = {lang: {} for lang in LANGS}
        self.lines: dict[tuple[str, str], list[str]] = {}

    def section(self, name: str) -> Section:
        return Section({lang: tuple(_steps(self.lines.get((name, lang), ()))) for lang in LANGS})


def _body(text: str) -> _Body:
    body, lang, section = _Body(), "", ""
    point: _PointBody | None = None
    target: list[str] | None = None
    fenced = ""
    for number, line in enumerate(text.split("\n"), 1):
        fenced = _fence_after(line, fenced)
        heading = None if fenced else _HEADING.match(line)
        if not heading:
            if target is not None:
                target.append(line)
            elif line.strip():
                raise CorpusError(f"text before any section (line {number} of the body)")
            continue
        level, title = len(heading[1]), heading[2]
        if level == 1 and title in _LANG_HEADINGS:
            lang, section, point, target = _LANG_HEADINGS[title], "", None, None
        elif level == 2 and title in _SECTIONS and lang:
            section, point = _SECTIONS[title], None
            target = None if section == "points" else body.lines.setdefault((section, lang), [])
        elif level == 3 and section == "points" and (named := _POINT.match(title)):
            if named[1] in body.points[lang]:
                raise CorpusError(f"two headings for the point {named[1]!r} in {lang}")
            point = body.points[lang][named[1]] = _PointBody(named[2])
            target = point.why
        elif level == 4 and title in _PARTS and point:
            target = getattr(point, _PARTS[title])
        else:
            raise CorpusError(f"unexpected heading {line!r} (line {number} of the body)")
    if fenced:
        raise CorpusError(f"a code block that begins with {fenced} is not closed")
    return body


def _fence_after(line: str, fence: str) -> str:
    """The fence of the code block that is open after a line; "" outside of code. A block ends with
    the marks that opened it, as many or more, and nothing after them."""
    found = _FENCE.match(line)
    if not found:
        return fence
    if not fence:
        return "" if "`" in found[2] else found[1]  # ```code``` in a sentence opens nothing
    return "" if found[1].startswith(fence) and not found[2].strip() else fence


def _steps(lines: Iterable[str]) -> Iterable[Step]:
    """Splits text into steps: paragraphs, list items (with what is indented below them) and code
    blocks, each with the conditions in the comments before it or at its start."""
    block: list[str] = []
    conditions: dict[str, str] = {}
    fenced = ""
    gap = closed = False
    for line in [*lines, ""]:
        if fenced:
            block.append(line)
            fenced = _fence_after(line, fenced)
            closed = not fenced and not line.startswith(" ")
            continue
        comments = _CONDITION.findall(line)
        text = _CONDITION.sub("", line)
        if not line.strip():
            gap = bool(block)
            continue
        starts = closed or bool(comments) or _ITEM.match(text) or (gap and not line.startswith(" "))
        fence = _FENCE.match(text) and not text.startswith(" ")
        introduced = block and block[-1].rstrip().endswith((":", "："))
        if fence and introduced and not comments:
            starts = False  # "Do this:" and the code that follows are one step
        if block and (starts or (fence and not introduced)):
            yield Step("\n".join(block), **conditions)
            block, conditions = [], {}
        for kind, expression in comments:
            check(expression)
            if kind in conditions:
                raise CorpusError(f"two conditions of the same kind on one step: {line.strip()!r}")
            conditions[kind] = expression
        if text.strip():
            if gap and block:
                block.append("")
            block.append(text)
            fenced = _fence_after(text, "")
        gap = closed = False
    if block:
        yield Step("\n".join(block), **conditions)
