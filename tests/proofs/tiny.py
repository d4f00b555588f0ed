"""Tiny random models, tokenizers and rows: the real classes, with a few hundred parameters."""

from pathlib import Path
from typing import Any

import torch

VOCABULARY = 32


def llama(**settings: Any) -> Any:
    from transformers import LlamaForCausalLM

    return LlamaForCausalLM(llama_config(**settings))


def llama_config(**settings: Any) -> Any:
    from transformers import LlamaConfig

    return LlamaConfig(
        **_sizes() | {"num_key_value_heads": 2, "bos_token_id": 1, "eos_token_id": 2} | settings
    )


def gpt2(**settings: Any) -> Any:
    from transformers import GPT2Config, GPT2LMHeadModel

    sizes = {"n_embd": 8, "n_layer": 1, "n_head": 2, "n_positions": 16, "bos_token_id": 1, "eos_token_id": 2}
    return GPT2LMHeadModel(GPT2Config(vocab_size=VOCABULARY, **sizes | settings))


def bert_config(**settings: Any) -> Any:
    from transformers import BertConfig

    return BertConfig(**_sizes() | {"max_position_embeddings": 512} | settings)


def bert_classifier(**settings: Any) -> Any:
    from transformers import BertForSequenceClassification

    return BertForSequenceClassification(bert_config(**settings))


def t5(**settings: Any) -> Any:
    from transformers import T5Config, T5ForConditionalGeneration

    sizes = {"d_model": 8, "d_ff": 8, "d_kv": 4, "num_layers": 1, "num_heads": 2}
    return T5ForConditionalGeneration(T5Config(vocab_size=VOCABULARY, **sizes | settings))


def _sizes() -> dict[str, Any]:
    return {
        "vocab_size": VOCABULARY,
        "hidden_size": 8,
        "intermediate_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }


def tokenizer(**settings: Any) -> Any:
    """A fast tokenizer of whole words; without a padding token, as Llama's and GPT-2's."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = [
        "<unk>",
        "<s>",
        "</s>",
        *["the", "cat", "sat", "on", "a", "mat", "and", "saw", "user", "assistant", "hello", "world"],
    ]
    inner = Tokenizer(
        models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="<unk>")
    )
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    given = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "model_max_length": 16}
    return PreTrainedTokenizerFast(tokenizer_object=inner, **given | settings)


def byte_tokenizer(**settings: Any) -> Any:
    """A fast byte-level BPE tokenizer without merges, as GPT-2's."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {letter: number for number, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    inner = Tokenizer(models.BPE(vocabulary, []))
    inner.pre_tokenizer, inner.decoder = (
        pre_tokenizers.ByteLevel(add_prefix_space=False),
        decoders.ByteLevel(),
    )
    return PreTrainedTokenizerFast(tokenizer_object=inner, **{"eos_token": "</s>"} | settings)


def ids(rows: int = 1, length: int = 5) -> torch.Tensor:
    return torch.arange(3, 3 + length).repeat(rows, 1)


def token_rows(count: int = 4, **columns: Any) -> Any:
    """A data set of token ids with labels."""
    from datasets import Dataset

    row = list(range(3, 8))
    return Dataset.from_dict({"input_ids": [row] * count, "labels": [row] * count, **columns})


def text_rows(count: int = 4) -> Any:
    from datasets import Dataset

    return Dataset.from_dict({"text": ["the cat sat on a mat"] * count})


def arguments(folder: Path, **settings: Any) -> Any:
    """TrainingArguments for two quick steps on the CPU."""
    from transformers import TrainingArguments

    quick = {"max_steps": 2, "per_device_train_batch_size": 2, "report_to": "none", "use_cpu": True}
    return TrainingArguments(output_dir=str(folder / "out"), disable_tqdm=True, **quick | settings)


def trainer(
    folder: Path, model: Any = None, rows: Any = None, more: dict[str, Any] | None = None, **settings: Any
) -> Any:
    """A Trainer on a tiny Llama; `more` are arguments of Trainer, `settings` of TrainingArguments."""
    from transformers import Trainer

    return Trainer(
        model=model if model is not None else llama(),
        args=arguments(folder, **settings),
        train_dataset=rows if rows is not None else token_rows(),
        **more or {},
    )


def lora(model: Any = None, **settings: Any) -> Any:
    from peft import LoraConfig, get_peft_model

    given = {"r": 2, "target_modules": ["q_proj"], "task_type": "CAUSAL_LM"}
    return get_peft_model(model if model is not None else llama(), LoraConfig(**given | settings))
