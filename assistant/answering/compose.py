"""Writes the answer from the best candidate: what happened, why, the first fix, what else, sources."""

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from importlib.resources import files

from assistant.answering.model import Answer, Basis, Citation, Part, Statement
from assistant.answering.render import applicable, filled, first_complete, shown
from assistant.case import Case
from assistant.diagnosis import Diagnosis, says_thanks
from assistant.reading.model import Fact
from corpus import Entry, Point

ROOM = 1_800
"""Characters that an answer aims at; what comes last is left out where it would go beyond."""
_SPEAKS = 1.5
"""Evidence of this weight makes a second cause worth saying in full."""
_MORE_ITEMS = 4
_OTHERS = (3, 2, 1)
"""Other causes that are named: as many as there is room for."""
_NEXT, _ALSO = 6, 2
"""Points that may be added to a reference's answer, and how many are."""
_HIDDEN = ("set_", "user_", "last_", "tried_")
_HOME = re.compile(r"(?:[A-Za-z]:)?[/\\](?:home|Users|Benutzer|data/home)[/\\][^/\\\s\"']+", re.IGNORECASE)
_ITEM = re.compile(r"^(?:[-*]|\d+\.) ")


def compose(
    case: Case,
    chosen: Diagnosis,
    rivals: Sequence[Diagnosis],
    confidence: float,
    basis: Basis,
    *,
    short: bool = False,
) -> Answer:
    """The grounded answer from the point that `chosen` means; `rivals` are the points that come next,
    best first. A short answer has the cause, the first fix and the source only."""
    writer = _Writer(case, chosen)
    parts = [part for part in writer.parts(() if short else rivals, short) if part.markdown]
    return Answer(
        lang=case.lang,
        kind=case.reading.kind,
        topic=chosen.entry.topic,
        confidence=round(confidence, 3),
        abstained=False,
        parts=tuple(parts),
        basis=basis,
        citations=tuple(writer.citations),
        facts=public_facts(case),
        origins=case.origins,
        entry=chosen.entry.id,
        point=chosen.point.id,
        statements=tuple(writer.statements),
    )


def abstain(case: Case, confidence: float, nearest: Entry | None = None) -> Answer:
    """One sentence that says that this is not covered, and what is."""
    if not case.reading.text.strip():
        text = texts(case.lang)["empty"]
    elif says_thanks(case.reading):
        text = texts(case.lang)["thanks"]
    elif nearest:
        text = texts(case.lang)["abstained_near"].format(title=nearest.title[case.lang])
    else:
        text = texts(case.lang)["abstained"]
    return Answer(
        lang=case.lang,
        kind=case.reading.kind,
        topic=None,
        confidence=round(confidence, 3),
        abstained=True,
        parts=(Part("abstention", text),),
        basis="none",
        facts=public_facts(case),
        origins=case.origins,
    )


def public_facts(case: Case) -> Mapping[str, Fact | Mapping[str, str]]:
    """The facts of a case as people and the JSON contract see them."""
    versions = case.versions
    facts: dict[str, Fact | Mapping[str, str]] = {
        name: _without_home(fact) if isinstance(fact, str) else fact
        for name, fact in case.facts.items()
        if name not in versions and not name.startswith(_HIDDEN)
    }
    tried = [name.removeprefix("tried_") for name in case.facts if name.startswith("tried_")]
    if tried:
        facts["tried"] = ", ".join(tried)
    frame = case.reading.main.user_frame if case.reading.main else None
    if frame and frame.line:
        facts["failed_at"] = f"{_short(frame.file)}:{frame.line}"
    facts["versions"] = versions
    return facts


def sources_text(citations: Sequence[Citation], lang: str) -> str:
    """The list of an answer's sources, numbered as they are cited."""
    lines = [
        f"{citation.n}. [{citation.title}]({citation.source})"
        if citation.source
        else f"{citation.n}. {citation.title}"
        for citation in citations
    ]
    return f"{texts(lang)['sources']}\n\n" + "\n".join(lines)


@cache
def texts(lang: str) -> Mapping[str, str]:
    """Our own sentences in a language."""
    found = tomllib.loads((files("assistant.answering") / "texts.toml").read_text(encoding="utf-8"))
    return {str(key): str(text) for key, text in found[lang].items()}


