"""Loading: what comes out, and the one sentence where nothing does."""

import json
import shutil
import threading
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, BitsAndBytesConfig

from assistant.errors import UserError
from assistant.generation import loading, model_folder
from assistant.generation.hub import Cancel
from assistant.generation.local import LocalModel, open_model, open_pair
from assistant.generation.model import Job, Message, Sampling
from tests.generation import tiny
from tests.generation.test_local import write

JOB = Job((Message("user", "what is it?"),), Sampling(max_new_tokens=25))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny.folder("qwen"), tmp_path / "model"))


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA adapter that changes what is written, saved by peft."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(1)
    base = AutoModelForCausalLM.from_pretrained(tiny.folder("qwen"))
    model = get_peft_model(base, LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM"))
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.3)
    place = tmp_path_factory.mktemp("adapter") / "tuned"
    model.save_pretrained(place)
    merged = place.parent / "merged"
    model.merge_and_unload().save_pretrained(merged)
    shutil.copy(tiny.folder("qwen") / "tokenizer.json", merged)
    shutil.copy(tiny.folder("qwen") / "tokenizer_config.json", merged)
    shutil.copy(tiny.folder("qwen") / "chat_template.jinja", merged)
    return place


def quantized(source: Path, place: Path) -> Path:
    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    AutoModelForCausalLM.from_pretrained(
        source, quantization_config=config, dtype=torch.bfloat16
    ).save_pretrained(place)
    for file in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(source / file, place)
    return place


def linear4bit(model: LocalModel) -> list[torch.nn.Module]:
    return [each for each in model._loaded.model.modules() if type(each).__name__ == "Linear4bit"]


@pytest.mark.parametrize("kind", ["gemma", "qwen"])
def test_quantizes_to_nf4_with_double_quantization(kind: str) -> None:
    reported: list[tuple[str, int, int]] = []
    model = open_model(
        str(tiny.folder(kind)), report=lambda stage, done, total: reported.append((stage, done, total))
    )
    layers = linear4bit(model)
    assert len(layers) == 21
    assert all(layer.weight.quant_type == "nf4" for layer in layers)  # type: ignore[union-attr]
    assert model.quantization == "nf4"
    assert write(model, JOB)[0]
    assert reported[0][:2] == ("load", 0)
    assert reported[-1][1] == reported[-1][2] > 0


def test_a_folder_that_is_quantized_is_loaded_as_it_is(tmp_path: Path) -> None:
    stored = open_model(str(quantized(tiny.folder("qwen"), tmp_path / "q")))
    assert stored.quantization == "nf4"
    assert len(linear4bit(stored)) == 21
    assert write(stored, JOB)[0] == write(open_model(str(tiny.folder("qwen"))), JOB)[0]


def test_a_cpu_without_bf16_computes_in_fp32(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = quantized(tiny.folder("qwen"), tmp_path / "q")
    monkeypatch.setattr(loading, "_cpu_has_bf16", lambda: False)
    model = open_model(str(stored))
    assert {layer.compute_dtype for layer in linear4bit(model)} == {torch.float32}
    assert write(model, JOB)[1].error is None


def test_full_precision_where_it_is_asked_for() -> None:
    model = open_model(str(tiny.folder("qwen")), precision="fp32")
    assert model.quantization == "none"
    assert not linear4bit(model)


def test_layers_that_the_packed_layout_does_not_fit_are_computed_all_the_same(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config.update(intermediate_size=72)
    (folder / "config.json").write_text(json.dumps(config))
    from transformers import AutoConfig

    AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder)).save_pretrained(folder)
    assert write(open_model(str(folder)), JOB)[1].error is None


def test_an_adapter_is_switched_for_each_reply(adapter: Path) -> None:
    base = open_model(str(tiny.folder("qwen")), precision="fp32")
    tuned = open_model(str(tiny.folder("qwen")), precision="fp32", adapter=str(adapter))
    merged = open_model(str(adapter.parent / "merged"), precision="fp32")
    assert (base.adapter, tuned.adapter) == (None, "tuned")
    off = Job(JOB.messages, JOB.sampling, adapter=False)
    without, with_it = write(base, JOB)[0], write(merged, JOB)[0]
    assert without != with_it
    for _ in range(2):  # the second time from kept prompts, each its own
        assert write(tuned, JOB)[0] == with_it
        assert write(tuned, off)[0] == without


