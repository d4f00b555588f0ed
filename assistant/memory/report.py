"""A plan as text for the terminal."""

from collections.abc import Iterator

from assistant.memory.largest import Largest
from assistant.memory.picture import short_count
from assistant.memory.plan import PARTS, Plan
from assistant.memory.words import Lang, lever_code, lever_words, note_words, word

_BAR = 32
_SETTINGS = {
    "always": ("precision", "batch_size", "seq", "attn"),
    "inference": ("new_tokens",),
    "training": ("optim", "checkpointing", "trainer"),
    "adapters": ("optim", "checkpointing", "trainer", "lora_r", "lora_targets"),
}
"""Settings that matter to a plan, where they are only assumed."""


def report(plan: Plan, lang: Lang = "en") -> str:
    """The whole plan: parts, totals, verdict, changes, notes, what is assumed."""
    return "\n".join(_lines(plan, lang))


def largest_line(found: Largest, lang: Lang = "en") -> str:
    """What is the largest batch, length or model that fits, in a sentence."""
    if found.value is None:
        return word("largest_none", lang, what=word(found.what, lang))
    return word(f"largest_{found.what}", lang, value=str(found.value))


def _lines(plan: Plan, lang: Lang) -> Iterator[str]:
    s = plan.settings
    title = "title" if s.gpus == 1 else "title_many"
    yield word(
        title, lang, model=plan.model.id, params=short_count(plan.model.shape.params),
        method=f"{s.method}, {s.precision}", gpus=str(s.gpus),
    )  # fmt: skip
    yield ""
    widest = max(plan.parts.values()) or 1.0
    for part in PARTS:
        size = plan.parts[part]
        if size >= 0.005:
            yield f"{size:9.2f} GiB  {'█' * max(1, round(_BAR * size / widest))} {word(part, lang)}"
            if part == "weights" and sum(value >= 0.005 for value in plan.weights.values()) > 1:
                shown = [f"{word(k, lang)} {v:.2f}" for k, v in plan.weights.items() if v >= 0.005]
                yield " " * 15 + "· " + ", ".join(shown)
    if plan.reserved - plan.allocated >= 0.05:
        yield f"{plan.reserved - plan.allocated:9.2f} GiB  {word('cached', lang)}"
    yield ""
    yield f"{plan.allocated:9.2f} GiB  {word('allocated', lang)}"
    yield f"{plan.reserved:9.2f} GiB  {word('reserved', lang)}"
    yield f"{plan.device:9.2f} GiB  {word('device', lang)}"
    low, high = plan.interval
    yield " " * 15 + word("interval", lang, low=f"{low:.1f}", high=f"{high:.1f}")
    yield ""
    yield _verdict(plan, lang)
    yield from _levers(plan, lang)
    notes = [note_words(note, lang) for note in plan.notes if note.id != "unknown_gpu"]
    if notes:
        yield ""
        yield from notes
    assumed = assumed_settings(plan)
    if assumed:
        yield ""
        yield word("assumed", lang, settings=", ".join(assumed))


def _verdict(plan: Plan, lang: Lang) -> str:
    if plan.gpu is None or plan.verdict is None:
        return word("no_gpu", lang)
    low, high, gpu = f"{plan.needed[0]:.1f}", f"{plan.needed[1]:.1f}", f"{plan.gpu:g}"
    card = word("on_card", lang, name=plan.gpu_name) if plan.gpu_name else ""
    name = {"fits": "fits", "borderline": "borderline", "does not fit": "misfit"}[plan.verdict]
    return word(name, lang, low=low, high=high, gpu=gpu, card=card)


def assumed_settings(plan: Plan) -> tuple[str, ...]:
    """The settings that were not given and matter, each with the value that is assumed."""
    s = plan.settings
    names = (
        _SETTINGS["always"] + _SETTINGS["adapters" if s.adapts else "training" if s.trains else "inference"]
    )
    values = {name: getattr(s, name) for name in names if plan.origins.get(name) == "assumed"}
    return tuple(
        f"{name} {('off', 'on')[value] if isinstance(value, bool) else value}"
        for name, value in values.items()
    )


def _levers(plan: Plan, lang: Lang) -> Iterator[str]:
    if plan.verdict == "fits":
        return
    yield ""
    if plan.gpu is None:
        if not plan.levers:
            return
        yield word("levers_some", lang)
    elif plan.levers and plan.levers[-1].fits_after:
        yield word("levers", lang)
    else:
        yield word("levers_none", lang)
        if plan.levers:
            yield word("levers_some", lang)
    for number, lever in enumerate(plan.levers, 1):
        change, costs = lever_words(lever, lang)
        saves = word("saves", lang, gib=f"{lever.saves_gib:.1f}")
        after = f", {word('then_fits', lang)}" if lever.fits_after else ""
        yield f"{number:3}. {change} ({saves}{after})"
        yield f"     {word('costs', lang, costs=costs)}"
        code = lever_code(lever)
        if code:
            yield f"     {code}"
