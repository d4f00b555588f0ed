"""Parameters are counted, not guessed: every class that we have a table for, against the installed class."""

from typing import Any

import pytest
import torch
from transformers import CONFIG_MAPPING, AutoModel, AutoModelForCausalLM, AutoModelForSeq2SeqLM

from assistant.memory.architecture import families
from assistant.memory.catalog import carried
from assistant.memory.read_config import read_architecture

ENCODERS = {"bert", "roberta", "xlm-roberta", "distilbert", "electra"}
# as their model cards and safetensors indexes state them
PUBLISHED = {
    "meta-llama/Llama-2-7b-hf": 6_738_415_616,
    "meta-llama/Meta-Llama-3-8B": 8_030_261_248,
    "meta-llama/Llama-3.2-1B": 1_235_814_400,
    "Qwen/Qwen2.5-7B": 7_615_616_512,
    "Qwen/Qwen3-30B-A3B": 30_532_122_624,
    "mistralai/Mixtral-8x7B-v0.1": 46_702_792_704,
    "google/gemma-3-270m": 268_098_176,
    "microsoft/phi-2": 2_779_683_840,
    "openai-community/gpt2": 124_439_808,
    "google/flan-t5-base": 247_577_856,
    "google-bert/bert-base-uncased": 109_482_240,
}


def _smallest() -> dict[str, str]:
    """Of each class, the carried model with the fewest weights (untied T5 is tied by transformers 5)."""
    sizes = {name: read_architecture(config).params for name, config in carried().items()}
    found: dict[str, str] = {}
    for name in sorted(sizes, key=lambda each: -sizes[each]):
        if not name.startswith("google/flan"):
            found[str(carried()[name]["model_type"])] = name
    return found


def _installed(config: dict[str, Any]) -> int:
    values = dict(config)
    kind = values.pop("model_type")
    settings = CONFIG_MAPPING[kind](**values)
    loader = (
        AutoModel if kind in ENCODERS else AutoModelForSeq2SeqLM if kind == "t5" else AutoModelForCausalLM
    )
    with torch.device("meta"):
        model = loader.from_config(settings)
    return sum(parameter.numel() for parameter in {id(p): p for p in model.parameters()}.values())


@pytest.mark.parametrize("name", sorted(_smallest().values()))
def test_a_class_is_counted_as_installed(name: str) -> None:
    assert read_architecture(carried()[name]).params == _installed(dict(carried()[name]))


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_published_counts(name: str) -> None:
    assert read_architecture(carried()[name]).params == PUBLISHED[name]


def test_enough_models_are_carried() -> None:
    assert len(carried()) >= 60
    assert {str(config["model_type"]) for config in carried().values()} <= set(families())


def test_a_key_that_a_class_reads_changes_the_count() -> None:
    config = dict(carried()["Qwen/Qwen2.5-0.5B"])
    tied = read_architecture(config)
    untied = read_architecture({**config, "tie_word_embeddings": False})
    assert untied.params - tied.params == tied.vocab * tied.hidden


def test_the_text_part_of_a_multimodal_config_is_read() -> None:
    text = dict(carried()["google/gemma-3-4b-it"])
    vision = {"hidden_size": 1152, "num_hidden_layers": 27, "intermediate_size": 4304}
    shape = read_architecture({"model_type": "gemma3", "text_config": text, "vision_config": vision})
    assert shape.layers == text["num_hidden_layers"]
    assert 350e6 < shape.params - read_architecture(text).params < 500e6  # SigLIP-So400m
