"""An adapter in the weights says what an attached one says, and one for another base is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from assistant.errors import UserError
from assistant.generation import convert, stored
from assistant.generation.embedded import Source
from tests.generation import tiny_gguf
from tests.generation.test_convert import ids, load, quiet


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    return tiny_gguf.write(tmp_path_factory.mktemp("gguf"))


@pytest.fixture(scope="module")
def cache(source: Source, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("cache")
    convert.make(place, "nf4", source, quiet)
    return place


def adapter(source: Source, cache: Path, folder: Path, seed: int = 0, **settings: Any) -> Path:
    """A LoRA with random weights for the converted model, saved as training saves it."""
    from peft import LoraConfig, get_peft_model

    model = load(stored.home(cache, source) / "full", dtype=torch.float32)
    options = {"r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "v_proj", "down_proj"], **settings}
    made = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **options))
    torch.manual_seed(seed)
    for name, parameter in made.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(parameter, std=0.3)
    made.save_pretrained(folder)
    return folder


def change(folder: Path, **settings: Any) -> Path:
    file = folder / "adapter_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **settings}))
    return folder


def test_the_merged_model_is_the_one_with_the_adapter(source: Source, cache: Path, tmp_path: Path) -> None:
    from peft import PeftModel

    tuned = adapter(source, cache, tmp_path / "tuned")
    home = stored.home(cache, source)
    folder = convert.make(cache, "merged", source, quiet, tuned)
    assert folder == home / stored.merged_name(tuned)
    base, merged = load(home / "nf4"), load(folder)
    assert torch.equal(base.get_input_embeddings().weight, merged.get_input_embeddings().weight)
    attached = PeftModel.from_pretrained(load(home / "full", dtype=torch.float32), tuned)
    text = ids(folder)
    with torch.no_grad():
        said = [model(text).logits.flatten().float() for model in (merged, attached, base)]
    near = torch.nn.functional.cosine_similarity(said[0], said[1], dim=0)
    far = torch.nn.functional.cosine_similarity(said[2], said[1], dim=0)
    assert near > 0.9 > far
    assert sorted(file.name for file in folder.iterdir()) == sorted(
        file.name for file in (home / "nf4").iterdir()
    )
    assert convert.make(cache, "merged", source, lambda *_: pytest.fail("made again"), tuned) == folder


def test_the_last_two_are_kept(source: Source, cache: Path, tmp_path: Path) -> None:
    made = [
        convert.make(cache, "merged", source, quiet, adapter(source, cache, tmp_path / str(n), seed=n))
        for n in (1, 2, 3)
    ]
    assert [folder.exists() for folder in made] == [False, True, True]


@pytest.mark.parametrize(
    ("base", "sentence"),
    [
        ("google/gemma-3-4b-pt", "is for another base model"),
        ("tiny-{sha}-00000000", "was trained for another vocabulary of tiny: train it again"),
        ("", "not said which"),
    ],
)
def test_another_base_is_refused(
    source: Source, cache: Path, tmp_path: Path, base: str, sentence: str
) -> None:
    tuned = adapter(source, cache, tmp_path / "tuned")
    change(tuned, base_model_name_or_path=base.format(sha=source.sha256[:8]))
    with pytest.raises(UserError, match=sentence) as caught:
        convert.make(cache, "merged", source, quiet, tuned)
    assert caught.value.code == 2


@pytest.mark.parametrize("base", ["{id}", "someone/tiny", "C:\\cache\\lm\\{id}\\nf4"])
def test_the_base_has_several_names(source: Source, cache: Path, tmp_path: Path, base: str) -> None:
    tuned = adapter(source, cache, tmp_path / "tuned", seed=9)
    change(tuned, base_model_name_or_path=base.format(id=source.id))
    assert convert.make(cache, "merged", source, quiet, tuned).exists()


def test_shapes_and_kinds_that_do_not_fit(source: Source, cache: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    tuned = adapter(source, cache, tmp_path / "tuned")
    file = tuned / "adapter_model.safetensors"
    weights = {key: value.clone() for key, value in load_file(file).items()}  # not the mapped file
    key = next(key for key in weights if "lora_A" in key)
    for broken, sentence in (
        ({**weights, key: torch.zeros(4, 7)}, "has the shape"),
        ({**weights, key.replace("layers.0", "layers.9"): weights[key] + 1}, "which this model has not"),
        (
            {**weights, "base_model.model.model.embed_tokens.lora_embedding_A": weights[key] + 1},
            "embed_tokens",
        ),
    ):
        save_file(broken, file)
        with pytest.raises(UserError, match=sentence):
            convert.make(cache, "merged", source, quiet, tuned)
    save_file(weights, file)
    with pytest.raises(UserError, match="no LoRA adapter"):
        convert.make(cache, "merged", source, quiet, change(tuned, peft_type="PREFIX_TUNING"))
    change(tuned, peft_type="LORA", modules_to_save=["lm_head"])
    with pytest.raises(UserError, match="changes more than the layers"):
        convert.make(cache, "merged", source, quiet, tuned)
    (tuned / "adapter_config.json").write_text("{")
    with pytest.raises(UserError, match=r"adapter_config\.json cannot be read"):
        convert.make(cache, "merged", source, quiet, tuned)
    file.unlink()
    with pytest.raises(UserError, match="cannot be read"):
        convert.make(cache, "merged", source, quiet, tuned)