class _Writer:
    """Holds what all parts of one answer share: the case, its facts, and the citations so far."""

    def __init__(self, case: Case, chosen: Diagnosis) -> None:
        self.case = case
        self.lang = case.lang
        self.chosen = chosen
        self.facts: dict[str, Fact] = {**case.facts, **chosen.captures}
        self.texts = texts(case.lang)
        self.citations: list[Citation] = []
        self.statements: list[Statement] = []
        self.left = ROOM

    def parts(self, rivals: Sequence[Diagnosis], short: bool) -> Iterator[Part]:
        for kind, text in (("happened", self._happened()), ("why", self._why()), ("fix", self._fix())):
            self.left -= len(text)
            yield Part(kind, text)
        self.left -= len(self._sources())
        if not short:
            yield from self._optional(rivals)
        yield Part("sources", self._sources())

    def _optional(self, rivals: Sequence[Diagnosis]) -> Iterator[Part]:
        """What is said as far as there is room, the most telling first."""
        if self.chosen.point.fix[self.lang]:
            second = rivals[:1] if rivals and rivals[0].support >= _SPEAKS else []
            wanted: list[tuple[str, Callable[[], str]]] = [
                *(("also", partial(self._also, rival)) for rival in second),
                *(("others", partial(self._others, rivals[len(second) :], most)) for most in _OTHERS),
            ]
            also = 1
        else:  # a reference: what else was asked about
            wanted = [("also", partial(self._also, rival)) for rival in rivals[:_NEXT]]
            also = _ALSO
        wanted += [("more", partial(self._section, "more", _MORE_ITEMS)), ("versions", self._versions)]
        said = Counter[str]()
        for kind, write in wanted:
            if said[kind] == (also if kind == "also" else 1):
                continue
            cited, sources = len(self.citations), len(self._sources())
            text = write()
            cost = len(text) + len(self._sources()) - sources
            if not text or cost > self.left:
                del self.citations[cited:]
                self.statements = [each for each in self.statements if each.n <= cited]
                continue
            said[kind] += 1
            self.left -= cost
            yield Part(kind, text)

    def _happened(self) -> str:
        sentences = []
        if self.chosen.signature:
            sentences.append(first_complete(self.chosen.entry.happened[self.lang], self.facts))
        main = self.case.reading.main
        frame = main.user_frame if main else None
        if frame and frame.line is not None:
            template = self.texts["where" if frame.code else "where_no_code"]
            sentences.append(
                template.format(file=_short(frame.file), line=frame.line, code=_code(frame.code))
            )
        if self.case.reading.narrowed:
            size = f"{self.case.reading.length / 1e6:.1f} MB"
            sentences.append(self.texts["narrowed"].format(size=size))
        return _joined(sentences, self.lang)

    def _why(self) -> str:
        point = self.chosen.point
        is_cause = bool(point.fix[self.lang])
        head = self.texts["why" if is_cause else "answer"].format(title=point.title[self.lang].rstrip(".。"))
        steps = applicable(point.why[self.lang], self.facts)
        text = _beside(head, steps, self.lang)
        because = self._because() if is_cause else ""
        number = self._cite(self.chosen.entry, point)
        self._state(number, point, [*steps, because], applicable(point.fix[self.lang], self.facts))
        return _with_number(_followed_by(text, because, self.lang), number)

    def _because(self) -> str:
        said: dict[str, None] = {}
        for reason in self.chosen.reasons[:3]:
            said[filled(reason.says[self.lang], self.facts)] = None
        if not said:
            return ""
        reasons = self.texts["separator"].join(said)
        return self.texts["because"].format(reasons=reasons)

    def _fix(self) -> str:
        steps = applicable(self.chosen.point.fix[self.lang], self.facts)
        if not steps:
            return ""
        return f"{self.texts['fix']}\n\n" + "\n\n".join(steps)

    def _section(self, name: str, limit: int) -> str:
        entry = self.chosen.entry
        section = {"more": entry.more, "versions": entry.versions}[name]
        steps = applicable(section.steps[self.lang], self.facts)[:limit]
        if not steps:
            return ""
        return f"{self.texts[name]}\n\n" + "\n".join(map(_bullet, steps))

    def _versions(self) -> str:
        """What changed between versions, where the user states versions of these libraries."""
        names = set(self.chosen.entry.libraries)
        stated = any(name in names for name in self.case.versions)
        return self._section("versions", 2) if stated else ""

    def _also(self, rival: Diagnosis) -> str:
        """A point that comes next, in full: of a reference what else was asked about, of a failure
        the second cause that evidence speaks for."""
        point, facts = rival.point, {**self.facts, **rival.captures}
        head = self.texts["also" if self.chosen.point.fix[self.lang] else "answer"]
        head = head.format(title=point.title[self.lang].rstrip(".。"))
        why = applicable(point.why[self.lang], facts)
        text = _beside(head, why, self.lang)
        steps = applicable(point.fix[self.lang], facts)[:1]
        number = self._cite(rival.entry, point)
        self._state(number, point, why, steps)
        return "\n\n".join([_with_number(text, number), *steps])

    def _others(self, rivals: Sequence[Diagnosis], most: int) -> str:
        lines = []
        for rival in rivals:
            tell = filled(rival.point.tell[self.lang], self.facts)
            if not tell:
                continue
            number = self._cite(rival.entry, rival.point)
            self._state(number, rival.point, [], [], tell)
            title = rival.point.title[self.lang].rstrip(".。")
            colon = "：" if self.lang == "zh" else ": "
            lines.append(f"- **{title}**{colon}{tell} [{number}]")
            if len(lines) == most:
                break
        return f"{self.texts['others']}\n\n" + "\n".join(lines) if lines else ""

    def _state(
        self, number: int, point: Point, why: Sequence[str], fix: Sequence[str], tell: str = ""
    ) -> None:
        if any(each.n == number for each in self.statements):
            return
        title = point.title[self.lang].rstrip(".。")
        self.statements.append(Statement(number, title, tuple(filter(None, why)), tuple(fix), tell))

    def _cite(self, entry: Entry, point: Point) -> int:
        passage = f"{entry.id}#{point.id}.{self.lang}"
        for citation in self.citations:
            if citation.passage == passage:
                return citation.n
        text = "\n\n".join(filled(step.text, {}) for step in (*point.why[self.lang], *point.fix[self.lang]))
        name = point.sources[0] if point.sources else next(iter(entry.sources), "")
        self.citations.append(
            Citation(
                n=len(self.citations) + 1,
                passage=passage,
                text=text,
                section=entry.section,
                title=point.title[self.lang].rstrip(".。"),
                source=entry.sources.get(name, ""),
            )
        )
        return len(self.citations)

    def _sources(self) -> str:
        return sources_text(self.citations, self.lang)


