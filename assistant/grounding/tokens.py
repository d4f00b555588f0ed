"""A sentence to tokens: words with what they mean, names, numbers with units, citations, punctuation.

The same for English, Chinese and code, so that a sentence in one language can be laid beside one in
the other.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from assistant.grounding import names, quantities
from assistant.grounding.lexicon import JOINS, STOP, Meaning, lexicon, stem
from assistant.grounding.quantities import Quantity

_CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(
    r"(?P<cite>[\[【［]\s?\d{1,6}(?:\s?[,，、;-]\s?\d{1,6}){0,20}\s?[\]】］])"
    r"|(?P<code>`{1,3}[^`\n]{1,600}`{1,3})"
    r"|(?P<url>https?://[^\s)\]>\"'`，。；）]{1,500})"
    rf"|(?P<date>{quantities.DATE})"
    rf"|(?P<number>(?<![A-Za-z0-9_.])[vV]?{quantities.NUMBER})"
    r"|(?P<flag>(?<![\w-])--?[A-Za-z][\w-]{0,60})"
    r"|(?P<path>(?<![\w.])(?:~|\.{1,2})?(?:/[\w.+@-]{1,80}){1,20}/?)"
    r"|(?P<word>[A-Za-z_](?:[A-Za-z0-9_]|(?:\.|::|-|/)(?=[A-Za-z0-9_])|['’](?=[a-z])){0,120}(?:\(\))?)"
    rf"|(?P<cjk>[{_CJK}]{{1,400}})"
    r"|(?P<sep>[,，;；:：()（）—–、!?！？。.=<>≤≥\"“”])"
)
_ASSIGN = re.compile(
    r"([A-Za-z_][\w.\-]{0,80})\s{0,3}(?:=|:)\s{0,3}"
    r"(\"[^\"]{0,80}\"|'[^']{0,80}'|\[[^\]]{0,120}\]|\{[^}]{0,120}\}|[^\s,;)\]]{1,80})"
)
_INNER = re.compile(
    rf"(?P<url>https?://[^\s\"'`]{{1,500}})|(?P<path>(?<![\w.])(?:~|\.{{1,2}})?(?:/[\w.+@-]{{1,80}}){{1,20}}/?)"
    rf"|(?P<number>(?<![A-Za-z0-9_.])-?{quantities.NUMBER})|(?P<word>-{{0,2}}[A-Za-z_][\w.\-]{{0,120}})"
    rf"|(?P<cjk>[{_CJK}]{{1,100}})|(?P<eq>==?|[<>/*+])"
)


@dataclass(frozen=True, slots=True)
class Token:
    """`kind`: word, name (code or a proper name), number, sep. `concepts` with sign where it is a word
    of the lexicon; `limit`: -1 or 1 where a number is said as a limit; `key` is what is compared otherwise. `weight`: how much it says. `code`: written as code."""

    kind: str
    key: str
    text: str
    concepts: frozenset[tuple[str, int]] = frozenset()
    marks: frozenset[str] = frozenset()
    negatable: bool = False
    weight: float = 1.0
    code: bool = False
    quantity: Quantity | None = None
    limit: int = 0


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a sentence in order, the ids that it cites, its code spans, and its assignments
    (name, value) as spelled for comparison, and as written."""

    items: tuple[Token, ...]
    cited: tuple[int, ...] = ()
    assigns: tuple[tuple[str, str, str], ...] = ()
    spans: tuple[str, ...] = ()


@dataclass(slots=True)
class _Found:
    items: list[Token] = field(default_factory=list)
    cited: list[int] = field(default_factory=list)
    assigns: list[tuple[str, str, str]] = field(default_factory=list)
    spans: list[str] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)  # English words that wait for their phrase


def tokens(text: str) -> Tokens:
    """The tokens of a sentence. A fenced block is read as code."""
    found = _Found()
    if text.lstrip().startswith(("```", "~~~")):
        for line in text.splitlines()[1:]:
            _code(line.split("#")[0], found)
    else:
        _prose(text, found)
    _flush(found)
    return Tokens(
        tuple(_limited(found.items)),
        tuple(dict.fromkeys(found.cited)),
        tuple(found.assigns),
        tuple(found.spans),
    )


