"""A sentence's build: clauses, what is negated, what is cause and effect, condition and consequence.

Shallow on purpose: it sees word order, punctuation and function words, the same for both languages.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from assistant.grounding.tokens import Token, Tokens, tokens

_BREAKS = frozenset(",，;；:：()（）—–!?！？。.")
_OPENS = frozenset(("cause", "effect", "cond", "then", "contrast"))
# Prepositions that open a clause only at its start.
_AT_START = frozenset(["as", "once", "where", "以", "来", "才", "也", "自然"])
# Said after their clause in Chinese: 「…时」「…的话」.
_CLOSES = frozenset(["时", "的话", "的时候", "情况下", "的情况下"])
_MOST = 700  # tokens of one sentence that are read as one
_SCOPE = 5  # how many words after "not" are looked at for what it turns


@dataclass(frozen=True, slots=True)
class Word:
    """A token in its place. `sign` is −1 where it is negated; `clause` is the number of its clause."""

    token: Token
    sign: int
    clause: int

    @property
    def senses(self) -> frozenset[tuple[str, int]]:
        """Its concepts, turned where it is negated."""
        if self.sign > 0:
            return self.token.concepts
        return frozenset((concept, -sign) for concept, sign in self.token.concepts)


@dataclass(frozen=True, slots=True)
class Clause:
    """A run of words with its role: main, cause, effect, cond or contrast."""

    role: str
    words: tuple[Word, ...]


@lru_cache(maxsize=1)
def _negatives() -> frozenset[tuple[str, int]]:
    listed = tomllib.loads((Path(__file__).parent / "poles.toml").read_text(encoding="utf-8"))["negative"]
    return frozenset((item[:-1], 1 if item.endswith("+") else -1) for item in listed)


def negative(words: Sequence[Word]) -> bool:
    """Whether words say a "no": something negated, failing, missing, refused or wrong."""
    for word in words:
        if word.senses & _negatives():
            return True
        if word.sign < 0 and not any((concept, -sign) in _negatives() for concept, sign in word.senses):
            return True
    return False


@dataclass(frozen=True, slots=True)
class Link:
    """Two parts of a sentence that it ties together: cause and effect, or condition and consequence."""

    kind: str
    first: tuple[Word, ...]
    second: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence as it is compared. `marks` are those of all its words."""

    text: str
    tokens: Tokens
    clauses: tuple[Clause, ...]
    words: tuple[Word, ...]
    segments: tuple[tuple[Word, ...], ...]
    links: tuple[Link, ...]
    marks: frozenset[str]
    weight: float


def parse(text: str) -> Sentence:
    """The build of a sentence."""
    read = tokens(text)
    if len(read.items) > _MOST:  # a block of code: its names count, not its grammar
        words = tuple(Word(token, 1, 0) for token in read.items)
        weight = sum(token.weight for token in read.items)
        return Sentence(text, read, (), words, (), (), frozenset(), weight)
    clauses = [_signed(role, number, part) for number, (role, part) in enumerate(_clauses(read.items))]
    clauses = _elliptic(clauses)
    words = tuple(word for clause in clauses for word in clause.words)
    marks = frozenset(mark for token in read.items for mark in token.marks)
    weight = sum(word.token.weight for word in words)
    segments = tuple(segment for clause in clauses for segment in _segments(clause.words))
    return Sentence(text, read, tuple(clauses), words, segments, tuple(_links(clauses)), marks, weight)


_AUXILIARY = frozenset(["do", "can", "be", "may", "will", "must", "should", "could"])


