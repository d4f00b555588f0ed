"""`python -m finetune.rehearse`: the whole chain, small, on any CPU in a few minutes.

A small data set, a tiny base made on the spot, 4-bit training that is killed and resumed once, evaluation,
the adapter served in the chat, and a report.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.errors import UserError
from finetune.commands import run
from finetune.files import replace_text, write_json
from finetune.plot import read_metrics
from finetune.recipe import Recipe, as_yaml
from finetune.sample import read_samples, write_samples

_FALLS, _STEPS, _EVERY, _HELD = 0.30, 240, 10, 8
_QUESTION = "CUDA out of memory while training, what should I do first?"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code: 0 where all went as it must."""
    parser = argparse.ArgumentParser(
        "python -m finetune.rehearse", description=(__doc__ or "").split("\n\n")[1]
    )
    parser.add_argument("--out", type=Path, help="folder for everything that is made (a temporary one)")
    parser.add_argument("--points", type=int, default=40, help="points of the corpus in the data set (40)")
    parser.add_argument("--steps", type=int, default=_STEPS, help=f"training steps ({_STEPS})")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    if options.out:
        return run(lambda: rehearse(options.out, options.points, options.steps, options.seed))
    with tempfile.TemporaryDirectory(prefix="tracedoc-rehearsal-") as folder:
        return run(lambda: rehearse(Path(folder), options.points, options.steps, options.seed))


def rehearse(folder: Path, points: int, steps: int, seed: int) -> dict[str, Any]:
    """Goes through the chain and returns the figures of the report. Raises UserError where a link fails."""
    started = time.monotonic()
    took: dict[str, float] = {}

    def done(what: str) -> None:
        took[what] = round(time.monotonic() - started - sum(took.values()), 1)
        print(f"{what}: {took[what]} s", file=sys.stderr, flush=True)

    data = folder / "data"
    _run("finetune.dataset", "--out", data, "--rounds", 1, "--points", points, "--seed", seed)
    done("data set")
    from finetune.tiny_base import make_base

    samples = read_samples(data / "train.jsonl")
    # a base as small as this learns what it sees and nothing general: held out are conversations, not topics
    learnt = [each for n, each in enumerate(samples) if n % _HELD]
    write_samples(data / "learnt.jsonl", learnt)
    write_samples(data / "unseen.jsonl", samples[::_HELD])
    base = make_base(folder / "base", learnt, seed=seed)
    done("base")
    recipe = _recipe(folder, base, data, steps, seed)
    killed = _killed(recipe, random.Random(seed).randint(steps // 3, steps - _EVERY), folder)
    done(f"training, killed after step {killed}")
    _run("finetune.train", "--config", recipe)
    done("training, resumed")
    adapter = folder / "adapter"
    _run("finetune.evaluate", "--model", base, "--adapter", "none", "--adapter", adapter, "--held", data / "held.jsonl",
         "--cases", data / "none.jsonl", "--most", 6, "--plain", "--out", folder / "evaluation")  # fmt: skip
    done("evaluation")
    said = json.loads(_run("assistant", "ask", _QUESTION, "--json", "--model", base, "--adapter", adapter))
    done("served in the chat")
    report = _report(folder, said, killed, took)
    write_json(folder / "report.json", report)
    print(_as_text(report))
    if report["held_loss_fell"] < _FALLS:
        raise UserError(
            f"The held-out loss fell by {report['held_loss_fell']:.0%} only; {_FALLS:.0%} was expected.", 3
        )
    return report


def _recipe(folder: Path, base: Path, data: Path, steps: int, seed: int) -> Path:
    made = Recipe(
        base=str(base),
        data=str(data / "learnt.jsonl"),
        held=str(data / "unseen.jsonl"),
        out=str(folder / "adapter"),
        method="qlora",
        rank=16,
        alpha=32,
        dropout=0.0,
        targets=("all-linear",),
        max_steps=steps,
        batch=8,
        accumulation=1,
        length=1_500,
        learning_rate=1e-2,
        warmup=0.05,
        evaluate_every=steps,
        save_every=_EVERY,
        precision="fp32",
        seed=seed,
        device="cpu",
    )
    replace_text(data / "none.jsonl", "")
    replace_text(folder / "recipe.yaml", as_yaml(made))
    return folder / "recipe.yaml"


def _killed(recipe: Path, step: int, folder: Path) -> int:
    """Trains until a step, and kills the process without a warning; returns the step that it was at."""
    command = [sys.executable, "-m", "finetune.train", "--config", str(recipe)]
    metrics = folder / "adapter" / "checkpoints" / "metrics.jsonl"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            rows = read_metrics(metrics)
            if rows and rows[-1]["step"] >= step:
                process.kill()
                break
            time.sleep(0.05)
        errors = process.stderr.read() if process.stderr else ""
    if process.returncode not in (-9, 0):
        raise UserError(f"The training ended with {process.returncode}: {errors.strip()[-300:]}", 3)
    rows = read_metrics(metrics)
    return int(rows[-1]["step"]) if rows else 0


def _run(module: str, *arguments: object) -> str:
    """Runs a module as a command of its own; what it says goes through. Raises UserError where it fails."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    found = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONWARNINGS": "ignore"}
    )
    if found.returncode:
        raise UserError(f"{' '.join(command[2:5])} … ended with {found.returncode}.", 3)
    return found.stdout


def _report(folder: Path, said: dict[str, Any], killed: int, took: dict[str, float]) -> dict[str, Any]:
    rows = read_metrics(folder / "adapter" / "checkpoints" / "metrics.jsonl")
    held = [row["eval_loss"] for row in rows if "eval_loss" in row]
    lm = said.get("lm") or {}
    return {
        "samples": len(read_samples(folder / "data" / "learnt.jsonl")),
        "killed_after_step": killed,
        "held_loss": [round(each, 3) for each in held],
        "held_loss_fell": round(1 - held[-1] / held[0], 3) if len(held) > 1 else 0.0,
        "served": {
            "adapter": lm.get("adapter"),
            "stopped": lm.get("stopped"),
            "new_tokens": lm.get("new_tokens"),
        },
        "seconds": took,
        "seconds_in_all": round(sum(took.values()), 1),
    }


def _as_text(report: dict[str, Any]) -> str:
    first, *_, last = report["held_loss"] or [0.0]
    return (
        f"{report['samples']} samples; killed after step {report['killed_after_step']} and resumed; held-out loss "
        f"{first} → {last} ({report['held_loss_fell']:.0%} less); the chat's reply with the adapter ended by "
        f"{report['served']['stopped']}; {report['seconds_in_all']:.0f} s in all."
    )


if __name__ == "__main__":
    sys.exit(main())