def _bullet(step: str) -> str:
    """A step as an item of a list; what stands below its first line stays inside of the item."""
    if _ITEM.match(step):
        return f"- {_ITEM.sub('', step)}"
    return "- " + step.replace("\n", "\n  ")


def _followed_by(text: str, sentence: str, lang: str) -> str:
    """The text and a sentence after it: beside prose, below code, a table or a list."""
    if not sentence:
        return text
    if _prose_ends(text):
        return _joined([text, sentence], lang)
    return f"{text}\n\n{sentence}"


def _prose_ends(text: str) -> bool:
    last = text.rstrip().rpartition("\n")[2].strip()
    return not (last.startswith(("```", "~~~", "|")) or _ITEM.match(last))


def _beside(head: str, steps: Sequence[str], lang: str) -> str:
    """The heading and, in the same paragraph where it is one, the text that follows."""
    if not steps:
        return head
    if steps[0].startswith(("```", "~~~", "|", "<!--", "    ")) or _ITEM.match(steps[0]):
        return "\n\n".join([head, *steps])
    space = "" if lang == "zh" else " "
    return "\n\n".join([f"{head}{space}{steps[0]}", *steps[1:]])


def _with_number(text: str, number: int) -> str:
    """The text with its citation at the end of its last line of prose, never inside code."""
    if not number:
        return text
    if text.rstrip().rpartition("\n")[2].strip().startswith(("```", "~~~", "|")):
        return f"{text}\n\n[{number}]"
    return f"{text} [{number}]"


def _joined(sentences: Sequence[str], lang: str) -> str:
    return ("" if lang == "zh" else " ").join(sentence for sentence in sentences if sentence)


def _short(file: str) -> str:
    """A path as it may be shown: its last three parts, without a home folder's name."""
    return shown("/".join(re.split(r"[/\\]", _without_home(file))[-3:]))


def _without_home(text: str) -> str:
    """The text with the home folders in it, which name a user, written as ~."""
    return _HOME.sub("~", text)


def _code(code: str) -> str:
    return code.replace("`", "'").strip()[:120]