def _limited(items: list[Token]) -> list[Token]:
    """Numbers with what makes them limits: before 0.43, ≥ 0.46, 0.43 之前."""
    found = list(items)
    for at, token in enumerate(items):
        if token.kind == "number":
            sign = quantities.limit(
                [i.text for i in items[max(0, at - 2) : at]], [i.text for i in items[at + 1 : at + 2]]
            )
            if sign:
                found[at] = replace(token, limit=sign)
    return found


def _prose(text: str, found: _Found) -> None:
    read_to = 0
    for match in _TOKEN.finditer(text):
        kind, word = match.lastgroup, match[0]
        if match.start() < read_to:  # a unit that was read with its number
            continue
        if kind == "word":
            _word(word, text[match.end() : match.end() + 82], match.start() == 0, found)
            continue
        _flush(found)
        if kind == "cite":
            found.cited += _ids(word)
        elif kind == "code":
            inner = word.strip("`")
            found.spans.append(inner)
            _code(inner, found)
        elif kind in ("url", "path", "flag"):
            found.items.append(_name(word, strong=True))
        elif kind in ("number", "date"):
            read_to = _number(match, text, found)
        elif kind == "cjk":
            found.items.extend(_chinese(word))
        else:
            between = word in "—–" and text[match.start() - 1 : match.start()].isdigit()
            found.items.append(Token("sep", "~" if between else word, word, weight=0.0))


def _ids(cite: str) -> list[int]:
    ids: list[int] = []
    for part in re.split(r"[,，、;]", cite.strip("[]【】［］ ")):
        ends = [int(number) for number in part.split("-")]
        ids += range(ends[0], ends[-1] + 1) if 0 <= ends[-1] - ends[0] <= 50 else ends
    return ids


def _number(match: re.Match[str], text: str, found: _Found) -> int:
    """Adds a number; where its unit ends."""
    quantity, length = quantities.read(match[0], text[match.end() : match.end() + 24])
    found.items.append(Token("number", quantity.key, match[0], quantity=quantity, weight=2.0))
    return match.end() + length


def _word(word: str, following: str, first: bool, found: _Found) -> None:
    """Plain English words wait for their phrase; names stand for themselves."""
    word = re.sub(r"['’]s$", "", word)
    if following[:1] == "=" and following[1:2].strip() and following[1:2] != "=":
        value = re.match(r"=(\"[^\"]{0,80}\"|'[^']{0,80}'|[^\s,;)\]，。；]{1,80})", following)
        if value:
            found.assigns.append((names.key(word), names.key(value[1]), f"{word}={value[1]}"))
    if names.strong(word) or (names.listed(word) and not word.islower()):
        _flush(found)
        found.items.append(_name(word, strong=names.strong(word)))
        return
    if names.listed(word) and (stem(word),) not in lexicon().english:
        _flush(found)
        found.items.append(_name(word, strong=False))
        return
    for part in re.split(r"[-/]", word) if not any(map(str.isdigit, word)) else [word]:
        _plain(part, first, found)


def _plain(part: str, first: bool, found: _Found) -> None:
    lower = part.lower().replace("’", "'")
    if lower.endswith("n't"):
        found.plain += [lower[:-3], "not"] if lower not in ("won't", "can't") else [lower[0:2], "not"]
    elif lower == "cannot":
        found.plain += ["can", "not"]
    elif (
        any(map(str.isdigit, part))
        or (len(part) > 1 and part.isupper())
        or (part[:1].isupper() and not first)
    ):
        lower = lower.removesuffix("'s")
        if ((stem(lower),) in lexicon().english and not any(map(str.isdigit, part))) or (
            part[:1].isupper() and part[1:].islower() and _common(lower)
        ):
            found.plain.append(lower)
        else:
            _flush(found)
            found.items.append(_name(part.removesuffix("'s"), strong=False))
    else:
        found.plain.append(lower.removesuffix("'s").strip("'"))


def _common(word: str) -> bool:
    return word in STOP


def _name(word: str, strong: bool) -> Token:
    word = word.strip("\"'")
    spelled = names.key(word)
    quantity = quantities.of_name(spelled)
    return Token("name", spelled, word, weight=2.5 if strong else 2.0, code=strong, quantity=quantity)


