"""The one function that makes the prompt, for the chat and for fine-tuning data.

The order is: rules, the conversation so far, then this turn's case, evidence and question, so that
the prompt of a turn begins with that of the turn before. What does not fit the model's context goes
by priority: the oldest turns first, then the last evidence; nothing is cut in the middle.
Pasted text is data: it stands between marks that it cannot close.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.answering import Answer, public_facts
from assistant.case import Case
from assistant.generation.evidence import Evidence
from assistant.generation.model import Message
from assistant.generation.words import words

_FACTS = (
    "gpu",
    "vram_gib",
    "gpu_count",
    "model",
    "method",
    "mode",
    "batch_size",
    "seq_len",
    "precision",
    "tried",
)
_VERSIONS, _FACT = 4, 60
_ASKED_SMALL, _ASKED_LARGE, _PASTED = 220, 1_500, 1_800
_MARK = re.compile(r"</?\s*paste\s*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the conversation as the model sees it: what the user block says, and the reply to
    it ("" for the turn that is to be answered)."""

    block: str
    reply: str = ""


def turn_block(case: Case, evidence: Sequence[Evidence], *, small: bool, found: Sequence[str] = ()) -> str:
    """This turn's case, evidence, what tools `found`, and question, as one text."""
    said = words(case.lang)
    colon = "：" if case.lang == "zh" else ": "
    facts = case_line(case)
    sources = "\n".join(f"[{each.n}] {each.text}" for each in evidence)
    results = "\n".join(found)
    if small:
        parts = [facts and f"{said['case']}{colon}{facts}", sources, results]
        parts.append(f"{said['question']}{colon}{asked(case, _ASKED_SMALL)}")
    else:
        parts = [
            facts and f"{said['case']}{colon}{facts}",
            f"{said['evidence']}{colon}\n{sources}",
            results and f"{said['tools']}{colon}\n{results}",
            pasted(case),
            f"{said['question']}{colon}{asked(case, _ASKED_LARGE)}",
        ]
    return "\n".join(part for part in parts if part)


def messages(
    turns: Sequence[Turn], lang: str, *, small: bool, count: Callable[[str], int], room: int
) -> tuple[Message, ...]:
    """The prompt of a conversation whose last turn is to be answered, within `room` tokens (as `count`
    counts them): the oldest turns go first, two at a time so that the kept prefix lasts."""
    rules = Message("system", words(lang)["rules" if small else "system"])
    kept = list(turns)
    while len(kept) > 1 and count(_joined(kept)) + count(rules.content) > room:
        del kept[: min(2, len(kept) - 1)]
    said: list[Message] = [rules]
    for turn in kept[:-1]:
        said += [Message("user", turn.block), Message("assistant", turn.reply)]
    return (*said, Message("user", kept[-1].block))


def fitted_block(
    case: Case,
    evidence: Sequence[Evidence],
    *,
    small: bool,
    count: Callable[[str], int],
    room: int,
    found: Sequence[str] = (),
) -> tuple[str, tuple[Evidence, ...]]:
    """The turn's block with as much of the evidence as fits, the first one always, and that evidence."""
    kept = list(evidence)
    while True:
        block = turn_block(case, kept, small=small, found=found)
        if len(kept) <= 1 or count(block) <= room:
            return block, tuple(kept)
        kept.pop()


def asked(case: Case, limit: int) -> str:
    """What the user asks, on one line: their own words, else the error's last line, else that they want
    it explained."""
    reading = case.reading
    parts = []
    if reading.main and reading.main.type:
        parts.append(f"{reading.main.name}: {reading.main.message}")
    elif reading.events and not reading.prose.strip():
        parts.append(reading.events[-1].text)
    parts.insert(0, reading.prose)
    text = _one_line(" ".join(part for part in parts if part.strip()), limit)
    return text or words(case.lang)["explain"]


def pasted(case: Case) -> str:
    """What the user pasted, between marks that nothing in it can close; "" for a plain question."""
    reading = case.reading
    if reading.kind == "question":
        return ""
    text = _MARK.sub("", reading.text).strip()
    if len(text) > _PASTED:
        text = f"{text[: _PASTED // 3].rstrip()}\n…\n{text[-2 * _PASTED // 3 :].lstrip()}"
    return f"<paste>\n{text}\n</paste>"


def case_line(case: Case) -> str:
    """What is known of the case, on one line: machine, model, method, versions."""
    facts = public_facts(case)
    parts = [f"{name} {_value(facts[name])}" for name in _FACTS if name in facts]
    versions = facts.get("versions")
    if isinstance(versions, dict):
        parts += [f"{name} {version}" for name, version in list(versions.items())[:_VERSIONS]]
    return ", ".join(parts)


def known_texts(case: Case, answer: Answer) -> tuple[str, ...]:
    """The texts beside the evidence whose names and numbers a reply may use: the case, the user's own
    words, and the grounded answer."""
    return (case_line(case), asked(case, _ASKED_LARGE), answer.markdown)


def _value(fact: object) -> str:
    return f"{fact:g}" if isinstance(fact, float) else _one_line(str(fact), _FACT)


def _one_line(text: str, limit: int) -> str:
    line = re.sub(r"\s+", " ", _MARK.sub("", text)).strip()
    if len(line) <= limit:
        return line
    cut = line[:limit]
    return cut[: cut.rfind(" ")].rstrip() if " " in cut[limit // 2 :] else cut


def _joined(turns: Sequence[Turn]) -> str:
    return "\n".join(f"{turn.block}\n{turn.reply}" for turn in turns)
