"""What a reply may say, given some texts: sentences of both kinds, letter by letter."""

import pytest

from assistant.generation.constraint import Grammar
from assistant.generation.model import Lexicon

EVIDENCE = (
    "Set `per_device_train_batch_size=1` and `gradient_accumulation_steps=16` in TrainingArguments. "
    "The script is run with `accelerate launch --mixed_precision bf16 train.py`. "
    "`torch.cuda.empty_cache()` frees 0.16 GB of 24 GB; transformers 4.40.0 or later, bitsandbytes>=0.43. "
    "meta-llama/Llama-2-7b-hf in 4 bits; r=16 or r=64, at 1,024 tokens. Use load_in_4bit=True.\n"
    '```python\nmodel = AutoModel.from_pretrained(name, device_map="auto")\nmodel.train()\n```',
    "显存不足时，把 `max_length` 设为 512，约省 30%。",
    "the user's card is an RTX 3090",
)
GRAMMAR = Grammar(Lexicon(EVIDENCE, (1, 2, 12)))

ALLOWED = [
    "Plain words are free, whatever they say: accumulate, quantise, fine-tune it.",
    "Set per_device_train_batch_size=1 and see.",
    "Set `per_device_train_batch_size=1`, and `gradient_accumulation_steps`.",
    "per_device_train_batch_size=16 takes a number of the evidence for its value.",
    "`per_device_train_batch_size=16` too.",
    "Run `accelerate launch --mixed_precision bf16 train.py`.",
    "The flag --mixed_precision takes bf16.",
    "Call torch.cuda.empty_cache() or empty_cache(); `torch.cuda.empty_cache()` is the same.",
    "It frees 0.16 GB, 24 GB or 24GB on a 24-GB card.",
    "A 4-bit model, at 1024 or 1,024 tokens.",
    "It needs transformers 4.40.0. Then it works.",
    "meta-llama/Llama-2-7b-hf, Llama-2-7b-hf or Llama-2 for short.",
    "A claim [1]. Two [1][2], or [1, 12] and [1,2].",
    "显存不足时把max_length设为512，约省30%。见[2]。",
    "把 `max_length` 设为 512 即可。",
    "1. First do it.\n2. Then this.\n3) And that.",
    "- a point\n- another\n\n## A heading\n**Bold** and *more*: e.g. this, and/or that.",
    "Use this:\n```python\nmodel.train()\nmodel = AutoModel.from_pretrained(name)\n```\nIt works.",
    "PyTorch, LoRA and GPUs are known; your RTX 3090 too.",
    "The range is open … and so on – or not.",
    "It's the model's own don't.",
    "Is r=16 too much? Answer with yes/no.",
]
REFUSED = [
    "Set per_device_eval_batch_size=1.",
    "Set per_device_train_batch_siz.",
    "Set per_device_train_batch_size=2.",
    "Set per_device_train_batch_size=False.",
    "Set `per_device_train_batch_size=2`.",
    "Set `load_in_4bit=False`.",
    "Set load_in_4bit=False.",
    "Set `load_in_8bit`.",
    "Run `accelerate launch train.py`.",
    "Run `accelerate config`.",
    "The flag --mixed is none.",
    "The flag --bf16 is none.",
    "`--mixed`",
    "Call torch.cuda.reset() then.",
    "Call torch.empty_cache() then.",
    "It frees 16 GB of memory.",
    "It frees 0.16 MB.",
    "It frees 24 GiB.",
    "It frees 24GiB.",
    "It frees 24-MB pieces.",
    "It saves 24% of it.",
    "An 8-bit model.",
    "It needs transformers 4.40.",
    "It needs transformers 4.41.0.",
    "It needs 5.",
    "meta-llama/Llama-3-7b-hf is one.",
    "facebook/Llama-2-7b-hf is one.",
    "Qwen/Qwen is one.",
    "Llama-16-7b is one.",
    "A claim [3].",
    "A claim [].1",
    "A claim [1.",
    "A claim [1, 3].",
    "A claim [ 1].",
    "A claim [^1].",
    "A claim 【3】.",
    "把batch_size设为512。",
    "把max_length设为256。",
    "约省60%。",
    "1. First.\n3. Third.",
    "2. Second.",
    "Use `foo`.",
    "Use ``max_length``.",
    "Use `max_length.",
    "```python\nmodel.eval()\n```",
    "```rust\nmodel.train()\n```",
    "```\nmodel.train()\n",
    "MyTrainer is a class.",
    "DataCollatorForNothing is a class.",
    "See example.com for it.",
    "See https://example.com/x for it.",
    "load_in_4bit\u200bx",
    "load\u200b_in",
    "per＿device＿x",
    "ｒ is 16 and 8",
    "１６ steps",
    "① first",
    "a value of -16",
    "1**6**4",
    "16–64 steps",
    "load&lowbar;in",
    "x &#95; y",
    "load\\_in",
    "lоad_in_4bit",  # the o is Cyrillic
    "2x faster",
    "NF4 and FP16",
]


def place_after(text: str, grammar: Grammar = GRAMMAR):  # type: ignore[no-untyped-def]
    from assistant.generation.constraint import Place

    return grammar.after(Place(), text.encode())


@pytest.mark.parametrize("text", ALLOWED)
def test_allowed(text: str) -> None:
    place = place_after(text)
    if place is None:
        good = next(end for end in range(len(text), -1, -1) if place_after(text[:end]))
        pytest.fail(f"refused after {text[:good]!r}")
    assert GRAMMAR.may_stop(place)


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text: str) -> None:
    place = place_after(text)
    assert place is None or not GRAMMAR.may_stop(place)


def test_what_may_still_become_a_name_is_not_certain() -> None:
    for text, unsettled in [
        ("Set the ", 0),
        ("Set load", 0),
        ("Set load_in", 7),
        ("a card of 2", 1),
        ("see [1", 2),
        ("use `max_len", 8),
        ("use `max_length`", 0),
    ]:
        place = place_after(text)
        assert place is not None, text
        assert GRAMMAR.unsettled(place) == unsettled, text


def test_no_citations_are_allowed_where_none_are_given() -> None:
    grammar = Grammar(Lexicon(("nothing",)))
    assert place_after("See [1", grammar) is None


def test_goes_on_from_a_text_that_is_there() -> None:
    place = GRAMMAR.enter("Set `per_device_train")
    assert GRAMMAR.after(place, b"_batch_size=1` now") is not None
    assert GRAMMAR.after(place, b"_steps") is None


def test_an_empty_lexicon_leaves_plain_words() -> None:
    grammar = Grammar(Lexicon())
    assert grammar.may_stop(place_after("It is too large. 显存不足。", grammar))
    for text in ("It is 3.", "`x`", "a_b", "[1]"):
        assert place_after(text, grammar) is None or not grammar.may_stop(place_after(text, grammar))
