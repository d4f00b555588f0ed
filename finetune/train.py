"""`python -m finetune.train --config FILE`: trains an adapter.

A run that was stopped, by Ctrl-C, a kill or a full disk, goes on from its last checkpoint when the same
command is given again. Several GPUs: `accelerate launch … -m finetune.train --config FILE`.
"""

import argparse
import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assistant.errors import UserError
from finetune import checkpoints
from finetune.commands import INTERRUPTED, run
from finetune.files import replace_text, said_in_a_sentence, write_json
from finetune.progress import Line
from finetune.recipe import Recipe, as_yaml, read_recipe
from finetune.sample import Sample, read_samples

_FREE_TO_CHANGE = {"out", "data", "held", "keep", "save_every", "report_to", "device", "patience"}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser("python -m finetune.train", description=(__doc__ or "").split("\n\n")[1])
    parser.add_argument(
        "--config", type=Path, required=True, help="a recipe: finetune/config/*.yaml, or your own"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help="changes a field of it"
    )
    parser.add_argument("--fresh", action="store_true", help="begins anew where a run was stopped before")
    options = parser.parse_args(arguments)
    stopped = False

    def work() -> None:
        nonlocal stopped
        stopped = train(read_recipe(options.config, options.set), fresh=options.fresh)

    code = run(work)
    return INTERRUPTED if stopped and not code else code


def train(made: Recipe, *, fresh: bool = False) -> bool:
    """Trains a recipe's adapter to the end, or until it is interrupted (then it returns True)."""
    train_samples, held_samples = _samples(made)
    from finetune.base import dtype_of, find_base, load_base

    _quiet()
    base = find_base(made.base, four_bits=made.method == "qlora")
    folder = Path(made.out)
    if os.environ.get("RANK", "0") == "0":
        _claim(folder, made, base.name, train_samples, fresh=fresh)
    import torch
    from transformers import set_seed

    from finetune import trainer as trainers
    from finetune.allocator import GivesBack
    from finetune.encoding import encode_all
    from finetune.memory import check_memory
    from finetune.starting import described
    from finetune.watching import Watch

    set_seed(made.seed)
    model, tokenizer = load_base(base, made)
    rows, longer = encode_all(train_samples, tokenizer, made.length)
    held = encode_all(held_samples, tokenizer, made.length)[0][: made.held_most] if held_samples else []
    with Line("training") as line:
        watch = Watch(folder / "checkpoints", line)
        resumed = checkpoints.newest(folder / "checkpoints")
        try:
            trainer = trainers.build(
                model,
                tokenizer,
                made,
                base.name,
                trainers.Rows(rows, held),
                [watch] if torch.cuda.is_available() and made.device != "cpu" else [watch, GivesBack()],
                measured_first=not resumed,
            )
        except (ValueError, ImportError) as error:
            raise UserError(
                f"{made.out} cannot be trained like this: {' '.join(str(error).split())[:300]}"
            ) from error
        trained = sum(each.numel() for each in trainer.model.parameters() if each.requires_grad)
        device = str(trainer.args.device)
        need = check_memory(
            model.config,
            made,
            max(len(row.input_ids) for row in rows),
            device,
            dtype=str(dtype_of(made)).removeprefix("torch."),
            scored=max(sum(label >= 0 for label in row.labels) for row in rows)
            if trainers.uses_our_head(made)
            else 0,
        )
        _say(made, rows, longer, trained, need, resumed)
        started = time.monotonic()
        trainer.train(resume_from_checkpoint=str(resumed) if resumed else None)
    if watch.stopped:
        print(
            f"Stopped after step {trainer.state.global_step}; the same command goes on from there.",
            file=sys.stderr,
        )
        return True
    facts = {
        "data_samples": len(rows),
        "data_tokens": sum(len(row.input_ids) for row in rows),
        "data_from_users": sum(
            sample.kind == "corrected" or sample.id.startswith("liked-") for sample in train_samples
        ),
        "data_learnt_tokens": sum(label >= 0 for row in rows for label in row.labels),
        **({"started_from": described(made.start)} if made.start else {}),
        "steps": trainer.state.global_step,
        "minutes": round((time.monotonic() - started) / 60, 1),
        "trained_parameters": f"{trained:,}",
        **_losses(trainer.state.log_history),
        **_peak(torch, need),
    }
    if trainer.is_world_process_zero():
        _save(trainer.model, folder, made, base.name, facts)
    return False


