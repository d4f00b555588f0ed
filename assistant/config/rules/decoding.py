"""How the next token is chosen: sampling, beams, and what has left transformers."""

from collections.abc import Iterator

from assistant.config.edits import Edit
from assistant.config.report import Severity
from assistant.config.rules.phrases import phrase
from assistant.config.rules.rule import Context, Hit, hit, on
from assistant.config.rules.versions import versioned
from assistant.config.settings import UNKNOWN, Settings

_SAMPLING = {"temperature": 1.0, "top_p": 1.0, "min_p": None, "typical_p": 1.0, "top_k": 50}
_MOVED = {
    "num_beam_groups": "group-beam-search", "penalty_alpha": "contrastive-search", "dola_layers": "dola",
    "force_words_ids": "constrained-beam-search", "constraints": "constrained-beam-search",
}  # fmt: skip
"""Where each mode lives now, in transformers-community on the hub."""
_BEAMS = {"early_stopping": False, "length_penalty": 1.0}


@on("generation")
def sampling(settings: Settings, context: Context) -> Iterator[Hit]:
    """G01, G05."""
    samples = settings.flag("do_sample")
    absent = settings.absent("do_sample")
    call = settings.kind == "transformers.generate"
    beams = settings.number("num_beams", 1)
    named = [
        n for n, usual in _SAMPLING.items() if settings.number(n) is not None and settings.number(n) != usual
    ]
    zero = (settings.number("temperature", 1) or 0) <= 0
    if named and not zero and (samples is False or (absent and not settings.given("generation_config"))):
        edits = []
        if absent and beams == 1:
            edits = context.add(settings, "do_sample", True, named[0])
        elif samples is False:
            edits = [edit for name in named for edit in context.remove(settings.items[name])]
        rule = "G01" if samples is False and call else "G01-default" if call else "G01-saved"
        names = ", ".join(f"`{name}`" for name in named)
        yield hit(rule, settings, *named, "do_sample", edits=edits, names=names)
    temperature = settings.number("temperature")
    if temperature is not None and temperature <= 0 and samples is not False and (samples or absent):
        edits = _greedy(settings, context)
        yield hit(
            "G05" if samples else "G05-default",
            settings,
            "temperature",
            "do_sample",
            edits=edits,
            value=temperature,
        )
    if not samples:
        return
    top_k, top_p = settings.number("top_k"), settings.number("top_p")
    if top_k is not None and top_k < 0:
        yield hit(
            "G05-top-k", settings, "top_k", edits=context.replace(settings.items["top_k"], 0), value=top_k
        )
    if top_p is not None and top_p < 0:
        yield hit("G05-top-p", settings, "top_p", value=top_p)


def _greedy(settings: Settings, context: Context) -> list[Edit]:
    edits = context.remove(settings.items["temperature"])
    if "do_sample" in settings.items:
        return [*edits, *context.replace(settings.items["do_sample"], False)]
    item = settings.items["temperature"]
    return [*context.rename(item, "do_sample"), *context.replace(item, False)]


@on("generation")
def moved_away(settings: Settings, context: Context) -> Iterator[Hit]:
    """G07."""
    if not context.from_version("transformers", "5.0") or settings.given("custom_generate") or settings.open:
        return
    if settings.kind == "file.generation" or settings.given("trust_remote_code"):
        return
    groups, alpha = settings.number("num_beam_groups", 1), settings.number("penalty_alpha", 0)
    contrastive = bool(alpha) and (settings.number("top_k", 50) or 0) > 1 and not settings.flag("do_sample")
    found = {"num_beam_groups": groups is not None and groups > 1, "penalty_alpha": contrastive}
    found |= {name: _holds(settings, name) for name in ("force_words_ids", "constraints", "dola_layers")}
    for name, used in found.items():
        if used and name in settings.items:
            severity: Severity | None = None if settings.kind == "transformers.generate" else "warning"
            yield hit(
                "G07", settings, name, severity=severity, what=phrase("generation", "mode", name),
                repository=_MOVED[name], version=versioned(context, "transformers"),
            )  # fmt: skip


def _holds(settings: Settings, name: str) -> bool:
    data = settings.data(name)
    return data is not UNKNOWN and data is not None and data != []


@on("generation")
def several_texts(settings: Settings, context: Context) -> Iterator[Hit]:
    """G10, G11, G18."""
    wanted, beams = settings.number("num_return_sequences"), settings.number("num_beams", 1)
    greedy = settings.data("do_sample", False) in (False, None)
    call = settings.kind == "transformers.generate"
    if wanted is not None and beams is not None and wanted > 1 and not settings.given("generation_config"):
        if beams == 1 and greedy and not settings.open:
            sure = settings.flag("do_sample") is False or not call
            near = "do_sample" if "do_sample" in settings.items else "num_return_sequences"
            edits = (
                context.replace(settings.items[near], True)
                if near == "do_sample"
                else context.add(settings, "do_sample", True, near)
            )
            yield hit(
                "G10",
                settings,
                "num_return_sequences",
                "do_sample",
                edits=edits,
                value=wanted,
                severity=None if sure else "warning",
            )
        elif 1 < beams < wanted:
            edits = context.replace(settings.items["num_return_sequences"], int(beams))
            yield hit(
                "G11", settings, "num_return_sequences", "num_beams", edits=edits, value=wanted, beams=beams
            )
    named = [n for n, usual in _BEAMS.items() if settings.data(n, usual) not in (usual, None, UNKNOWN)]
    if (
        named
        and beams == 1
        and not settings.open
        and not settings.given("generation_config")
        and settings.kind != "file.generation"
    ):
        edits = [edit for name in named for edit in context.remove(settings.items[name])]
        yield hit("G18", settings, *named, "num_beams", edits=edits, names=", ".join(f"`{n}`" for n in named))
