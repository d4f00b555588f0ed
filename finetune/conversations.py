"""What users write: first messages about an entry's point, and what they say after an answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from corpus import Entry, Point
from finetune.pastes import error_texts, paste, point_texts, setup, talk
from finetune.targets import Ask, asked_for

_STRAY = " ,，。"


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the user, how it was made, and what it asks for most."""

    text: str
    kind: str
    ask: Ask


def first_messages(entry: Entry, point: Point, lang: str, random: Random) -> Iterator[Message]:
    """First messages about a point: in the words that people ask with, about its title, and pastes of its
    errors with some talk around them."""
    for ask in point.asks[lang]:
        yield _message(random.choice(talk()[lang]["questions"]).format(x=ask), "question", lang, random)
    title = point.title[lang].rstrip(".。?？")
    yield _message(random.choice(talk()[lang]["about_title"]).format(x=title), "question", lang, random)
    errors = error_texts(entry, random)
    signs = point_texts(point, random)
    for error in random.sample(errors, min(2, len(errors))):
        beside = random.sample(signs, min(1, len(signs)))
        text = paste(error, [each for each in beside if each not in error], random)
        yield _around(text, lang, random)


def follow_ups(lang: str, random: Random) -> Message:
    """What a user says after an answer."""
    kinds: tuple[Ask, ...] = ("tried", "why", "how", "other", "fact")
    ask: Ask = random.choices(kinds, (4, 2, 2, 2, 2))[0]
    text = random.choice(talk()[lang][ask])
    return Message(text.format(x=setup(random, random.choice((1, 2)))), "follow-up", ask)


def unrelated(lang: str, random: Random) -> Message:
    """A question of another world, with the words around it that questions have."""
    return _message(random.choice(talk()[lang]["unrelated"]), "silent", lang, random)


def _message(text: str, kind: str, lang: str, random: Random) -> Message:
    told = talk()[lang]
    context = random.choice(told["context"])
    context = context.format(x=setup(random, random.choice((1, 1, 2)))) if context else ""
    whole = f"{random.choice(told['openers'])}{text}{context}{random.choice(told['closers'])}".strip(_STRAY)
    return Message(whole, kind, asked_for(whole))


def _around(text: str, lang: str, random: Random) -> Message:
    told = talk()[lang]
    context = random.choice(told["context"])
    before = f"{random.choice(told['openers'])}{context.format(x=setup(random, 1)) if context else ''}".strip(
        _STRAY
    )
    after = random.choice(told["closers"]).strip(_STRAY)
    if lang == "zh" and not (before or after):
        after = "怎么解决？"
    whole = "\n".join(part for part in (before, text, after) if part)
    return Message(whole, "paste", asked_for(f"{before} {after}"))
