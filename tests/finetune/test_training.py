"""Whole runs of a tiny model: what they write, going on after a kill, what stops them."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import UserError
from finetune.checkpoints import newest
from finetune.plot import read_metrics
from finetune.recipe import Recipe, as_yaml
from finetune.train import train

_ENVIRONMENT = {**os.environ, "PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1"}


def _command(recipe: Recipe, folder: Path) -> list[str]:
    file = folder / "recipe.yaml"
    file.write_text(as_yaml(recipe))
    return [sys.executable, "-m", "finetune.train", "--config", str(file)]


def _step(recipe: Recipe) -> float:
    rows = read_metrics(Path(recipe.out) / "checkpoints" / "metrics.jsonl")
    return rows[-1]["step"] if rows else 0


def test_a_run_writes_an_adapter_that_loads(recipe: Recipe, base: Path) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    assert train(recipe) is False
    out = Path(recipe.out)
    names = {file.name for file in out.iterdir()}
    assert {
        "adapter_model.safetensors",
        "adapter_config.json",
        "README.md",
        "training.json",
        "recipe.yaml",
    } <= names
    settings = json.loads((out / "adapter_config.json").read_text())
    assert settings["base_model_name_or_path"] == str(base)
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), out)
    assert any(bool(each.abs().sum()) for name, each in model.named_parameters() if "lora_B" in name)
    facts = json.loads((out / "training.json").read_text())
    assert facts["held_loss"] < facts["held_loss_before"]
    assert (out / "checkpoints" / "loss.png").read_bytes().startswith(b"\x89PNG")
    card = (out / "README.md").read_text()
    assert "## Licence" in card
    assert str(base) not in card.partition("```yaml")[2].partition("```")[0]


def test_a_run_goes_on_from_an_adapter(recipe: Recipe, tmp_path: Path) -> None:
    train(recipe)
    first = json.loads((Path(recipe.out) / "training.json").read_text())
    train(replace(recipe, start=recipe.out, out=str(tmp_path / "second"), learning_rate=1e-4))
    facts = json.loads((tmp_path / "second" / "training.json").read_text())
    assert facts["held_loss_before"] == pytest.approx(first["held_loss"], rel=0.01)
    assert facts["started_from"] == "adapter (8 steps)"
    card = (tmp_path / "second" / "README.md").read_text()
    assert str(tmp_path) not in card


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rank": 8}, "`rank` is 8 here and 4 in the adapter"),
        ({"targets": ("q_proj",)}, "`targets` differ"),
        ({"start": "nowhere"}, "There is no adapter to go on from in nowhere"),
        ({"start": "shipped"}, "is for another base model"),
    ],
)
def test_an_adapter_that_does_not_fit_is_refused(recipe: Recipe, change: dict[str, Any], said: str) -> None:
    train(replace(recipe, max_steps=1, held=""))
    with pytest.raises(UserError, match=re.escape(said)):
        train(replace(recipe, **{"start": recipe.out, "out": recipe.out + "-2", "held": "", **change}))


@pytest.mark.parametrize("method", ["lora", "prefix", "prompt"])
def test_other_methods_train(recipe: Recipe, method: str) -> None:
    train(replace(recipe, method=method, max_steps=2, virtual_tokens=4, held="", initial_text=""))
    assert (Path(recipe.out) / "adapter_model.safetensors").is_file()


def test_packed_rows_train(recipe: Recipe) -> None:
    train(replace(recipe, packing=True, max_steps=3))
    facts = json.loads((Path(recipe.out) / "training.json").read_text())
    assert facts["held_loss"] < facts["held_loss_before"]


@pytest.mark.slow
def test_two_processes_train_one_adapter(recipe: Recipe, tmp_path: Path) -> None:
    """Data-parallel training as `accelerate launch` starts it, on two CPU processes."""
    launch = ["-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2", "--num_machines", "1"]
    module = ["--mixed_precision", "no", "--dynamo_backend", "no", "-m"]
    command = _command(replace(recipe, max_steps=3, method="lora"), tmp_path)
    whole = [command[0], *launch, *module, *command[2:]]
    found = subprocess.run(whole, env=_ENVIRONMENT, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr[-3000:]
    facts = json.loads((Path(recipe.out) / "training.json").read_text())
    assert facts["held_loss"] < facts["held_loss_before"]


@pytest.mark.slow
@pytest.mark.parametrize("step", [3, 5, 7])
def test_killed_and_resumed_is_like_unbroken(recipe: Recipe, tmp_path: Path, step: int) -> None:
    unbroken = replace(recipe, out=str(tmp_path / "unbroken"), max_steps=10)
    train(unbroken)
    broken = replace(recipe, max_steps=10)
    _kill_at(broken, tmp_path, step)
    subprocess.run(_command(broken, tmp_path), check=True, env=_ENVIRONMENT, capture_output=True)
    losses = [
        json.loads((Path(each.out) / "training.json").read_text())["held_loss"] for each in (unbroken, broken)
    ]
    assert losses[1] == pytest.approx(losses[0], rel=0.01)


def _kill_at(recipe: Recipe, folder: Path, step: int) -> None:
    with subprocess.Popen(_command(recipe, folder), env=_ENVIRONMENT, stderr=subprocess.DEVNULL) as process:
        checkpoints = Path(recipe.out) / "checkpoints"
        while process.poll() is None and not (checkpoints / f"checkpoint-{step - step % 2}").exists():
            time.sleep(0.02)
        process.kill()
    assert process.returncode == -signal.SIGKILL


def test_an_interrupt_leaves_a_checkpoint_to_go_on_from(recipe: Recipe, tmp_path: Path) -> None:
    long = replace(recipe, max_steps=500, save_every=400, held="", evaluate_every=0)
    with subprocess.Popen(
        _command(long, tmp_path), env=_ENVIRONMENT, stderr=subprocess.PIPE, text=True
    ) as process:
        while process.poll() is None and _step(long) < 5:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert "the same command goes on from there" in said
    assert newest(Path(long.out) / "checkpoints") is not None


def test_a_full_disk_is_said_and_leaves_nothing_half_written(recipe: Recipe, tmp_path: Path) -> None:
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000)); "
        "from finetune.train import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", limited, *_command(recipe, tmp_path)[3:]]
    found = subprocess.run(command, env=_ENVIRONMENT, capture_output=True, text=True)
    assert found.returncode == 3, found.stderr
    assert "cannot be written" in found.stderr
    assert "Traceback" not in found.stderr
    assert newest(Path(recipe.out) / "checkpoints") is None
    assert not list((Path(recipe.out) / "checkpoints").glob("checkpoint-*"))


def test_half_written_checkpoints_are_passed_over(tmp_path: Path) -> None:
    whole, half = tmp_path / "checkpoint-2", tmp_path / "checkpoint-4"
    for each in (whole, half):
        each.mkdir()
        (each / "adapter_model.safetensors").write_bytes(b"x")
    (whole / "trainer_state.json").write_text('{"global_step": 2}')
    (half / "trainer_state.json").write_text('{"glob')
    assert newest(tmp_path) == whole
    assert not half.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"base": "/nowhere/model"}, "There is no base"),
        ({"base": "."}, "no config.json"),
        ({"device": "cuda"}, "needs a GPU"),
        ({"data": "/nowhere.jsonl"}, "finetune.dataset"),
        ({"targets": ("no_such_module",)}, "no_such_module"),
    ],
)
def test_what_cannot_be_trained_is_said_in_a_sentence(
    recipe: Recipe, change: dict[str, object], said: str
) -> None:
    import torch

    if change.get("device") == "cuda" and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(UserError, match=said):
        train(replace(recipe, **change))  # type: ignore[arg-type]


def test_an_empty_data_set(recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(UserError, match="is empty"):
        train(replace(recipe, data=str(tmp_path / "empty.jsonl")))
    (tmp_path / "bad.jsonl").write_text('{"messages": []}\n')
    with pytest.raises(UserError, match="line 1"):
        train(replace(recipe, data=str(tmp_path / "bad.jsonl")))


def test_a_folder_with_another_run_is_not_gone_on_with(recipe: Recipe) -> None:
    train(replace(recipe, max_steps=2, held=""))
    with pytest.raises(UserError, match="`rank` was 4, now 8"):
        train(replace(recipe, max_steps=2, held="", rank=8))
    train(replace(recipe, max_steps=2, held="", rank=8), fresh=True)
