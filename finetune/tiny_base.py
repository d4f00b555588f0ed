"""A base model made on the spot, small enough for a rehearsal on any CPU: a tokenizer of the data's own
words and a random Gemma 3 that is taught its letters for a minute.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from finetune.sample import Sample

SPECIAL = ("<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>")
_WORDS = 2_000


def make_base(folder: Path, samples: Sequence[Sample], *, steps: int = 300, seed: int = 0) -> Path:
    """Writes a tokenizer and a model for these samples to a folder. `steps` of plain training let it know
    which words are frequent, as any base does."""
    import torch
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    tokenizer = _tokenizer(message.content for sample in samples for message in sample.messages)
    torch.manual_seed(seed)
    model = Gemma3ForCausalLM(
        Gemma3TextConfig(
            vocab_size=len(tokenizer),
            hidden_size=128,
            intermediate_size=256,
            num_hidden_layers=3,
            num_attention_heads=2,
            num_key_value_heads=1,
            head_dim=64,
            sliding_window=256,
            max_position_embeddings=2_048,
            pad_token_id=0,
            eos_token_id=[1, 5],
            bos_token_id=2,
        )
    )
    _teach(model, tokenizer, samples, steps)
    model.generation_config.eos_token_id = [1, 5]
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _tokenizer(texts: Iterable[str]) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bare = Tokenizer(models.BPE(unk_token="<unk>"))
    bare.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bare.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=_WORDS,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bare.train_from_iterator(texts, trainer)
    made = PreTrainedTokenizerFast(
        tokenizer_object=bare, pad_token="<pad>", eos_token="<eos>", bos_token="<bos>", unk_token="<unk>"
    )
    made.add_special_tokens({"additional_special_tokens": ["<start_of_turn>", "<end_of_turn>"]})
    return made


def _teach(model: Any, tokenizer: Any, samples: Sequence[Sample], steps: int) -> None:
    """Some steps on the prompts alone: the replies stay unseen."""
    import torch

    ids = [token for sample in samples for token in tokenizer(sample.prompt)["input_ids"]]
    width, rows = 128, 8
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    chosen = torch.Generator().manual_seed(1)
    model.train()
    for _ in range(steps if len(ids) > width + 1 else 0):
        starts = torch.randint(0, len(ids) - width, (rows,), generator=chosen).tolist()
        batch = torch.tensor([ids[start : start + width] for start in starts])
        model(input_ids=batch, labels=batch).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    model.eval()