def test_a_merged_pair_is_switched_and_shares_what_is_the_same(adapter: Path, tmp_path: Path) -> None:
    base = quantized(tiny.folder("qwen"), tmp_path / "base")
    merged = quantized(adapter.parent / "merged", tmp_path / "merged")
    pair = open_pair(base, merged, adapter=str(adapter))
    assert pair.adapter == "tuned"
    alone = [write(open_model(str(each)), JOB)[0] for each in (base, merged)]
    assert alone[0] != alone[1]
    for _ in range(2):
        assert write(pair, Job(JOB.messages, JOB.sampling, adapter=False))[0] == alone[0]
        assert write(pair, JOB)[0] == alone[1]
    loaded = pair._loaded
    for get in ("get_input_embeddings", "get_output_embeddings"):
        ours, theirs = (getattr(each, get)().weight for each in (loaded.model, loaded.plain()))
        assert ours.data_ptr() == theirs.data_ptr()


def test_an_adapter_for_another_base(adapter: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="another base model"):
        open_model(str(tiny.folder("gemma")), precision="fp32", adapter=str(adapter))
    wider = Path(shutil.copytree(adapter, tmp_path / "wider"))
    from safetensors.torch import load_file, save_file

    tensors = load_file(wider / "adapter_model.safetensors")
    tensors["base_model.model.model.layers.9.mlp.up_proj.lora_A.weight"] = torch.zeros(4, 64)
    save_file(tensors, wider / "adapter_model.safetensors")
    with pytest.raises(UserError, match="another base model"):
        open_model(str(tiny.folder("qwen")), precision="fp32", adapter=str(wider))


def test_an_adapter_without_safetensors_or_config(adapter: Path, tmp_path: Path) -> None:
    bare = Path(shutil.copytree(adapter, tmp_path / "bare"))
    (bare / "adapter_model.safetensors").rename(bare / "adapter_model.bin")
    with pytest.raises(UserError, match=r"no adapter_model\.safetensors"):
        open_model(str(tiny.folder("qwen")), adapter=str(bare))
    with pytest.raises(UserError, match="not an adapter"):
        open_model(str(tiny.folder("qwen")), adapter=str(tmp_path))


def failing(folder: Path | str, **options: object) -> str:
    with pytest.raises(UserError) as raised:
        open_model(str(folder), **options)  # type: ignore[arg-type]
    sentence = str(raised.value)
    assert "\n" not in sentence
    assert len(sentence) < 500
    return sentence


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert "no folder" in failing(tmp_path / "nothing")


def test_a_folder_without_a_model(tmp_path: Path, adapter: Path) -> None:
    assert "no config.json" in failing(tmp_path)
    assert "is an adapter" in failing(adapter)


def test_a_config_that_is_broken_or_unknown(folder: Path) -> None:
    (folder / "config.json").write_text("{")
    assert "cannot be read" in failing(folder)
    (folder / "config.json").write_text('{"model_type": "no-such-type"}')
    assert "cannot be read" in failing(folder)


def test_code_of_the_models_own_is_not_run(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config.update(
        model_type="odd", auto_map={"AutoConfig": "odd.Odd", "AutoModelForCausalLM": "odd.OddModel"}
    )
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "odd.py").write_text(f"open({str(folder / 'ran')!r}, 'w')")
    assert "code of its own" in failing(folder)
    assert not (folder / "ran").exists()


def test_weights_that_are_only_pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    assert "pickle" in failing(folder)
    (folder / "pytorch_model.bin").rename(folder / "model.gguf")
    assert "GGUF" in failing(folder)
    (folder / "model.gguf").unlink()
    assert "no weights" in failing(folder)


@pytest.mark.parametrize("size", [0, 7, 100, 60_000])
def test_a_weights_file_that_is_cut(folder: Path, size: int) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:size])
    assert "damaged" in failing(folder)


def test_weights_of_another_shape(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config.update(hidden_size=128)
    (folder / "config.json").write_text(json.dumps(config))
    assert "cannot be loaded" in failing(folder)


def test_a_model_without_a_tokenizer(folder: Path) -> None:
    for file in folder.glob("token*"):
        file.unlink()
    assert "no tokenizer" in failing(folder)


def test_a_tokenizer_of_another_model(folder: Path) -> None:
    state = json.loads((folder / "tokenizer.json").read_text())
    state["added_tokens"] += [
        {**state["added_tokens"][0], "id": 902 + number, "content": f"<extra{number}>"}
        for number in range(60)
    ]
    (folder / "tokenizer.json").write_text(json.dumps(state))
    assert "do not belong together" in failing(folder)


def test_a_model_that_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_folder, "free_memory", lambda device: 50 << 20)
    assert "GiB free" in failing(tiny.folder("qwen"))


def test_a_hub_id_where_the_hub_must_not_be_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "HF_HUB_OFFLINE" in failing("nobody/nothing-of-this-name")


def test_given_up_between_stages() -> None:
    cancelled = threading.Event()
    with pytest.raises(Cancel):
        open_model(
            str(tiny.folder("qwen")), cancelled=cancelled, report=lambda stage, done, total: cancelled.set()
        )
