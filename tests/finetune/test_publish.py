"""What may be published, and what is refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import UserError
from finetune.card import card
from finetune.publish import main, merge
from finetune.publishable import inspect
from finetune.recipe import Recipe

BASE = "Qwen/Qwen3-0.6B"


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    folder = tmp_path / "adapter"
    folder.mkdir()
    made = Recipe(base=BASE, data="/home/ana/d.jsonl", out="/home/ana/o")
    (folder / "adapter_model.safetensors").write_bytes(b"weights")
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": BASE}))
    (folder / "README.md").write_text(card(made, BASE, {"data_samples": 3, "steps": 5}))
    (folder / "results.json").write_text("{}")
    (folder / "training.json").write_text("{}")
    (folder / "optimizer.safetensors").write_bytes(b"not for others")
    return folder


def test_a_dry_run_shows_all_that_would_go_up(adapter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--adapter", str(adapter), "--to", "me/mine", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "apache-2.0" in said
    assert "adapter_model.safetensors" in said
    assert "optimizer.safetensors" not in said
    assert "# Tracedoc adapter" in said


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("README.md", None, "no model card"),
        ("results.json", None, "no results"),
        ("adapter_model.safetensors", None, "no adapter_model.safetensors"),
        ("adapter_config.json", "{", "not an adapter"),
        ("adapter_config.json", '{"base_model_name_or_path": "/home/ana/model"}', "nobody else has"),
        ("adapter_config.json", '{"base_model_name_or_path": "who/knows"}', "--licence"),
        ("training.json", '{"data_from_users": 3}', "--users-agreed"),
        ("training.json", '{"by": "/home/ana/x"}', "a folder of yours"),
        ("results.json", '{"token": "hf_aB3dE5gH7jK9mN1pQ2sT"}', "token or a password"),
        ("extra.bin", "x", "pickle"),
    ],
)
def test_what_is_refused(adapter: Path, file: str, text: str | None, said: str) -> None:
    if text is None:
        (adapter / file).unlink()
    else:
        (adapter / file).write_text(text)
    with pytest.raises(UserError, match=said):
        inspect(adapter, users_agreed=False, unmeasured=False)


def test_a_gemma_adapter_names_its_terms(adapter: Path) -> None:
    from assistant.generation import embedded

    base = embedded.source().id
    (adapter / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": base}))
    with pytest.raises(UserError, match="Gemma Terms of Use"):
        inspect(adapter, users_agreed=False, unmeasured=False)
    made = Recipe(base="embedded", data="d", out="o")
    (adapter / "README.md").write_text(card(made, base, {}))
    parcel = inspect(adapter, users_agreed=False, unmeasured=False)
    assert parcel.licence == "gemma"
    assert "base_model: google/gemma-3-270m" in parcel.card
    with pytest.raises(UserError, match="would break it"):
        inspect(adapter, "mit", users_agreed=False, unmeasured=False)


def test_merged_weights_are_base_and_adapter(recipe: Recipe, base: Path, tmp_path: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    from finetune.train import train

    train(replace(recipe, method="lora", max_steps=3, held=""))
    merge(Path(recipe.out), tmp_path / "merged")
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "merged", dtype=torch.float32)
    attached = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), recipe.out)
    ids = torch.tensor([[2, 40, 41, 42]])
    with torch.no_grad():
        assert torch.allclose(merged(ids).logits, attached(ids).logits, atol=0.05)
    with pytest.raises(UserError, match="not empty"):
        merge(Path(recipe.out), tmp_path / "merged")


def test_nowhere_to_publish(adapter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--adapter", str(adapter)]) == 2
    assert "--to OWNER/NAME" in capsys.readouterr().err
