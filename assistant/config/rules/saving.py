"""Checkpoints, the best model, trackers and the hub."""

import ast
import re
from collections.abc import Iterator

from assistant.config.python.fold import fold
from assistant.config.rules.evaluation import evaluates
from assistant.config.rules.links import Run, runs
from assistant.config.rules.phrases import phrase
from assistant.config.rules.rule import Context, Hit, hit, on, on_file
from assistant.config.rules.versions import versioned
from assistant.config.settings import Settings

_TRACKERS = (
    *("azure_ml", "clearml", "codecarbon", "comet_ml", "dagshub", "dvclive", "flyte", "kubeflow", "mlflow"),
    *("neptune", "swanlab", "tensorboard", "trackio", "wandb", "all", "none"),
)
_LOWER_IS_BETTER = re.compile(
    r"(?:eval_)?(?:\w+_)?(?:wer|cer|ter|perplexity|ppl|mse|rmse|mae|error|error_rate|nll)$"
)
_ALWAYS_THERE = re.compile(r"loss|runtime|per_second|epoch")
_REPOSITORY = re.compile(r"[\w.-]+(?:/[\w.-]+)?\Z")
_OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")


@on_file
def resuming(context: Context) -> Iterator[Hit]:
    """C16."""
    code = context.code
    if code is None or context.text.content.count("resume_from_checkpoint") != 1:
        return
    calls = [call for call in code.walk.calls if getattr(call.func, "attr", "") == "train"]
    for run in runs(context):
        if run.args is None or not run.args.given("resume_from_checkpoint") or run.trainer.local:
            continue
        if run.args.data("resume_from_checkpoint") is False:
            continue
        mine = [call for call in calls if not call.args and not call.keywords]
        if mine and len(mine) == len(calls):
            yield hit("C16", run.args, "resume_from_checkpoint")


@on_file
def metric_that_is_not_computed(context: Context) -> Iterator[Hit]:
    """C18: only where the best model is looked for, so that the metric is surely read."""
    for run in runs(context):
        args, trainer = run.args, run.trainer
        if args is None or trainer.local or not trainer.kind.startswith("transformers."):
            continue
        metric = args.text("metric_for_best_model")
        if metric is None or _ALWAYS_THERE.search(metric) or evaluates(args) not in ("steps", "epoch"):
            continue
        if not (args.flag("load_best_model_at_end") or args.text("save_strategy") == "best"):
            continue
        edits = context.replace(args.items["metric_for_best_model"], "eval_loss")
        keys = _computed(run, context)
        missing = trainer.absent("compute_metrics")
        if not missing and (not keys or metric.removeprefix("eval_") in keys):
            continue
        case = "none" if missing else "other"
        why = phrase("saving", "why", case, names=", ".join(sorted(keys)))
        how = phrase("saving", "how", case)
        yield hit("C18", args, "metric_for_best_model", edits=edits, metric=metric, why=why, how=how)


def _computed(run: Run, context: Context) -> frozenset[str]:
    """The keys that the text's `compute_metrics` surely returns; empty where that is not known."""
    code = context.code
    item = run.trainer.items.get("compute_metrics")
    if code is None or item is None:
        return frozenset()
    found = code.functions.get(context.text.of(item.value.span), [])
    if len(found) != 1:
        return frozenset()
    keys: set[str] = set()
    for node in ast.walk(found[0]):
        if isinstance(node, (ast.FunctionDef, ast.Lambda)) and node is not found[0]:
            return frozenset()
        if isinstance(node, ast.Return):
            data = fold(code, node.value).data if node.value else None
            if not isinstance(data, Settings) or data.kind != "mapping" or data.open or not data.items:
                return frozenset()
            keys.update(data.items)
    return frozenset(keys)


@on("training")
def direction_of_the_metric(settings: Settings, context: Context) -> Iterator[Hit]:
    """C34, C37."""
    metric = settings.text("metric_for_best_model")
    looked_for = settings.flag("load_best_model_at_end") or settings.text("save_strategy") == "best"
    if metric and looked_for and _LOWER_IS_BETTER.match(metric) and settings.absent("greater_is_better"):
        edits = context.add(settings, "greater_is_better", False, "metric_for_best_model")
        yield hit(
            "C34", settings, "metric_for_best_model", "load_best_model_at_end", edits=edits, metric=metric
        )
    if settings.text("save_strategy") != "best":
        return
    if settings.absent("metric_for_best_model") and settings.flag("load_best_model_at_end", False) is False:
        edits = context.add(settings, "metric_for_best_model", "eval_loss", "save_strategy")
        what = phrase("saving", "what", "metric")
        yield hit("C37", settings, "save_strategy", edits=edits, needs="`metric_for_best_model`", what=what)
    elif evaluates(settings) == "no" and not settings.open:
        what = phrase("saving", "what", "strategy")
        yield hit("C37", settings, "save_strategy", needs="`eval_strategy`", what=what, severity="warning")


@on("training")
def trackers(settings: Settings, context: Context) -> Iterator[Hit]:
    """C19."""
    item = settings.items.get("report_to")
    if item is None:
        return
    data = item.value.data
    if data is None:
        python = item.layout in ("call", "dict", "attribute")
        if python and context.from_version("transformers", "5.0"):
            edits = context.replace(item, "none")
            yield hit("C19", settings, "report_to", edits=edits, version=versioned(context, "transformers"))
        return
    for word in data if isinstance(data, list) else [data]:
        if not isinstance(word, str):
            continue
        if word in context.facts.missing:
            yield hit("C19-missing", settings, "report_to", edits=context.replace(item, "none"), value=word)
        elif word not in _TRACKERS and word.lower() in _TRACKERS:
            edits = context.replace(item, word.lower()) if isinstance(data, str) else []
            yield hit(
                "C19-unknown", settings, "report_to", edits=edits, value=word, allowed=", ".join(_TRACKERS)
            )


@on("training")
def pushing(settings: Settings, context: Context) -> Iterator[Hit]:
    """C23, C47."""
    name = settings.text("hub_model_id")
    if name and settings.flag("push_to_hub") and not _REPOSITORY.match(name):
        yield hit("C47", settings, "hub_model_id", "push_to_hub", value=name)
    if not settings.flag("push_to_hub") or context.code is None:
        return
    for target, value, _ in context.code.walk.assignments:
        if not isinstance(target, ast.Subscript) or getattr(target.value, "attr", "") != "environ":
            continue
        variable, given = fold(context.code, target.slice).data, fold(context.code, value).data
        if variable in _OFFLINE and isinstance(given, str) and given.upper() in ("1", "TRUE", "YES", "ON"):
            yield hit("C23", settings, "push_to_hub", variable=variable)
