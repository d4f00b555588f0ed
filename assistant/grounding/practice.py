"""Makes sentences to practise on from the corpus, which says everything in both languages: a sentence
beside its counterpart is supported; changed in one place it is not. Only used to fit (fit.py)."""

import random
import re
import tomllib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from assistant.grounding.sentences import split

Pair = tuple[str, list[str], list[str]]  # entry, English sentences, the same in Chinese
Row = dict[str, Any]

_FENCED = re.compile(r"```.*?```", re.DOTALL)
_TABLES: dict[str, dict[str, str]] = tomllib.loads(
    (Path(__file__).parent / "practice.toml").read_text(encoding="utf-8")
)
_INSIDE = "|".join(_TABLES["zh"]["inside"].split())
_CAUSE = {
    "en": re.compile(
        r"^(.{10,}?),? (because|since|so that|so|if|when|unless|after|before) (.{8,}?)([.;:].*)?$"
    ),
    "zh": re.compile(
        r"^(?:因为|由于|如果|若|要是)?(.{4,}?)(，所以|，因此|，于是|，就|时，|后，|之前|之后)(.{3,}?)([。；].*)?$"
    ),
}
_FRONTED = re.compile(r"^(If|When|Because|Since|Before|After|Once) (.{8,}?), (.{8,}?)([.;:].*)?$")
_STRONGER = {
    "en": re.compile(r"\b(is|are|can|does|has|will|fails|works|needs|takes|gives|makes|keeps|uses)\b"),
    "zh": re.compile(r"(会|是|能|要|用|有)"),
}


def practice(entries: Path, count: int, seed: int = 0) -> list[Row]:
    """Labelled sentences in the format of the cases (tests/cases/README.md), the same for the same seed."""
    chance = random.Random(seed)
    pairs = [pair for file in sorted(entries.glob("*.md")) for pair in _pairs(file)]
    by_entry: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_entry.setdefault(pair[0], []).append(pair)
    rows: list[Row] = []
    while len(rows) < count:
        row = _row(chance, pairs, by_entry)
        if row:
            rows.append({"id": f"practice-{len(rows)}", **row})
    return rows


def aligned(entries: Path) -> Iterator[tuple[str, str]]:
    """Each sentence of the corpus in English with the same in Chinese."""
    for file in sorted(entries.glob("*.md")):
        for _, english, chinese in _pairs(file):
            yield from zip(english, chinese, strict=True)


def _pairs(file: Path) -> Iterator[Pair]:
    body = file.read_text(encoding="utf-8").split("\n---\n", 1)[1]
    english, _, chinese = body.partition("# 中文")
    blocks = {lang: _blocks(part) for lang, part in (("en", english), ("zh", chinese))}
    for place, lines in blocks["en"].items():
        others = blocks["zh"].get(place, [])
        for line, other in zip(lines, others, strict=False) if len(lines) == len(others) else ():
            ours = [piece.text for piece in split(line) if piece.kind == "prose"]
            theirs = [piece.text for piece in split(other) if piece.kind == "prose"]
            if ours and len(ours) == len(theirs):
                yield file.stem, ours, theirs


def _blocks(part: str) -> "OrderedDict[tuple[str, str], list[str]]":
    found: OrderedDict[tuple[str, str], list[str]] = OrderedDict()
    point, place, headings = "top", "", 0
    for line in _FENCED.sub("", part).split("\n"):
        if named := re.match(r"### ([\w-]+)", line):
            point, place = named[1], ""
        elif line.startswith("#### "):
            place = str(sum(at[0] == point for at in found))
        elif line.startswith("## "):
            headings += 1
            point, place = f"heading {headings}", ""
        else:
            text = re.sub(r"^\s*[-*]\s+", "", line).strip()
            if text and text[0] not in "{|" and "{{" not in text:
                found.setdefault((point, place), []).append(text)
            continue
        found.setdefault((point, place), [])
    return found


