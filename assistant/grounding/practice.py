"""Makes sentences to practise on from the corpus, which says everything in both languages: a sentence
beside its counterpart is supported; changed in one place it is not. Only used to fit (fit.py)."""

import random
import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from assistant.grounding.sentences import split

Pair = tuple[str, list[str], list[str]]  # entry, English sentences, the same in Chinese
Row = dict[str, Any]

_FENCED = re.compile(r"```.*?```", re.DOTALL)
_TURNS = {
    "en": (
        "increase/decrease larger/smaller faster/slower before/after higher/lower more/less longer/shorter first/last "
        "always/never newer/older with/without fails/works is/is_not does_not/does cannot/can must/need_not are/are_not "
        "left/right CPU/GPU training/inference save/load input/output Windows/Linux weights/activations hours/minutes "
        "GB/MB model/tokenizer low/high has/has_no can/cannot same/different needs/needs_no"
    ),
    "zh": (
        "增加/减少 变大/变小 更快/更慢 之前/之后 更高/更低 更多/更少 更长/更短 第一/最后 需要/不需要 不会/会 不能/可以 "
        "没有/有 必须/不必 左/右 CPU/GPU 训练/推理 保存/加载 输入/输出 权重/激活值 成功/失败 相同/不同 旧/新 大/小 快/慢 "
        "高/低 是/不是 前/后 会/不会 有/没有 能/不能 分钟/小时 支持/不支持 允许/禁止"
    ),
}
_CAUSE = {
    "en": re.compile(r"^(.{15,}?),? because (.{10,}?)([.;:].*)?$"),
    "zh": re.compile(r"^(?:因为)?(.{6,}?)，所以(.{4,}?)([。；].*)?$"),
}
_STRONGER = {
    "en": re.compile(r"\b(is|are|can|does|has|will|fails|works|needs)\b"),
    "zh": re.compile(r"(会|是|能|要)"),
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
    lang = {"en": "zh", "zh": "en"}[there] if chance.random() < 0.65 else there
    sentence = chance.choice(english if lang == "en" else chinese)
    if len(sentence) < 12 or sentence.endswith((":", "：")) or sentence.count("`") % 2:
        return None
    beside = [other for other in chance.sample(pairs, 3) if other[0] != entry][: chance.randint(0, 2)]
    same = [other for other in by_entry[entry] if other is not pair]
    if same and chance.random() < 0.6:
        beside = [*beside[:1], chance.choice(same)]
    passages = [_joined(one, there) for one in (pair, *beside)]
    order = list(range(len(passages)))
    chance.shuffle(order)
    evidence = [passages[at] for at in order]
    right = cited = order.index(0) + 1
    supported, draw = True, chance.random()
    if draw < 0.42:
        changed = _changed(sentence, lang, chance, " ".join(passages[1:]))
        if not changed:
            return None
        sentence, supported = changed, False
    elif draw < 0.47 and len(evidence) > 1:
        cited = chance.choice([number for number in range(1, len(evidence) + 1) if number != right])
        supported = False
    elif draw < 0.52:
        other = chance.choice(same or list(pairs))
        sentence = chance.choice(other[1] if lang == "en" else other[2])
        if len(sentence) < 12 or _joined(other, there) in evidence:
            return None
        supported = False
    text = re.sub(r"[.。;；]\s*$", "", sentence) + f" [{cited}]" + ("." if lang == "en" else "。")
    label = {"text": text, "supported": supported, "kind": "practice"}
    return {
        "lang": lang,
        "ev_lang": there,
        "evidence": evidence,
        "question": "",
        "text": text,
        "sentences": [label],
    }


def _joined(pair: Pair, lang: str) -> str:
    return " ".join(pair[1]) if lang == "en" else "".join(pair[2])


def _changed(sentence: str, lang: str, chance: random.Random, other: str) -> str:
    """The sentence with one thing changed, "" where nothing can be."""
    ways = [_number, _swap, _turn, _turn, _cause, _stronger, _name]
    chance.shuffle(ways)
    for way in ways:
        changed = way(sentence, lang, chance, other)
        if changed and changed != sentence:
            return changed
    return ""


def _number(sentence: str, lang: str, chance: random.Random, other: str) -> str:
    found = list(re.finditer(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])", sentence))
    if not found:
        return ""
    one = chance.choice(found)
    value = float(one[0])
    new = chance.choice([value * 2, value + 1, value * 10, max(value - 1, 0), value / 2])
    return f"{sentence[: one.start()]}{new:g}{sentence[one.end() :]}"


def _swap(sentence: str, lang: str, chance: random.Random, other: str) -> str:
    found = list(re.finditer(r"`[^`]+`", sentence))
    if len(found) < 2:
        names = r"(?<![\w.`])(?:\d+(?:\.\d+)?|[A-Z][A-Za-z]*\d[\w.-]*|[A-Z]{2,}[\w-]*)(?![\w`])"
        found = list(re.finditer(names, sentence))
    if len(found) < 2:
        return ""
    one, two = sorted(chance.sample(found, 2), key=lambda match: match.start())
    between = sentence[one.end() : two.start()]
    return sentence[: one.start()] + two[0] + between + one[0] + sentence[two.end() :]


def _turn(sentence: str, lang: str, chance: random.Random, other: str) -> str:
    found: list[tuple[re.Match[str], str]] = []
    for both in _TURNS[lang].split():
        one, two = both.replace("_", " ").split("/")
        for word, new in ((one, two), (two, one)):
            bound = r"\b" if word.isascii() else ""
            found += [(match, new) for match in re.finditer(f"{bound}{re.escape(word)}{bound}", sentence)]
    found = [
        (match, new)
        for match, new in found
        if "`" not in sentence[max(0, match.start() - 1) : match.end() + 1]
    ]
    if not found:
        return ""
    match, new = chance.choice(found)
    return sentence[: match.start()] + new + sentence[match.end() :]


def _cause(sentence: str, lang: str, chance: random.Random, other: str) -> str:
    found = _CAUSE[lang].match(sentence)
    if not found:
        return ""
    if lang == "zh":
        return f"因为{found[2]}，所以{found[1]}。"
    return f"{found[2][0].upper()}{found[2][1:]} because {found[1][0].lower()}{found[1][1:]}."


def _stronger(sentence: str, lang: str, chance: random.Random, other: str) -> str:
    found = _STRONGER[lang].search(sentence)
    if not found or chance.random() < 0.2:
        return ""
    english = ["always ", "completely ", "certainly ", "guaranteed to be ", "in every case ", "never "]
    words = english if lang == "en" else ["一定", "总是", "永远", "保证", "绝对", "在任何情况下都"]
    return sentence[: found.start()] + chance.choice(words) + sentence[found.start() :]


def _name(sentence: str, lang: str, chance: random.Random, other: str) -> str:
    found, others = list(re.finditer(r"`([\w.]+)`", sentence)), re.findall(r"`([\w.]+)`", other)
    if not found or not others:
        return ""
    one = chance.choice(found)
    return f"{sentence[: one.start()]}`{chance.choice(others)}`{sentence[one.end() :]}"
