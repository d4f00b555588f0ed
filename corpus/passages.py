"""Cuts the corpus into passages: the pieces that are embedded, searched and cited.

A passage is one point of an entry in one language, or one of its other sections. What is indexed
is more than what is shown: titles, the short questions of `asks`, the words of error signatures.
No indexed text exceeds what the embedder reads (256 tokens). Ids depend on the corpus alone, not on
the embedder, and no model is needed here, because answers cite passages before an index exists.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from corpus.model import LANGS, Corpus, Entry, Point, Step

LIMIT = 256
"""Tokens that the default embedder reads of a text, its two special tokens included."""

_ROOM = LIMIT - 28
"""What is filled by estimate: the estimate may be too low by a tenth."""

_EXTRA = 100
"""Tokens of questions or error words that may stand above the text of each piece."""

_SECTIONS = {
    "overview": {"en": "What you see", "zh": "现象"},
    "more": {"en": "If that is not enough", "zh": "如果还不够"},
    "versions": {"en": "Versions", "zh": "版本"},
    "check": {"en": "Check", "zh": "验证"},
}
_PLACEHOLDER = re.compile(r"\{\{\s*([^{}|]+?)\s*(?:\|([^{}]*))?\}\}")
_UNIT = re.compile(r"[A-Za-z]+|[0-9]+|[^\sA-Za-z0-9]")
_SENTENCE = re.compile(r"(?<=[.!?;:,])\s+|(?<=[。！？；，：、])|\n")


@dataclass(frozen=True, slots=True)
class Passage:
    """One citable piece of the corpus (or of a user's note).

    `id` is `<entry>#<point or section>.<lang>`, with `.2`, `.3` … for further pieces; `point` is
    empty for a section; `section` is that of the tutorial's appendix, or empty; `text` is Markdown
    as people read it; `indexed` is what is searched; `source` is an address, or empty.
    """

    id: str
    entry: str
    point: str
    topic: str
    section: str
    lang: str
    heading: str
    text: str
    indexed: str
    source: str


def passages(corpus: Corpus) -> tuple[Passage, ...]:
    """All passages of a corpus, in the order of its entries, points and languages."""
    return tuple(passage for entry in corpus.entries for lang in LANGS for passage in of_entry(entry, lang))


def filled(text: str) -> str:
    """`text` with each placeholder `{{name|fallback}}` replaced by its fallback, else its name."""
    return _PLACEHOLDER.sub(lambda found: found[2] if found[2] is not None else found[1], text)


def of_entry(entry: Entry, lang: str) -> Iterator[Passage]:
    """The passages of one entry in one language, about a millisecond's work."""
    errors = error_words(signature.pattern for signature in entry.signatures)
    yield from _section(entry, "overview", lang, errors)
    for point in entry.points:
        steps = (*point.why.get(lang, ()), *_as_steps(point.tell.get(lang, "")), *point.fix.get(lang, ()))
        source = next((entry.sources[name] for name in point.sources if name in entry.sources), "")
        asks = point.asks.get(lang, ())
        yield from _cut(entry, point.id, point, lang, point.title[lang], steps, asks, source)
    for name in ("more", "versions", "check"):
        yield from _section(entry, name, lang, ())


def _section(entry: Entry, name: str, lang: str, extra: Sequence[str]) -> Iterator[Passage]:
    steps = getattr(entry, name).steps.get(lang, ())
    heading = f"{entry.title[lang]} · {_SECTIONS[name][lang]}"
    if name in entry.point_by_id:
        name = f"section-{name}"  # an id of a passage names one thing
    yield from _cut(entry, name, None, lang, heading, steps, extra, "")


def _as_steps(text: str) -> tuple[Step, ...]:
    return (Step(text),) if text else ()


def _cut(
    entry: Entry,
    name: str,
    point: Point | None,
    lang: str,
    heading: str,
    steps: Sequence[Step],
    extra: Sequence[str],
    source: str,
) -> Iterator[Passage]:
    """The passages of one point or section. `extra` is indexed but not shown."""
    shown = tuple(filled(step.text) for step in steps)
    if not shown:
        return
    head = heading if entry.title[lang] in heading else f"{entry.title[lang]}\n{heading}"
    extra = tuple(filled(text) for text in extra)
    apart = sum(map(estimate, extra)) > _EXTRA
    if not apart:
        head, extra = "\n".join((head, *extra)), ()
    room = max(_ROOM - estimate(head), 32)
    texts = list(_pack(shown, room, "\n\n"))
    parts = [(text, f"{head}\n{text}") for text in texts]
    # What does not fit above the text gets pieces of its own, which show the first piece's text.
    parts += [(texts[0], f"{head}\n{part}") for part in _pack(extra, room, "\n")]
    for number, (text, indexed) in enumerate(parts, 1):
        yield Passage(
            id=f"{entry.id}#{name}.{lang}" + (f".{number}" if number > 1 else ""),
            entry=entry.id,
            point=point.id if point else "",
            topic=entry.topic,
            section=entry.section,
            lang=lang,
            heading=heading,
            text=text,
            indexed=indexed,
            source=source or next(iter(entry.sources.values()), ""),
        )


def split_text(text: str, room: int = _ROOM) -> tuple[str, ...]:
    """Cuts plain Markdown into pieces of at most `room` tokens, at paragraphs where possible."""
    return tuple(_pack(_paragraphs(text), room, "\n\n"))


def _paragraphs(text: str) -> Iterator[str]:
    block: list[str] = []
    fenced = False
    for line in text.splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        if line.strip() or fenced:
            block.append(line)
        elif block:
            yield "\n".join(block)
            block = []
    if block:
        yield "\n".join(block)


def _pack(steps: Iterable[str], room: int, joint: str) -> Iterator[str]:
    """Joins steps to pieces that fit; a step that does not fit by itself is split first."""
    piece: list[str] = []
    used = 0
    for step in steps:
        for part in _split(step, room):
            cost = estimate(part)
            if piece and used + cost > room:
                yield joint.join(piece)
                piece, used = [], 0
            piece.append(part)
            used += cost
    if piece:
        yield joint.join(piece)


def _split(step: str, room: int) -> Iterator[str]:
    if estimate(step) <= room:
        yield step
        return
    before, fence, rest = step.partition("```")
    if fence and "```" in rest:
        # Cut beside the code block before cutting inside of it.
        code, _, after = rest.partition("```")
        if before.strip():
            yield from _split(before.rstrip(), room)
        yield from _split_code(f"```{code}```", room)
        if after.strip():
            yield from _split(after.strip("\n"), room)
        return
    parts = [part for part in _SENTENCE.split(step) if part and part.strip()]
    if len(parts) < 2:
        parts = [step[: len(step) // 2], step[len(step) // 2 :]]
    joint = "" if re.search(r"[\u4e00-\u9fff]", step) else " "
    yield from _pack(parts, room, "\n" if "\n" in step else joint)


def _split_code(block: str, room: int) -> Iterator[str]:
    if estimate(block) <= room:
        yield block
        return
    opening, *lines, closing = block.splitlines()
    fences = estimate(opening) + estimate(closing)
    for part in _pack(lines, max(room - fences, 16), "\n"):
        yield f"{opening}\n{part}\n{closing}"


def estimate(text: str) -> int:
    """Tokens of a text, rather too many than too few.

    WordPiece makes each CJK character and punctuation mark a token, keeps common words whole and
    cuts identifiers into pieces of about three letters. A test holds this against the tokenizer.
    """
    return int(sum(map(_cost, _UNIT.findall(text)))) + 1


# Words of the field that the vocabulary of the default embedder cuts up more than their length says.
_PIECES = {
    **dict.fromkeys(
        ("attn", "bnb", "cuda", "eos", "eval", "gpu", "hf", "ids", "json", "lora", "mismatch"), 2
    ),
    **dict.fromkeys(
        ("num", "nvidia", "peft", "py", "smi", "dtype", "fp", "lm", "vocab", "padding", "tokens"), 2
    ),
    **dict.fromkeys(
        ("adapter", "encoder", "optimizer", "pytorch", "deepspeed", "QLoRA", "PyTorch", "Qwen"), 3
    ),
    **dict.fromkeys(("bfloat", "config", "embeddings", "FSDP", "fsdp", "pretrained", "vLLM"), 3),
    **{"AutoModelForCausalLM": 9, "bitsandbytes": 4},
}


@lru_cache(maxsize=1 << 16)
def _cost(unit: str) -> float:
    length = len(unit)
    if length == 1:
        return 1.0
    if unit in _PIECES:
        return _PIECES[unit]
    if unit.isdigit():
        return 1.0 if length <= 2 else length / 2 + 0.5
    if unit[1:].islower():
        return 1.0 if length <= 4 else 1.3 if length <= 8 else 2.0
    return 1.0 + length / 4  # CamelCase and acronyms


_SYNTAX = re.compile(
    r"\[[KMGT]+\]i\?B"  # units of sizes
    r"|\(\?P<\w+>|\(\?[a-zA-Z]*:|\(\?[a-zA-Z]+\)"  # openings of groups, flags
    r"|\[(?:\\.|[^\]\\])+\](?:[*+?]|\{[0-9,]*\})*"  # classes
    r"|\\[bBdDsSwWAzZ](?:[*+?]|\{[0-9,]*\})*"
    r"|\.(?:[*+?]|\{[0-9,]*\})+"
    r"|(?<!\\)\{[0-9,]+\}"
    r"|\\(.)"  # an escaped character stands for itself
    r"|[()|^$.*+]"
    r"|\?"
)


def error_words(patterns: Iterable[str]) -> tuple[str, ...]:
    """The readable words of error patterns, regex syntax stripped, each word once."""
    seen: dict[str, None] = {}
    for pattern in patterns:
        plain = _SYNTAX.sub(lambda found: found[1] or ("" if found[0] == "?" else " "), pattern)
        seen.update((word, None) for word in plain.split() if any(map(str.isalnum, word)))
    words = list(seen)
    return tuple(" ".join(words[start : start + 12]) for start in range(0, len(words), 12))
