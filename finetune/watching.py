"""What is shown and kept of a run while it trains: a progress line, a file of metrics, a plot, a checkpoint
when it is interrupted.
"""

import json
import signal
import threading
import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from finetune.plot import draw
from finetune.progress import Line


class Watch(TrainerCallback):  # type: ignore[misc]
    """Writes `metrics.jsonl` and `loss.png` beside the checkpoints; `stopped` is set by Ctrl-C, which ends
    the run after the step with a checkpoint (a second one ends it at once)."""

    def __init__(self, folder: Path, line: Line) -> None:
        self._folder = folder
        self._line = line
        self._loss = ""
        self._started = time.monotonic()
        self.stopped = False
        self.first_step_seconds = 0.0
        self._before: Any = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **more: Any
    ) -> None:
        self._started = time.monotonic()
        if state.is_world_process_zero:
            self._forget_after(state.global_step)
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._interrupt)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **more: Any
    ) -> None:
        self._restore()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **more: Any
    ) -> None:
        if state.is_world_process_zero:
            self._line.step(state.global_step, state.max_steps, self._loss)
        if self.stopped:
            control.should_save = True
            control.should_training_stop = True

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **more: Any,
    ) -> None:
        if not logs or not state.is_world_process_zero:
            return
        if "loss" in logs:
            self._loss = f"loss {logs['loss']:.3f}"
        row = {"step": state.global_step, "seconds": round(time.monotonic() - self._started, 1), **logs}
        with (self._folder / "metrics.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(row) + "\n")

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **more: Any
    ) -> None:
        if state.is_world_process_zero:
            draw(self._folder / "metrics.jsonl", self._folder / "loss.png")

    def _interrupt(self, number: int, frame: object) -> None:
        self.stopped = True
        self._restore()

    def _restore(self) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None

    def _forget_after(self, step: int) -> None:
        """Drops metrics of steps that a resumed run does again."""
        file = self._folder / "metrics.jsonl"
        self._folder.mkdir(parents=True, exist_ok=True)
        if file.exists():
            kept = [line for line in file.read_text().splitlines() if _step_of(line) <= step]
            file.write_text("".join(f"{line}\n" for line in kept))


def _step_of(line: str) -> float:
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return float("inf")
