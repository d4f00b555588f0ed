"""How a reply is sampled: the appendix's presets (A.5), a length, and values of the user's own,
checked by the rules that the corpus teaches (A.5, D.3).

The repetition penalty counts generated tokens only: punishing the prompt's words corrupts names that
are copied from the evidence.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from assistant.errors import UserError
from assistant.generation.model import Sampling
from assistant.generation.words import words

PRESETS = ("factual", "balanced", "creative")
LENGTHS = ("short", "full")

_OPEN_QUESTIONS = ("question",)


def preset_for(kind: str, *, small: bool, sure: bool) -> str:
    """The preset that suits an input of a kind (see assistant.reading): failures and configs have one
    answer, an open question may be put in several ways. A small model is always held to the facts."""
    return "balanced" if kind in _OPEN_QUESTIONS and not small and not sure else "factual"


def sampling(preset: str, length: str, custom: Mapping[str, float] | None = None) -> Sampling:
    """The sampling of a preset. `length` "short" is the appendix's limit, "full" ours; `custom` values
    replace the preset's. Raises UserError for a value that no rule allows."""
    values = _table()[preset]
    chosen = Sampling(
        **{name: value for name, value in values.items() if name in Sampling.__dataclass_fields__}
    )
    if length == "full":
        chosen = replace(chosen, max_new_tokens=int(_table()["length"]["full"]))
    if not custom:
        return chosen
    for name, value in custom.items():
        _check(name, value)
    whole = {"max_new_tokens", "top_k", "no_repeat_ngram"}
    values = {name: int(value) if name in whole else float(value) for name, value in custom.items()}
    if any(_rules()[name]["samples"] for name in custom):
        values["do_sample"] = True
    return replace(chosen, **values)


def advice(custom: Mapping[str, float], lang: str) -> Iterator[str]:
    """What is questionable about values that are allowed, one sentence each."""
    said = words(lang)
    for name, value in custom.items():
        low, high = _rules()[name]["sensible"]
        if not low <= value <= high:
            yield said["unusual"].format(name=name, value=f"{value:g}", rule=_rules()[name][lang])
    if custom.get("repetition_penalty", 1.0) > 1.0 and custom.get("no_repeat_ngram", 0):
        yield said["both_penalties"]


def rule(name: str, lang: str) -> str:
    """What a number does, for its control on the page."""
    return str(_rules()[name][lang])


def bounds(name: str) -> tuple[float, float]:
    """The least and the greatest value that a number may have."""
    low, high = _rules()[name]["range"]
    return low, high


def label(preset: str, lang: str) -> str:
    """A preset's name on the page."""
    return str(_table()[preset][lang])


def _check(name: str, value: Any) -> None:
    if name not in _rules():
        raise UserError(f"`{name}` is not a setting of generation: there are {', '.join(_rules())}.")
    low, high = bounds(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise UserError(f"`{name}` must be a number from {low:g} to {high:g}: {rule(name, 'en')}.")


def _rules() -> Mapping[str, Mapping[str, Any]]:
    rules: Mapping[str, Mapping[str, Any]] = _table()["rules"]
    return rules


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads((files("assistant.generation") / "presets.toml").read_text(encoding="utf-8"))
