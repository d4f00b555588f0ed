"""Terms of both languages, and that no input makes them slow."""

import time

import pytest

from index.tokens import english, fold, language, query_terms, tokens, translations


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("bnb_4bit_quant_type", {"bnb_4bit_quant_type", "bnb", "4bit", "quant", "type"}),
        ("AutoModelForCausalLM", {"automodelforcausallm", "auto", "model", "causal", "lm"}),
        (
            "torch.cuda.OutOfMemoryError",
            {
                "torch.cuda.outofmemoryerror",
                *("torch", "cuda", "outofmemoryerror", "out", "memory", "error"),
            },
        ),
        ("fine-tuning", {"fine-tuning", "finetun", "fine", "tun"}),
        ("4-bit", {"4-bit", "4bit", "4", "bit"}),
        ("transformers 4.41.2", {"transformer", "4.41.2", "4.41"}),
        ("trained training trains", {"train"}),
        ("显存不足", {"显存", "存不", "不足"}),
        ("卡", {"卡"}),
        ("用 LoRA 微调", {"用", "lora", "微调"}),
        ("exit code -9, 139", {"exit", "code", "9", "139"}),
    ],
)
def test_terms(text: str, terms: set[str]) -> None:
    assert set(tokens(text)) == terms


@pytest.mark.parametrize(
    "text",
    [
        "/home/someone/project/run.py",
        r"C:\Users\someone\run.py",
        "0x7f3a2b4c",
        "2.00 GiB",
        "24GB",
        "1800000",
        "https://example.org/some/page?x=1",
        "d41d8cd98f00b204e9800998ecf8427e",
        "",
        "… 🤗 \x00 \ufffd",
    ],
)
def test_what_differs_between_machines_does_not_count(text: str) -> None:
    assert tokens(text) == []


def test_a_path_inside_a_library_says_which() -> None:
    terms = tokens(
        'File "/home/me/.venv/lib/python3.11/site-packages/transformers/trainer.py", line 12, in train'
    )
    assert "transformer" in terms
    assert "trainer" in terms
    assert "home" not in terms
    assert "venv" not in terms


@pytest.mark.parametrize(
    ("word", "folded"),
    [
        ("training", "train"),
        ("trained", "train"),
        ("caches", "cach"),
        ("cache", "cach"),
        ("stopped", "stop"),
        ("loss", "loss"),
        ("class", "class"),
        ("bias", "bias"),
        ("memories", "memory"),
        ("nf4", "nf4"),
        ("string", "string"),
        ("need", "need"),
    ],
)
def test_fold(word: str, folded: str) -> None:
    assert fold(word) == folded


def test_chinese_queries_gain_english() -> None:
    assert {"gpu", "memory", "oom", "fine", "显存"} <= set(query_terms("微调时显存不足"))
    assert (
        english("用 bitsandbytes 微调，显存不足")
        == "bitsandbytes fine-tune fine-tuning ， out of gpu memory oom"
    )
    assert english("CUDA out of memory") == "CUDA out of memory"
    assert translations("分词器") == ["tokenizer"]  # the longest term, not 分词


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("How do I merge LoRA?", "en"),
        ("怎么合并 LoRA 适配器", "zh"),
        ("", "en"),
        ("报错 RuntimeError: CUDA error: device-side assert triggered " + "at frame " * 60, "en"),
    ],
)
def test_language(text: str, lang: str) -> None:
    assert language(text) == lang


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "a_",
        "/a",
        "\\",
        "aA",
        "1.",
        "0x",
        "-.",
        "http://",
        "显存",
        "显",
        "(",
        "1 GiB ",
        " ",
        "a.b-",
        "~/",
        "..\\",
    ],
)
def test_hostile_input_takes_linear_time(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    started = time.perf_counter()
    query_terms(text)
    english(text)
    language(text)
    assert time.perf_counter() - started < 3