def _row(chance: random.Random, pairs: Sequence[Pair], by_entry: dict[str, list[Pair]]) -> Row | None:
    entry, english, chinese = pair = chance.choice(pairs)
    there = chance.choice(["en", "zh"])
    lang = {"en": "zh", "zh": "en"}[there] if chance.random() < 0.6 else there
    ours = english if lang == "en" else chinese
    at = chance.randrange(len(ours))
    sentence = ours[at]
    if (
        len(sentence) < (12 if lang == "en" else 6)
        or sentence.endswith((":", "："))
        or sentence.count("`") % 2
    ):
        return None
    beside = [other for other in chance.sample(pairs, 3) if other[0] != entry][: chance.randint(0, 2)]
    same = [other for other in by_entry[entry] if other is not pair]
    if same and chance.random() < 0.6:
        beside = [*beside[:1], chance.choice(same)]
    passages = [_joined(one, there) for one in (pair, *beside)]
    order = list(range(len(passages)))
    chance.shuffle(order)
    evidence = [passages[number] for number in order]
    right = cited = order.index(0) + 1
    draw = chance.random()
    supported, kind = True, "kept"
    if chance.random() < 0.3:
        sentence = _part(sentence, lang, chance)
    elif at + 1 < len(ours) and chance.random() < 0.25:
        second = ours[at + 1]
        join = chance.choice(_TABLES[lang]["joins"].split("|"))
        sentence = (
            sentence.rstrip(".。;；")
            + join
            + (second[0].lower() + second[1:] if second[1:2].islower() else second)
        )
    if draw < 0.46:
        supported = False
        sentence, kind = _changed(sentence, lang, chance, " ".join(passages))
        if not sentence:
            return None
    elif draw < 0.50 and len(evidence) > 1:
        supported, kind = False, "cited"
        cited = chance.choice([number for number in range(1, len(evidence) + 1) if number != right])
    elif draw < 0.56:
        supported, kind = False, "foreign"
        other = chance.choice(same or list(pairs))
        foreign = chance.choice(other[1] if lang == "en" else other[2])
        if not _claims(foreign, lang) or _joined(other, there) in evidence:
            return None
        sentence = foreign
    if chance.random() < 0.25:
        opening = chance.choice(_TABLES[lang]["before"].split("|"))
        plain = sentence[0].lower() + sentence[1:] if sentence[1:2].islower() else sentence
        sentence = opening + plain
    text = re.sub(r"[.。;；]\s*$", "", sentence) + f" [{cited}]" + ("." if lang == "en" else "。")
    label = {"text": text, "supported": supported, "kind": kind}
    return {
        "lang": lang, "ev_lang": there, "evidence": evidence, "question": "", "text": text,
        "sentences": [label], "entry": entry,
    }  # fmt: skip


_NO_CLAIM = re.compile(r"""<!--|https?:|^["“`'，,(（]|^[a-z]""")


def _claims(sentence: str, lang: str) -> bool:
    """Whether a sentence of the corpus says something by itself: no message, address or heading."""
    if (
        len(sentence) < (20 if lang == "en" else 9)
        or sentence.endswith((":", "："))
        or sentence.count("`") % 2
    ):
        return False
    return not _NO_CLAIM.search(sentence) or bool(
        re.match(r"`[^`]+` [a-z]|`[^`]+` ?[\u4e00-\u9fff]", sentence)
    )


def _joined(pair: Pair, lang: str) -> str:
    return " ".join(pair[1]) if lang == "en" else "".join(pair[2])


def _part(sentence: str, lang: str, chance: random.Random) -> str:
    """A part that says something of its own: without a parenthesis, or one side of a semicolon."""
    bare = re.sub(r"\s*[(（][^()（）]*[)）]", "", sentence)
    parts = [part.strip() for part in re.split(r"[;；]", bare) if len(part.strip()) > 14]
    return chance.choice(parts) if parts and bare.count("`") % 2 == 0 else sentence


def _changed(sentence: str, lang: str, chance: random.Random, other: str) -> tuple[str, str]:
    """The sentence with one thing changed and what, "" where nothing can be."""
    ways = [
        _number,
        _swap,
        _swap,
        _turn,
        _turn,
        _turn,
        _turn,
        _cause,
        _cause,
        _stronger,
        _amount,
        _name,
        _forbid,
        _tail,
    ]
    chance.shuffle(ways)
    for way in ways:
        changed = way(sentence, lang, chance, other)
        if changed and changed != sentence:
            return changed, way.__name__.strip("_")
    return "", ""


def _number(sentence: str, lang: str, chance: random.Random, other: str) -> str:
    """Another number, one that the evidence has elsewhere: what nothing gives is caught by a rule."""
    number = r"(?<![\w.`])\d+(?:\.\d+)?(?![\w.])"
    found = list(re.finditer(number, sentence))
    others: list[str] = [one for one in re.findall(number, other) if one not in sentence]
    if not found or not others:
        return ""
    one = chance.choice(found)
    return sentence[: one.start()] + chance.choice(others) + sentence[one.end() :]


