"""When a run evaluates, and what depends on it."""

from collections.abc import Iterator

from assistant.config.edits import Edit
from assistant.config.rules.links import runs
from assistant.config.rules.rule import Context, Hit, hit, on, on_file
from assistant.config.settings import Settings


def strategy_name(settings: Settings, context: Context) -> str:
    """What the evaluation strategy is called there."""
    if "evaluation_strategy" in settings.items:
        return "evaluation_strategy"
    return "eval_strategy" if context.from_version("transformers", "4.41") else "evaluation_strategy"


def evaluates(settings: Settings) -> str | None:
    """The evaluation strategy, "no" by default; None where it is not known."""
    name = "evaluation_strategy" if "evaluation_strategy" in settings.items else "eval_strategy"
    if settings.data(name, "no") is False:
        return "no"
    return settings.text(name, "no")


@on("training")
def best_model(settings: Settings, context: Context) -> Iterator[Hit]:
    """C06."""
    if not settings.flag("load_best_model_at_end"):
        return
    names = (
        "load_best_model_at_end",
        "eval_strategy",
        "evaluation_strategy",
        "save_strategy",
        "eval_steps",
        "save_steps",
    )
    evaluate, save = evaluates(settings), settings.text("save_strategy", "steps")
    if evaluate is None or save is None or save == "best":
        return
    if evaluate != save:
        edits = _aligned(settings, context, evaluate, save)
        yield hit("C06", settings, *names, edits=edits, eval=evaluate, save=save)
        return
    default_log = 10 if settings.kind.startswith("trl.") else 500
    every = settings.number("eval_steps", settings.number("logging_steps", default_log))
    saved = settings.number("save_steps", 500)
    if (
        evaluate != "steps"
        or not every
        or saved is None
        or (settings.kind.startswith("file.") and "eval_steps" not in settings.items)
    ):
        return
    if (every < 1) != (saved < 1) or (every >= 1 and saved % every):
        better = max(1, round(saved / every)) * every if every >= 1 else every
        better = int(better) if float(better).is_integer() else better
        if "save_steps" in settings.items:
            edits = context.replace(settings.items["save_steps"], better)
        else:
            edits = context.add(settings, "save_steps", better, "eval_steps")
        yield hit("C06-steps", settings, *names, edits=edits, eval=every, save=saved)


def _aligned(settings: Settings, context: Context, evaluate: str, save: str) -> list[Edit]:
    name = strategy_name(settings, context)
    if evaluate == "no":
        if name in settings.items:
            return context.replace(settings.items[name], save)
        return context.add(settings, name, save, "load_best_model_at_end")
    if "save_strategy" in settings.items:
        return context.replace(settings.items["save_strategy"], evaluate)
    return context.add(settings, "save_strategy", evaluate, "load_best_model_at_end")


@on("training")
def evaluation_that_never_runs(settings: Settings, context: Context) -> Iterator[Hit]:
    """C07, C32, C40."""
    name = strategy_name(settings, context)
    never = evaluates(settings) == "no"
    steps = settings.number("eval_steps")
    if never and steps and settings.kind != "llamafactory.training":
        edits = _evaluating(settings, context, name, "steps", "eval_steps")
        yield hit(
            "C07", settings, "eval_steps", name, edits=edits, value=settings.data("eval_steps"), strategy=name
        )
    schedule = settings.text("lr_scheduler_type") or ""
    if never and schedule in ("reduce_lr_on_plateau", "greedy"):
        edits = _evaluating(settings, context, name, "epoch", "lr_scheduler_type")
        yield hit("C32", settings, "lr_scheduler_type", name, edits=edits, value=schedule, strategy=name)
    if settings.number("logging_steps") == 0 and settings.text("logging_strategy", "steps") == "steps":
        edits = context.replace(settings.items["logging_steps"], 1)
        yield hit("C40", settings, "logging_steps", "logging_strategy", edits=edits)


def _evaluating(settings: Settings, context: Context, name: str, value: str, near: str) -> list[Edit]:
    if name in settings.items:
        return context.replace(settings.items[name], value)
    return context.add(settings, name, value, near)


@on_file
def evaluation_without_data(context: Context) -> Iterator[Hit]:
    """C31."""
    for run in runs(context):
        if run.args is None or run.trainer.local or not run.trainer.absent("eval_dataset"):
            continue
        value, name = evaluates(run.args), strategy_name(run.args, context)
        if value not in ("steps", "epoch") or name not in run.args.items:
            continue
        edits = context.replace(run.args.items[name], "no")
        yield hit("C31", run.args, name, edits=edits, strategy=name, value=value)


@on_file
def early_stopping(context: Context) -> Iterator[Hit]:
    """C36."""
    callbacks = list(context.of("callback"))
    for run in runs(context):
        if run.args is None or not callbacks or not run.trainer.given("callbacks"):
            continue
        used = run.trainer.data("callbacks")
        found = [one for one in used if isinstance(one, Settings)] if isinstance(used, list) else []
        if not any(one.kind == "transformers.EarlyStoppingCallback" for one in found):
            continue
        name = strategy_name(run.args, context)
        needs = []
        if (
            run.args.absent("metric_for_best_model")
            and run.args.flag("load_best_model_at_end", False) is False
        ):
            needs.append("`metric_for_best_model`")
        if evaluates(run.args) == "no" and not run.args.open:
            needs.append(f"`{name}`")
        schedule = run.args.text("lr_scheduler_type", "linear")
        if needs and schedule not in (None, "reduce_lr_on_plateau"):
            words = {"en": " and ".join(needs), "zh": "和".join(needs)}
            yield hit("C36", found[0], needs=words, strategy=name)
