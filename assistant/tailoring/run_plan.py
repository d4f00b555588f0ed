"""The memory plan of the run that a case describes, where the question is one of memory."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from assistant.case import Case
from assistant.errors import UserError
from assistant.memory import (
    Lever,
    OomCause,
    Plan,
    PlanRequest,
    explain_oom,
    find_model,
    largest,
    levers,
    read_request,
    request_from_facts,
)
from assistant.memory.plan import Model
from assistant.memory.planner import plan_for
from assistant.memory.report import assumed_settings
from assistant.memory.words import Lang, lever_code, lever_words, word
from assistant.reading.model import Fact
from assistant.tailoring.model import Said, Section
from assistant.tailoring.signs import asks_about_memory
from assistant.tailoring.words import texts

_WHICH = re.compile(
    r"(?i)\b(?:what|which|largest|biggest)\b.{0,30}\bmodels?\b|哪些模型|什么模型|多大的?模型|最大"
)
_SIZE = re.compile(r"(?i)(?<![\dx.])\d{1,3}(?:\.\d{1,2})?b(?![a-z0-9])")
_MIXTURE = re.compile(r"(?i)moe|\dx\d|a\d+(?:\.\d+)?b\b")
_SHOWN, _CHANGES = 3, 3
_NATIVE_BF16 = 8.0
"""Compute capability; older cards are planned for in fp16."""
_LEAST_PART = 0.3
"""GiB of a part that is worth naming."""


def plan_section(case: Case, facts: Mapping[str, Fact]) -> tuple[Section | None, Plan | None]:
    """What the run needs against what the GPU has, and the least change that makes it fit; for an error
    of memory also what the sizes in its message say. (None, None) where too little is known."""
    failed = "requested_gib" in facts
    asks = asks_about_memory(case.reading.prose)
    lang: Lang = case.lang
    plan = _plan(facts, case.origins, failed=failed)
    said = []
    if failed:
        cause = explain_oom(facts, plan)
        if plan and cause.tensor == "logits" and plan.settings.fused_loss:
            plan = planned(replace(plan.request, trainer="transformers"))  # whole logits were asked for
        if sizes := _sizes(cause, lang, planned=plan is not None):
            said.append(sizes)
    if plan and (plan.gpu is not None or asks):
        said.append(_planned(plan, facts, lang, failed=failed))
    elif not plan and asks and _WHICH.search(case.reading.prose) and (found := _largest(facts, lang)):
        said.append(found)
    if not said:
        return None, None
    heading = texts(lang)["run" if plan or failed else "fitting"]
    return Section("run", heading, tuple(said)), plan


def _plan(facts: Mapping[str, Fact], origins: Mapping[str, str], *, failed: bool) -> Plan | None:
    if "method" not in facts and facts.get("mode") in ("training", "evaluation"):
        return None  # what is trained decides everything
    known = dict(facts)
    if "capacity_gib" in known and origins.get("vram_gib") != "corrected":
        known["vram_gib"] = known["capacity_gib"]
    elif not failed and "vram_free_gib" in known:
        known["vram_gib"] = known["vram_free_gib"]
    capability = known.get("compute_capability")
    if isinstance(capability, float) and capability < _NATIVE_BF16:
        known.setdefault("set_dtype", "float16")
    request = request_from_facts(known)
    return planned(request) if request else None


@lru_cache(maxsize=128)
def planned(request: PlanRequest) -> Plan | None:
    """The plan of a run of a model whose shapes are carried here, with what makes it fit; None where
    nothing can be said."""
    try:
        plan = plan_for(_model(request.model), request)
    except UserError:
        return None
    return replace(plan, levers=levers(plan)) if plan.verdict in ("does not fit", "borderline") else plan


def _model(name: str) -> Model:
    """A model whose shapes are carried, else a usual one of the size in its name. Raises UserError."""
    try:
        return find_model(name, files=False, hub=False)
    except UserError:
        size = _SIZE.search(name)
        if size is None or _MIXTURE.search(name):
            raise
        return find_model(size[0], files=False, hub=False)


def _sizes(cause: OomCause, lang: Lang, *, planned: bool) -> Said | None:
    if cause.cause == "unknown" or (cause.cause == "too_big" and not cause.tensor):
        return None  # the entry's own words say as much
    text = cause.words(lang, todo=not (planned and cause.cause == "too_big"))
    return Said("message:sizes", texts(lang)["failed_title"], text, why=(text,), entry="cuda-oom-allocator")


def _planned(plan: Plan, facts: Mapping[str, Fact], lang: Lang, *, failed: bool) -> Said:
    words = texts(lang)
    sentences = [
        words["planned"].format(
            model=plan.model.id.rpartition("/")[2],
            method=words[f"method_{plan.settings.method}"],
            settings=_settings(plan, lang),
            device=f"{plan.device:.1f}",
        ),
        _verdict(plan, facts, lang),
        words["most"].format(parts=_parts(plan, lang)),
    ]
    changes, code = _changes(plan, lang)
    if changes:
        sentences.append(words["lever"].format(changes=changes))
    elif plan.verdict == "does not fit":
        sentences.append(words["levers_none"])
    assumed = assumed_settings(plan)
    if plan.model.assumed:
        assumed = (words["as_model"].format(model=plan.model.id.rpartition("/")[2]), *assumed)
    if failed and plan.verdict == "fits":
        sentences.append(words["differs"].format(settings=words["separator"].join(assumed)))
    elif assumed:
        sentences.append(words["assumed"].format(settings=words["separator"].join(assumed)))
    space = "" if lang == "zh" else " "
    why, fix = sentences[:3], sentences[3:4] if changes else []
    return Said(
        passage=f"plan:{plan.model.id}",
        title=words["plan_title"],
        text=space.join(sentences),
        why=tuple(why),
        fix=(*fix, code) if code and fix else tuple(fix),
        code=code,
        entry="memory-needs",
    )


def _settings(plan: Plan, lang: Lang) -> str:
    s = plan.settings
    shown = [s.precision, f"{word('batch', lang)} {s.batch_size}", f"{s.seq:,} tokens"]
    if lang == "zh":
        shown[2] = f"{s.seq} 个 token"
        return f"（{'，'.join(shown)}）"
    return f" ({', '.join(shown)})"


def _verdict(plan: Plan, facts: Mapping[str, Fact], lang: Lang) -> str:
    words = texts(lang)
    if plan.gpu is None or plan.verdict is None:
        return words["no_gpu"]
    name = str(facts.get("gpu") or plan.gpu_name or "")
    card = words["on_card"].format(name=name) if name else ""
    low, high = plan.needed
    key = {"fits": "fits", "borderline": "borderline", "does not fit": "misfit"}[plan.verdict]
    return words[key].format(low=f"{low:.1f}", high=f"{high:.1f}", gpu=f"{plan.gpu:g}", card=card)


def _parts(plan: Plan, lang: Lang) -> str:
    largest_first = sorted(plan.parts.items(), key=lambda item: -item[1])
    shown = [
        f"{word(name, lang)} {size:.1f} GiB" for name, size in largest_first[:_SHOWN] if size > _LEAST_PART
    ]
    return texts(lang)["separator"].join(shown)


def _changes(plan: Plan, lang: Lang) -> tuple[str, str]:
    """The changes up to the first with which it fits, and their code; ("", "") where none does."""
    chosen = _enough(plan)
    if not chosen or len(chosen) > _CHANGES:
        return "", ""
    gap = "" if lang == "zh" else " "
    saves = "（{}）" if lang == "zh" else " ({})"
    said = []
    for lever in chosen:
        change = lever_words(lever, lang)[0].rstrip(".。")
        amount = saves.format(word("saves", lang, gib=f"{lever.saves_gib:.1f}"))
        said.append(f"{change}{amount}{'。' if lang == 'zh' else '.'}")
    codes = [code for lever in chosen if (code := lever_code(lever))]
    return gap.join(said), "\n\n".join(f"```{_language(code)}\n{code}\n```" for code in codes)


def _language(code: str) -> str:
    return "bash" if code.startswith(("pip ", "accelerate ")) else "python"


def _enough(plan: Plan) -> tuple[Lever, ...]:
    for place, lever in enumerate(plan.levers):
        if lever.fits_after:
            return plan.levers[: place + 1]
    return ()


def _largest(facts: Mapping[str, Fact], lang: Lang) -> Said | None:
    """The largest models that fit the GPU of the case."""
    memory = facts.get("vram_gib")
    if not isinstance(memory, float):
        return None
    words = texts(lang)
    lines = [
        words["largest_one"].format(what=words[what], model=name.rpartition("/")[2])
        for what, name in _largest_models(memory)
    ]
    if not lines:
        return None
    size = f"{memory:g} GiB"
    card = words["card"].format(name=facts["gpu"], size=size) if "gpu" in facts else size
    text = words["largest"].format(card=card, list=("；" if lang == "zh" else "; ").join(lines))
    return Said("plan:largest", words["largest_title"], text, why=(text,), entry="memory-which-gpu")


@lru_cache(maxsize=32)
def _largest_models(memory: float) -> tuple[tuple[str, str], ...]:
    asked: Mapping[str, Mapping[str, object]] = {
        "inference_4bit": {"method": "inference", "precision": "nf4-dq"},
        "training_qlora": {"method": "qlora", "batch_size": 1, "seq": 1_024},
    }
    found = []
    for what, flags in asked.items():
        best = largest(read_request({"model": "7B", "vram": memory, **flags}), "model").value
        if best is not None:
            found.append((what, str(best)))
    return tuple(found)