def _elliptic(clauses: list[Clause]) -> list[Clause]:
    """ "X counts them, Y does not": a clause of a subject and an auxiliary says what the one before it said."""
    found: list[Clause] = []
    for clause in clauses:
        heard = [word for word in clause.words if word.token.kind != "sep"]
        stems = [word.token.key for word in heard]
        short = len(heard) >= 2 and (
            stems[-1] in _AUXILIARY or (stems[-1] == "not" and stems[-2] in _AUXILIARY)
        )
        if (
            short
            and found
            and not any(word.token.negatable and word.token.weight >= 0.4 for word in heard[:-2])
        ):
            sign = -1 if stems[-1] == "not" else 1
            said = [word for word in found[-1].words if word.token.negatable and word.token.weight >= 0.4]
            said = said[:1] or [word for word in found[-1].words if word.token.weight >= 0.9][-1:]
            number = clause.words[0].clause
            clause = Clause(clause.role, (*clause.words, *(Word(word.token, sign, number) for word in said)))
        found.append(clause)
    return found


def _clauses(items: tuple[Token, ...]) -> list[tuple[str, list[Token]]]:
    found: list[tuple[str, list[Token]]] = []
    role: str = "main"
    part: list[Token] = []

    def close(next_role: str) -> None:
        nonlocal role, part
        if any(token.weight > 0 for token in part):
            if role == "main" and found and (_bare(part) or (found[-1][0] == "main" and _bare(found[-1][1]))):
                found[-1][1].extend(part)  # a list goes on
            else:
                found.append((role, part))
            part = []
        role = next_role

    for at, token in enumerate(items):
        if token.kind == "sep" and token.key in _BREAKS:
            close("main")
            continue
        opens = _OPENS & token.marks
        if token.text == "since" and any(after.kind == "number" for after in items[at + 1 : at + 4]):
            opens = frozenset()  # since 4.41
        if opens and token.kind == "word":
            kind = next(kind for kind in ("cause", "effect", "cond", "then", "contrast") if kind in opens)
            started = any(before.weight >= 0.3 for before in part)
            if token.text in _CLOSES and started:
                role = "cond" if role == "main" else role
            elif kind == "then":
                if started:
                    close(kind)
            elif not (started and token.text in _AT_START):
                close(kind)
        part.append(token)
    close("main")
    return found


def _bare(part: list[Token]) -> bool:
    return not any(token.negatable or token.marks for token in part)


def _signed(role: str, number: int, part: list[Token]) -> Clause:
    signs = [1] * len(part)
    for at, token in enumerate(part):
        if ("neg" in token.marks and "not_neg" not in token.marks) or token.text in _ABSENT:
            _negate(part, signs, at)
        if "neg_back" in token.marks:
            for back in range(at - 1, max(-1, at - 3), -1):
                if part[back].negatable:
                    signs[back] *= -1
                    break
    return Clause(role, tuple(Word(token, sign, number) for token, sign in zip(part, signs, strict=True)))


def _negate(part: list[Token], signs: list[int], at: int) -> None:
    token = part[at]
    if token.text == "no" and at and part[at - 1].negatable:
        signs[at - 1] *= -1  # has no, needs no
        return
    if at + 1 < len(part) and part[at + 1].marks & {"only", "all", "always"} and token.text in ("not", "不"):
        return  # not only, not every
    if (
        at
        and token.text in ("not", "不", "不能", "无法")
        and any(c == "can" for c, _ in part[at - 1].concepts)
    ):
        signs[at - 1] *= -1
    turned = (0 if token.text in _ABSENT else _turned(part, at)) or _denied(part, at)
    if turned:
        signs[turned] *= -1


# Said between a negation and what it turns.
_BETWEEN = frozenset(
    ["再", "又", "还", "已经", "已", "也", "先", "still", "again", "yet", "even", "already", "then", "first"]
)


# Say of the thing after them that it is not there.
_ABSENT = frozenset(["without", "lack", "lacks", "lacking", "缺少", "缺", "不带", "不含", "缺乏"])


def _denied(part: list[Token], at: int) -> int:
    """The thing that a negation denies where it turns no doing word: no warning, not a text column. 0 where
    there is none."""
    for ahead in range(at + 1, min(at + 4, len(part))):
        if part[ahead].kind == "sep":
            return 0
        if part[ahead].weight >= 0.5:
            return ahead
    return 0


