"""A tiny Gemma 3 in GGUF, in two parts, as the packaged model comes: for the code that converts it."""

import hashlib
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from assistant.generation.embedded import Source
from assistant.generation.vocabulary import Kept, Tokens, always, closure, mergeable
from tests.generation.tiny import texts

CONTROL = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<start_of_turn>", "<end_of_turn>", "<unused0>"]
WHOLE = ["\n", "\n\n", "\t", "\t\t", "<table>", "  ", "   "]
HIDDEN, LAYERS, HEADS, HEAD, WIDE = 64, 7, 2, 256, 128


def vocabulary() -> tuple[list[str], list[int]]:
    """Texts and kinds in the order of ids, as a GGUF file has them."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    tokenizer.train_from_iterator(texts(), trainers.BpeTrainer(vocab_size=1500, show_progress=False))
    found = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    words = [text for text, _ in found if text not in {*CONTROL, *WHOLE}]
    numbers = [f"<0x{value:02X}>" for value in range(256)]
    kinds = [3] * len(CONTROL) + [4] * len(WHOLE) + [6] * len(numbers) + [1] * len(words)
    return [*CONTROL, *WHOLE, *numbers, *words], kinds


def tokens() -> Tokens:
    """The same as the converting code reads it."""
    found, kinds = vocabulary()
    return Tokens(tuple("▁" * len(text) if text.strip(" ") == "" else text for text in found), tuple(kinds))


def kept() -> Kept:
    """Two thirds of the vocabulary, the rarest words left out."""
    whole = tokens()
    chosen = always(whole) | {n for n, kind in enumerate(whole.kinds) if kind == 1 and n < 1200}
    ids = closure(whole, mergeable(whole), chosen)
    return Kept(tuple(sorted(ids)), len(whole.texts))


def write(folder: Path) -> Source:
    """Writes the two parts, random weights of a fixed seed."""
    file = folder / "tiny.gguf"
    _write(file)
    data = file.read_bytes()
    cut = len(data) * 2 // 3 + 1
    parts = (folder / "tiny.part00", folder / "tiny.part01")
    parts[0].write_bytes(data[:cut])
    parts[1].write_bytes(data[cut:])
    return Source("tiny", parts, hashlib.sha256(data).hexdigest(), kept(), ("someone/tiny",))


def _write(file: Path) -> None:
    from gguf import GGMLQuantizationType, GGUFWriter, quantize

    writer = GGUFWriter(file, "gemma3")
    found, kinds = vocabulary()
    writer.add_context_length(512)
    writer.add_embedding_length(HIDDEN)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(WIDE)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_key_length(HEAD)
    writer.add_value_length(HEAD)
    writer.add_rope_freq_base(1_000_000.0)
    writer.add_sliding_window(32)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(found)
    writer.add_token_scores([-1000.0] * len(found))
    writer.add_token_types(kinds)
    writer.add_bos_token_id(2)
    writer.add_eos_token_id(1)
    writer.add_unk_token_id(3)
    writer.add_pad_token_id(0)
    random = np.random.default_rng(0)
    for name, shape, kind in _shapes(len(found)):
        # norms are written as they scale, near one
        spread, middle = (0.1, 1) if kind == GGMLQuantizationType.F32 else (0.3, 0)
        values = (random.standard_normal(shape) * spread + middle).astype(np.float32)
        data = values if kind == GGMLQuantizationType.F32 else quantize(values, kind)
        writer.add_tensor(name, data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _shapes(rows: int):  # type: ignore[no-untyped-def]
    from gguf import GGMLQuantizationType as Kind

    yield "token_embd.weight", (rows, HIDDEN), Kind.Q8_0
    yield "output_norm.weight", (HIDDEN,), Kind.F32
    for layer in range(LAYERS):
        at = f"blk.{layer}"
        for name in ("attn_norm", "ffn_norm", "post_attention_norm", "post_ffw_norm"):
            yield f"{at}.{name}.weight", (HIDDEN,), Kind.F32
        for name in ("attn_q_norm", "attn_k_norm"):
            yield f"{at}.{name}.weight", (HEAD,), Kind.F32
        yield f"{at}.attn_q.weight", (HEADS * HEAD, HIDDEN), Kind.Q5_0
        yield f"{at}.attn_k.weight", (HEAD, HIDDEN), Kind.Q5_0
        yield f"{at}.attn_v.weight", (HEAD, HIDDEN), Kind.Q8_0
        yield f"{at}.attn_output.weight", (HIDDEN, HEADS * HEAD), Kind.Q5_0
        yield f"{at}.ffn_gate.weight", (WIDE, HIDDEN), Kind.Q5_0
        yield f"{at}.ffn_up.weight", (WIDE, HIDDEN), Kind.Q5_0
        yield f"{at}.ffn_down.weight", (HIDDEN, WIDE), Kind.Q8_0
