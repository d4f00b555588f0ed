"""Tiny models with random weights, made once: the code under test loads them like any other model."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

ROOT = Path(__file__).parents[2]
CHATML = (
    "{%- if tools %}<|im_start|>system\n# Tools\n{% for tool in tools %}{{ tool | tojson }}\n{% endfor %}<|im_end|>\n{% endif -%}"
    "{%- for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor -%}"
    "{%- if add_generation_prompt %}<|im_start|>assistant\n{% endif -%}"
)
CHINESE = "显存不足时，把批大小调小，并打开梯度检查点。模型的权重以四比特保存，计算用半精度。" * 3


def folder(kind: str) -> Path:
    """A tiny model: "gemma" (SentencePiece style, sliding windows of 32, no template) or "qwen" (byte
    level, ChatML template). It stays between runs."""
    place = Path(tempfile.gettempdir()) / f"tracedoc-tests-{os.getuid()}" / f"tiny-{kind}-5"
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=place.parent))
        tokenizer = (_sentencepiece if kind == "gemma" else _byte_level)()
        tokenizer.save_pretrained(made)
        _model(kind, tokenizer).save_pretrained(made)
        with suppress(OSError):  # another process was first
            made.rename(place)
    return place


def texts() -> Iterator[str]:
    """What the vocabularies are made from."""
    yield CHINESE
    for file in sorted((ROOT / "corpus").glob("*.md")):
        yield file.read_text(encoding="utf-8")
    yield (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def _sentencepiece():  # type: ignore[no-untyped-def]
    from transformers import PreTrainedTokenizerFast

    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"]
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=900, special_tokens=[*special, *(f"<0x{value:02X}>" for value in range(256))]
    )
    tokenizer.train_from_iterator(texts(), trainer)
    # the trainer makes byte tokens special, which they are not
    state = tokenizer.to_str()
    tokenizer = Tokenizer.from_str(_without_added(state, special))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<bos>",
        eos_token="<eos>",
        pad_token="<pad>",
        unk_token="<unk>",
        additional_special_tokens=["<start_of_turn>", "<end_of_turn>"],
    )


def _without_added(state: str, kept: list[str]) -> str:
    import json

    parsed = json.loads(state)
    parsed["added_tokens"] = [each for each in parsed["added_tokens"] if each["content"] in kept]
    return json.dumps(parsed)


def _byte_level():  # type: ignore[no-untyped-def]
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=900,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(texts(), trainer)
    tokenizer.add_tokens(
        [AddedToken("<tool_call>", special=False), AddedToken("</tool_call>", special=False)]
    )
    made = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=["<|im_start|>"],
    )
    made.chat_template = CHATML
    return made


def _model(kind: str, tokenizer):  # type: ignore[no-untyped-def]
    import torch
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig, Qwen2Config, Qwen2ForCausalLM

    shape = {
        "vocab_size": -(-len(tokenizer) // 32) * 32,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "max_position_embeddings": 4096,
        "eos_token_id": tokenizer.eos_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "tie_word_embeddings": False,  # tied, a random model repeats its last token
    }
    torch.manual_seed(7)
    if kind == "gemma":
        layers = ["sliding_attention", "sliding_attention", "full_attention"]
        model = Gemma3ForCausalLM(
            Gemma3TextConfig(
                **shape,
                num_hidden_layers=3,
                layer_types=layers,
                head_dim=64,
                sliding_window=32,
                query_pre_attn_scalar=32,
            )
        )
        model.generation_config.eos_token_id = [
            tokenizer.eos_token_id,
            tokenizer.convert_tokens_to_ids("<end_of_turn>"),
        ]
    else:
        model = Qwen2ForCausalLM(Qwen2Config(**shape, num_hidden_layers=3))
    # wide weights: with narrow ones every context gives the same next token
    for name, weight in model.named_parameters():
        if weight.dim() == 2:
            torch.nn.init.normal_(weight, std=0.25 if "embed" not in name else 0.5)
    return model