def _turned(part: list[Token], at: int) -> int:
    """Which word a negation turns: the next that can be; with "no", a participle before a noun is passed over
    where a verb follows. 0 where there is none."""
    nominal = part[at].text in ("no", "none", "nothing", "没有", "无", "nobody")
    first, looked = 0, 0
    for ahead in range(at + 1, len(part)):
        token = part[ahead]
        if token.text in _BETWEEN or token.weight < 0.3 or token.kind == "sep":
            continue
        if token.negatable:
            follows = part[ahead + 1] if ahead + 1 < len(part) else None
            if not nominal or follows is None or follows.negatable or follows.weight < 0.9:
                return ahead
            first = first or ahead
        elif looked == 0 and _contrasts(part, at):
            return ahead  # ", not the tokenizer"
        elif nominal and looked == 0 and not (ahead + 1 < len(part) and _verb(part, ahead + 1)):
            return 0  # "no warning", 「没有这个包」: nothing but the noun
        looked += 1
        if looked >= _SCOPE:
            break
    return first


def _contrasts(part: list[Token], at: int) -> bool:
    """Whether a negation stands before a noun: "…, not X", "rather than X", 「而不是 X」."""
    if part[at].text in ("rather than", "instead of", "而不是", "而非", "不是", "并非"):
        return True
    return part[at].text == "not" and (
        at == 0 or part[at - 1].kind == "sep" or "contrast" in part[at - 1].marks
    )


def _verb(part: list[Token], start: int) -> bool:
    """Whether a word that can be negated follows, with at most one noun between."""
    nouns = 0
    for token in part[start:]:
        if token.weight < 0.2:
            continue
        if token.negatable:
            return True
        nouns += 1
        if nouns > 1:
            return False
    return False


_INSTEAD = frozenset(("rather than", "instead of", "而不是", "而非"))


def _segments(words: tuple[Word, ...]) -> list[tuple[Word, ...]]:
    """A clause cut at "and" and the like, where each part says something of its own: a verb, or a name with
    its number. Mere lists stay together."""
    parts: list[list[Word]] = [[]]
    for word in words:
        if word.token.kind == "sep" and word.token.key in ("and", "、"):
            parts.append([word] if word.token.marks else [])
        elif word.token.text in _INSTEAD and parts[-1]:
            parts.append([word])
        else:
            parts[-1].append(word)
    found: list[list[Word]] = []
    for part in parts:
        if (found and not _says(part)) or (found and not _says(found[-1])):
            found[-1] += part
        elif part:
            found.append(part)
    return [tuple(part) for part in found]


def _says(part: list[Word]) -> bool:
    part = [word for word in part if word.token.weight > 0]
    kinds = {word.token.kind for word in part if word.token.weight >= 0.9}
    verb = any(word.token.negatable and word.token.weight >= 0.3 for word in part)
    return (verb and len([w for w in part if w.token.weight >= 0.5]) >= 2) or (
        "number" in kinds and len(part) > 1
    )


def _links(clauses: list[Clause]) -> list[Link]:
    links: list[Link] = []
    for number, clause in enumerate(clauses):
        before = tuple(word for earlier in clauses[:number] for word in earlier.words)
        after = clauses[number + 1].words if number + 1 < len(clauses) else ()
        if clause.role == "cause":
            links.append(Link("cause", clause.words, before if before else after))
        elif clause.role == "effect" and before:
            links.append(Link("cause", before, clause.words))
        elif clause.role == "then" and before and clauses[number - 1].role != "cond":
            links.append(Link("cond", before, clause.words))
        elif clause.role == "cond":
            consequence = before or after
            links.append(Link("cond", clause.words, consequence))
        for at, word in enumerate(clause.words):
            if "causes" in word.token.marks and 0 < at < len(clause.words) - 1:
                links.append(Link("cause", clause.words[:at], clause.words[at + 1 :]))
                break
    return [link for link in links if _weight(link.first) >= 0.8 and _weight(link.second) >= 0.8]


def _weight(words: tuple[Word, ...]) -> float:
    return sum(word.token.weight for word in words)