def _samples(made: Recipe) -> tuple[list[Sample], list[Sample]]:
    found = read_samples(Path(made.data))
    if not found:
        raise UserError(f"The data set {made.data} is empty: make one with python -m finetune.dataset.")
    return found, read_samples(Path(made.held)) if made.held else []


def _claim(folder: Path, made: Recipe, base: str, samples: Sequence[Sample], *, fresh: bool) -> None:
    """Takes the folder for this run. Raises UserError where it holds a run with other settings, whose
    checkpoints would not fit."""
    digest = hashlib.sha256("\n".join(repr(sample) for sample in samples).encode()).hexdigest()[:16]
    ours = {name: value for name, value in asdict(made).items() if name not in _FREE_TO_CHANGE}
    ours = json.loads(json.dumps({**ours, "base": base, "data": digest}))
    file = folder / "run.json"
    if fresh:
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    elif file.exists() and checkpoints.newest(folder / "checkpoints"):
        theirs: dict[str, Any] = json.loads(file.read_text())
        differing = [name for name, value in ours.items() if theirs.get(name) != value]
        if differing:
            name = differing[0]
            raise UserError(
                f"{folder} holds a run with other settings (`{name}` was {theirs.get(name)!r}, now {ours[name]!r}): "
                "give another `out`, or --fresh to begin anew."
            )
    write_json(file, ours)
    replace_text(folder / "recipe.yaml", as_yaml(made))


def _say(
    made: Recipe, rows: Sequence[Any], longer: int, trained: int, need: int | None, resumed: Path | None
) -> None:
    tokens = sum(len(row.input_ids) for row in rows)
    left = f", {longer} longer ones left out" if longer else ""
    print(
        f"{made.method}: {len(rows)} samples of {tokens / len(rows):.0f} tokens{left}; {trained:,} parameters are "
        f"trained{f'; about {need / 2**30:.1f} GiB' if need else ''}.",
        file=sys.stderr,
    )
    if resumed:
        print(f"Going on from step {checkpoints.steps_done(resumed)}.", file=sys.stderr)


def _save(model: Any, folder: Path, made: Recipe, base: str, facts: Mapping[str, Any]) -> None:
    """Writes the adapter and its card beside, and puts them in place."""
    from finetune.card import card

    beside = folder / f".adapter-{os.getpid()}"
    with said_in_a_sentence(folder):
        model.peft_config["default"].base_model_name_or_path = base
        model.save_pretrained(beside, safe_serialization=True)
        (beside / "README.md").write_text(card(made, base, facts), encoding="utf-8")
        (beside / "training.json").write_text(json.dumps(dict(facts), indent=2) + "\n", encoding="utf-8")
        for file in sorted(beside.iterdir()):
            file.replace(folder / file.name)
        beside.rmdir()
    print(f"The adapter is in {folder}.")


def _losses(history: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    first = [row["loss"] for row in history if "loss" in row]
    held = [row["eval_loss"] for row in history if "eval_loss" in row]
    found: dict[str, Any] = (
        {"loss_first": round(first[0], 4), "loss_last": round(first[-1], 4)} if first else {}
    )
    return found | ({"held_loss_before": round(held[0], 4), "held_loss": round(held[-1], 4)} if held else {})


def _peak(torch: Any, need: int | None) -> dict[str, Any]:
    if torch.cuda.is_available():
        peak = torch.cuda.max_memory_reserved() / 2**30
    else:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"peak_gib": round(peak, 2)} | ({"estimated_gib": round(need / 2**30, 2)} if need else {})


def _quiet() -> None:
    """Keeps what libraries say to developers off the terminal."""
    import logging as standard
    import warnings

    from datasets.utils.logging import disable_progress_bar
    from transformers.utils import logging

    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
    # the embedded base is known by a name, not by a folder
    warnings.filterwarnings("ignore", message="Could not find a config file", module="peft")
    standard.getLogger("bitsandbytes").setLevel(standard.ERROR)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    disable_progress_bar()


if __name__ == "__main__":
    sys.exit(main())