def _swap(sentence: str, lang: str, chance: random.Random, other: str) -> str:
    names = r"`[^`]+`|(?<![\w.`])(?:\d+(?:\.\d+)?|[A-Z][A-Za-z]*\d[\w.-]*|[A-Z]{2,}[\w-]*|[A-Z][a-z]+[A-Z]\w+)(?![\w`])"
    found = list(re.finditer(names, sentence))
    both = [
        (one, two) for at, one in enumerate(found) for two in found[at + 1 :]
        if one[0] != two[0] and (one[0][0] == "`") == (two[0][0] == "`") and one[0].isdigit() == two[0].isdigit()
        and not re.fullmatch(r"[\s,、/和或]*(?:and|or)?[\s,、/]*", sentence[one.end() : two.start()])
    ]  # fmt: skip
    if not both:
        return ""
    one, two = chance.choice(both)
    between = sentence[one.end() : two.start()]
    return sentence[: one.start()] + two[0] + between + one[0] + sentence[two.end() :]


def _pairs_of(lang: str, table: str) -> Iterator[tuple[str, str]]:
    for both in _TABLES[lang][table].split():
        one, two = both.replace("_", " ").split("/")
        yield one, two
        if table == "turns":
            yield two, one


def _turn(sentence: str, lang: str, chance: random.Random, other: str) -> str:
    return _replaced(sentence, list(_pairs_of(lang, "turns")), chance)


def _amount(sentence: str, lang: str, chance: random.Random, other: str) -> str:
    return _replaced(sentence, list(_pairs_of(lang, "amounts")), chance)


def _replaced(sentence: str, pairs: Sequence[tuple[str, str]], chance: random.Random) -> str:
    code = [match.span() for match in re.finditer(r"`[^`]*`", sentence)]
    inside = [
        match.span()
        for match in re.finditer(_INSIDE, sentence)
        if match[0] not in {word for word, _ in pairs}
    ]
    found: list[tuple[re.Match[str], str]] = []
    for word, new in pairs:
        bound = r"\b" if word.isascii() else ""
        found += [
            (match, new)
            for match in re.finditer(f"{bound}{re.escape(word)}{bound}", sentence)
            if not any(start <= match.start() < end for start, end in code + inside)
        ]
    # the longest form at a place, so that 不会 is not read as 会
    found = [
        (match, new) for match, new in found
        if not any(o.start() <= match.start() and match.end() <= o.end() and o.span() != match.span() for o, _ in found)
    ]  # fmt: skip
    if not found:
        return ""
    match, new = chance.choice(found)
    return sentence[: match.start()] + new + sentence[match.end() :]


def _cause(sentence: str, lang: str, chance: random.Random, other: str) -> str:
    if lang == "en" and (fronted := _FRONTED.match(sentence)):
        first, one, two, rest = fronted.groups()
        return f"{first} {two[0].lower()}{two[1:]}, {one}{rest or '.'}"
    found = _CAUSE[lang].match(sentence)
    if not found:
        return ""
    one, join, two, rest = found.groups()
    if lang == "zh":
        return sentence[: found.start(1)] + two + join + one + (rest or "。")
    return f"{two[0].upper()}{two[1:]} {join} {one[0].lower()}{one[1:]}{rest or '.'}"


def _stronger(sentence: str, lang: str, chance: random.Random, other: str) -> str:
    found = _STRONGER[lang].search(sentence)
    if not found or chance.random() < 0.3:
        return ""
    words = _TABLES[lang]["stronger"].split("|")
    at = found.start() if lang == "zh" else found.end() + 1
    return sentence[:at] + chance.choice(words) + sentence[at:]


def _forbid(sentence: str, lang: str, chance: random.Random, other: str) -> str:
    for verb in _TABLES[lang]["verbs"].split():
        if sentence.startswith(verb + (" " if lang == "en" else "")):
            rest = sentence if lang == "zh" else sentence[0].lower() + sentence[1:]
            return chance.choice(_TABLES[lang]["forbid"].split("|")) + (" " if lang == "en" else "") + rest
    return ""


def _tail(sentence: str, lang: str, chance: random.Random, other: str) -> str:
    if chance.random() < 0.6:
        return ""
    return re.sub(r"[.。;；]\s*$", "", sentence) + chance.choice(_TABLES[lang]["tails"].split("|"))


def _name(sentence: str, lang: str, chance: random.Random, other: str) -> str:
    names = r"`[\w.]+`|(?<![\w.`])(?:[A-Z][A-Za-z]*\d[\w.-]*|[A-Z]{2,}[\w-]*|[A-Z][a-z]+[A-Z]\w+)(?![\w`])"
    found = list(re.finditer(names, sentence))
    if not found:
        return ""
    one = chance.choice(found)
    others: list[str] = [
        name
        for name in re.findall(names, other)
        if name not in sentence and (name[0] == "`") == (one[0][0] == "`")
    ]
    if not others:
        return ""
    return sentence[: one.start()] + chance.choice(others) + sentence[one.end() :]
