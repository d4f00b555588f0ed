"""An adapter's model card: what it was made from, how, with what, under which licence, and how it did."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from finetune.recipe import Recipe, as_yaml

_PATHS = ("base:", "data:", "held:", "out:", "start:")

_PACKAGES = ("torch", "transformers", "peft", "trl", "bitsandbytes", "accelerate")
GEMMA = "gemma"


def card(made: Recipe, base: str, facts: Mapping[str, Any], results: str = "") -> str:
    """The card as Markdown with the hub's front matter. `facts` are figures of the run and its data;
    `results` is the table of finetune.evaluate."""
    licence = licence_of(base)
    head = [
        "---",
        f"license: {licence}",
        "library_name: peft",
        "language: [en, zh]",
        "pipeline_tag: text-generation",
    ]
    head += [f"base_model: {hub_name(base)}"] if hub_name(base) else []
    head += ["tags: [tracedoc, lora, peft]", "---"]
    lines = [
        *head,
        "",
        "# Tracedoc adapter",
        "",
        f"A {made.method} adapter for `{base}`. It puts the evidence that Tracedoc's core has chosen into a short "
        "reply that cites it, in English or Chinese. It was not trained to choose evidence, to calculate, or for "
        "anything else.",
        "",
        "## Data",
        "",
        _rows({name: value for name, value in facts.items() if name.startswith("data_")}, "data_"),
        "",
        "Made by `python -m finetune.dataset` from Tracedoc's corpus: the prompts are the chat's own, the replies are "
        "composed from their evidence and checked by its grounding checks. No text of users is in it unless `--feedback` "
        "was given.",
        "",
        "## Training",
        "",
        _rows({name: value for name, value in facts.items() if not name.startswith("data_")}),
        "",
        "```yaml",
        "\n".join(line for line in as_yaml(made).splitlines() if not line.startswith(_PATHS)),
        "```",
        "",
        _versions(),
        "",
        "## Results",
        "",
        results or "Not measured yet: `python -m finetune.evaluate`.",
        "",
        "## Licence",
        "",
        _LICENCES.get(licence, "That of the base model."),
        "",
    ]
    return "\n".join(lines)


def licence_of(base: str) -> str:
    """The licence id that an adapter of a base has, as the hub names it."""
    if base.lower().startswith("gemma") or "/gemma" in base.lower():
        return GEMMA
    from assistant.generation.models import row

    known = row(base)
    return known.licence.lower() if known else "other"


def hub_name(base: str) -> str:
    """The base's id on the hub, "" if it has none."""
    from assistant.generation import embedded

    source = embedded.source()
    if base == source.id:
        return source.aliases[0] if source.aliases else ""
    return base if base.count("/") == 1 and not base.startswith((".", "/", "~")) else ""


_LICENCES = {
    GEMMA: "A derivative of Gemma: provided under and subject to the Gemma Terms of Use, https://ai.google.dev/gemma/terms",
    "apache-2.0": "Apache-2.0, as its base model.",
    "mit": "MIT, as its base model.",
}


def _rows(values: Mapping[str, Any], prefix: str = "") -> str:
    rows = [f"| {name.removeprefix(prefix).replace('_', ' ')} | {value} |" for name, value in values.items()]
    return "\n".join(["| | |", "| --- | --- |", *rows])


def _versions() -> str:
    found = []
    for package in _PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return f"Versions: {', '.join(found)}."