def _code(inner: str, found: _Found) -> None:
    for name, value in _ASSIGN.findall(inner):
        found.assigns.append((names.key(name), names.key(value), f"{name}={value}"))
    for match in _INNER.finditer(inner):
        word = match[0]
        if match.lastgroup == "number":
            quantity, _ = quantities.read(word, inner[match.end() : match.end() + 8])
            found.items.append(Token("number", quantity.key, word, quantity=quantity, weight=2.0, code=True))
        elif match.lastgroup == "cjk":
            found.items.extend(_chinese(word))
        elif match.lastgroup == "eq":
            found.items.append(Token("sep", word, word, weight=0.0))
        elif names.key(word):
            found.items.append(_name(word, strong=True))


def _flush(found: _Found) -> None:
    """English words that stand in a row, as the longest forms that the lexicon knows."""
    words, found.plain = found.plain, []
    if words:
        found.items.extend(_phrases(words))


def _phrases(words: list[str]) -> Iterator[Token]:
    known = lexicon()
    stems = [stem(word) for word in words]
    at = 0
    while at < len(words):
        for length in range(min(known.longest_english, len(words) - at), 0, -1):
            meaning = known.english.get(tuple(stems[at : at + length]))
            if meaning:
                yield _known(" ".join(stems[at : at + length]), " ".join(words[at : at + length]), meaning)
                at += length
                break
        else:
            if words[at] in JOINS:
                yield Token("sep", "and", words[at], weight=0.0)
            elif quantities.word(words[at]) is not None:
                yield _spoken(words[at])
            elif words[at] not in STOP and len(words[at]) > 1:
                yield Token("word", stems[at], words[at], weight=0.9)
            at += 1


# Marks of words that tie a sentence together or say how strong it is: compared on their own.
_LOGIC = frozenset(
    [
        "cause",
        "effect",
        "cond",
        "then",
        "contrast",
        "neg",
        "not_neg",
        "neg_back",
        "than",
        "all",
        "only",
        "always",
        "never",
        "sure",
        "total",
        "may",
        "approx",
    ]
)


def _known(spelled: str, text: str, meaning: Meaning) -> Token:
    number = quantities.spoken(text) if quantities.word(text) is not None else None
    if meaning.concepts and not meaning.light:
        weight = 0.8 if meaning.negatable else 1.0
        if meaning.marks & _LOGIC and not any(concept == "early" for concept, _ in meaning.concepts):
            weight = 0.15
        elif meaning.weak:
            weight = 0.4
    else:
        weight = 0.25 if meaning.concepts else 0.1
    return Token(
        "word", spelled, text, meaning.concepts, meaning.marks, meaning.negatable, weight, False, number
    )


def _spoken(text: str) -> Token:
    return Token("word", text, text, weight=0.2, quantity=quantities.spoken(text))


def _chinese(run: str) -> Iterator[Token]:
    known = lexicon()
    at, unknown = 0, ""
    while at < len(run):
        for length in range(min(known.longest_chinese, len(run) - at), 0, -1):
            form = run[at : at + length]
            meaning = known.chinese.get(form)
            if form in JOINS:
                yield from _pairs(unknown)
                unknown = ""
                marks = frozenset(["also"] if form in ("也", "还") else [])
                yield Token("sep", "and", form, marks=marks, weight=0.0)
                at += length
                break
            if meaning:
                yield from _pairs(unknown)
                unknown = ""
                yield _known(form, form, meaning)
                at += length
                break
        else:
            if quantities.word(run[at]) is not None:
                yield from _pairs(unknown)
                unknown = ""
                yield _spoken(run[at])
            else:
                unknown += run[at]
            at += 1
    yield from _pairs(unknown)


def _pairs(unknown: str) -> Iterator[Token]:
    """Chinese that the lexicon does not know, as pairs of characters."""
    for start in range(max(1, len(unknown) - 1) if unknown else 0):
        pair = unknown[start : start + 2]
        yield Token("word", pair, pair, weight=0.5 if len(pair) > 1 else 0.25)
