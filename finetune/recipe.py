"""A training run's settings: one YAML file, every field checked before anything is loaded.

The defaults of `lora` and `qlora` are the appendix's (D.4); named recipes in `config/` say where they differ.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_origin, get_type_hints

import yaml

from assistant.errors import UserError

CHOICES: Mapping[str, tuple[str, ...]] = {
    "method": ("lora", "qlora", "prefix", "prompt"),
    "precision": ("auto", "bf16", "fp16", "fp32"),
    "schedule": ("linear", "cosine", "constant", "constant_with_warmup"),
    "optimizer": ("adamw_torch", "adamw_torch_fused", "adamw_8bit", "paged_adamw_8bit", "adafactor", "sgd"),
    "head": ("auto", "assistant", "trl"),
    "report_to": ("none", "tensorboard", "trackio"),
    "device": ("auto", "cpu", "cuda"),
}
_LIMITS: Mapping[str, tuple[float, float]] = {
    "rank": (1, 1024),
    "alpha": (1, 4096),
    "dropout": (0, 0.9),
    "virtual_tokens": (1, 1024),
    "epochs": (0.001, 1000),
    "max_steps": (0, 10_000_000),
    "batch": (1, 4096),
    "accumulation": (1, 4096),
    "length": (16, 1_000_000),
    "learning_rate": (1e-8, 10),
    "warmup": (0, 0.9),
    "weight_decay": (0, 10),
    "clip": (0.001, 1000),
    "evaluate_every": (0, 10_000_000),
    "held_most": (1, 100_000),
    "save_every": (1, 10_000_000),
    "keep": (1, 1000),
    "patience": (0, 1000),
    "seed": (0, 2**31),
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """All settings of a run. `base` is "embedded", a folder or a hub id; `start` is "", "shipped" or the
    folder of an adapter to go on from; `targets` names modules, or is "all-linear"; `max_steps`, `evaluate_every` and `patience` 0 are off; `warmup` is a share of the steps;
    `head` says whose loss is computed: "assistant" scores the labelled positions alone (ours), "trl" leaves
    it to TRL's fused head, "auto" takes TRL's where Triton runs."""

    base: str
    data: str
    out: str
    held: str = ""
    start: str = ""
    method: str = "lora"
    rank: int = 8
    alpha: int = 32
    dropout: float = 0.1
    targets: tuple[str, ...] = ("q_proj", "v_proj")
    virtual_tokens: int = 20
    initial_text: str = ""
    epochs: float = 1.0
    max_steps: int = 0
    batch: int = 4
    accumulation: int = 4
    length: int = 1024
    learning_rate: float = 2e-4
    schedule: str = "cosine"
    warmup: float = 0.03
    weight_decay: float = 0.0
    clip: float = 1.0
    optimizer: str = "adamw_torch"
    precision: str = "auto"
    checkpointing: bool = False
    packing: bool = False
    group_by_length: bool = True
    head: str = "auto"
    evaluate_every: int = 0
    held_most: int = 64
    save_every: int = 50
    keep: int = 2
    patience: int = 0
    seed: int = 0
    report_to: str = "none"
    device: str = "auto"


def read_recipe(file: Path, changes: Sequence[str] = ()) -> Recipe:
    """Reads a recipe; `changes` are "field=value" of the command line. Raises UserError that names the
    field and what it may be."""
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(
            f"The config {file} cannot be read ({error.strerror}): name one of {_named()}, or a file."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        place = f", line {where.line + 1}" if where else ""
        raise UserError(
            f"{file}{place}: this is no YAML ({getattr(error, 'problem', None) or error})."
        ) from error
    if not isinstance(found, dict):
        raise UserError(
            f"{file}: a config is a list of `field: value` lines; the fields are {', '.join(_names())}."
        )
    for change in changes:
        name, mark, value = change.partition("=")
        if not mark:
            raise UserError(f"--set takes field=value, not {change!r}.")
        found[name.strip()] = yaml.safe_load(value)
    return recipe(found, str(file))


def recipe(found: Mapping[str, Any], where: str) -> Recipe:
    """A recipe from its fields. Raises UserError."""
    for name in found:
        if name not in _names():
            near = get_close_matches(str(name), _names(), 1)
            hint = f"did you mean `{near[0]}`?" if near else f"the fields are {', '.join(_names())}."
            raise UserError(f"{where}: there is no field `{name}`; {hint}")
    for name in ("base", "data", "out"):
        if not found.get(name):
            raise UserError(f"{where}: the field `{name}` is missing.")
    kinds = get_type_hints(Recipe)
    made = Recipe(**{name: _value(name, value, kinds[name], where) for name, value in found.items()})
    if made.packing and made.method in ("prefix", "prompt"):
        raise UserError(
            f"{where}: `packing` does not go with `method: {made.method}`, whose virtual tokens stand before each row."
        )
    if made.start and made.method not in ("lora", "qlora"):
        raise UserError(
            f"{where}: `start` goes on from a LoRA adapter; with `method: {made.method}` leave it out."
        )
    if made.patience and not (made.held and made.evaluate_every):
        raise UserError(f"{where}: `patience` needs `held` and `evaluate_every`.")
    if made.patience and made.save_every != made.evaluate_every:
        made = replace(made, save_every=made.evaluate_every)
    return made


def as_yaml(made: Recipe) -> str:
    """The whole recipe, every field written out."""
    values = {
        name: list(value) if isinstance(value, tuple) else value for name, value in asdict(made).items()
    }
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)


def _value(name: str, value: Any, kind: Any, where: str) -> Any:
    field = f"{where}: `{name}`"
    if name in CHOICES:
        if value not in CHOICES[name]:
            raise UserError(f"{field} is {value!r}; it may be {', '.join(CHOICES[name])}.")
        return value
    if get_origin(kind) is tuple:
        given = [value] if isinstance(value, str) else value
        if not isinstance(given, list) or not given or not all(isinstance(each, str) for each in given):
            raise UserError(
                f"{field} is {value!r}; it may be all-linear or a list of module names such as [q_proj, v_proj]."
            )
        return tuple(given)
    if kind is bool:
        if not isinstance(value, bool):
            raise UserError(f"{field} is {value!r}; it may be true or false.")
        return value
    if kind is str:
        if not isinstance(value, str):
            raise UserError(f"{field} is {value!r}; it is a text.")
        return value
    return _number(field, name, value, kind)


def _number(field: str, name: str, value: Any, kind: Any) -> int | float:
    low, high = _LIMITS[name]
    number: int | float = 0
    try:
        number = kind(value)  # YAML 1.1 reads 3e-4 as a text
        whole = kind is float or float(value) == number
    except (TypeError, ValueError):
        whole = False
    if isinstance(value, bool) or not whole or not low <= number <= high:
        what = "a whole number" if kind is int else "a number"
        raise UserError(f"{field} is {value!r}; it may be {what} from {low:g} to {high:g}.")
    return number


def _names() -> list[str]:
    return [each.name for each in fields(Recipe)]


def _named() -> str:
    return ", ".join(sorted(each.name for each in (Path(__file__).parent / "config").glob("*.yaml")))
