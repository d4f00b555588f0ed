"""One real index (real MiniLM export, real FAISS) of four small entries, built once a session."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import corpus
import index

ENTRY = """---
id: {id}
topic: {topic}
section: {section}
title: {{en: {en}, zh: {zh}}}
signatures:
  - '{pattern}'
sources:
  docs: https://example.org/{id}
points:
  - id: {point}
    asks:
      en: [{ask_en}]
      zh: [{ask_zh}]
    sources: [docs]
---
# English

## What you see
{en} is what the run ends with.

## Causes
### {point}: {point_en}
Why: {why_en}

#### Tell
The message says so.

#### Fix
Set `{code}` in the arguments of `{{{{model|your-model}}}}`.

## Check
Run it again.

# 中文

## 现象
运行以“{zh}”结束。

## 原因
### {point}：{point_zh}
{why_zh}

#### 判断
报错里写着。

#### 处理
在 `{{{{model|your-model}}}}` 的参数里设置 `{code}`。

## 验证
再运行一次。
"""

ENTRIES = (
    {
        "id": "oom",
        "topic": "A.1",
        "section": "A.1",
        "en": "GPU memory runs out",
        "zh": "显存不足",
        "pattern": r"CUDA out of memory\. Tried to allocate (?P<requested_gib>[0-9.]+ [KMG]i?B)",
        "point": "batch",
        "point_en": "The batch is too large",
        "point_zh": "批次太大",
        "ask_en": "oom during training",
        "ask_zh": "训练爆显存怎么办",
        "why_en": "The activations of a batch do not fit into the memory of the GPU.",
        "why_zh": "一个批次的激活值放不进显存。",
        "code": "per_device_train_batch_size=1",
    },
    {
        "id": "pad-token",
        "topic": "pad-token-missing",
        "section": "",
        "en": "The tokenizer has no padding token",
        "zh": "分词器没有填充符",
        "pattern": r"Asking to pad but the tokenizer does not have a padding token",
        "point": "no-pad",
        "point_en": "No pad token is defined",
        "point_zh": "没有定义 pad token",
        "ask_en": "how to set pad_token for llama",
        "ask_zh": "怎么设置填充符",
        "why_en": "Llama and GPT-2 were trained without padding, so the tokenizer defines none.",
        "why_zh": "Llama 和 GPT-2 训练时不用填充，分词器里没有定义。",
        "code": "pad_token=eos_token",
    },
    {
        "id": "nccl-hang",
        "topic": "A.4",
        "section": "A.4",
        "en": "Distributed training hangs",
        "zh": "分布式训练卡住",
        "pattern": r"Watchdog caught collective operation timeout",
        "point": "uneven",
        "point_en": "One rank waits for the others",
        "point_zh": "一个进程在等其他进程",
        "ask_en": "nccl timeout on two gpus",
        "ask_zh": "多卡训练卡住不动",
        "why_en": "The ranks run different numbers of collective operations, so NCCL waits.",
        "why_zh": "各进程的集合通信次数不同，NCCL 一直等待。",
        "code": "ddp_timeout=7200",
    },
    {
        "id": "quantization",
        "topic": "B.4",
        "section": "B.4",
        "en": "Which quantization to choose",
        "zh": "怎样选择量化方法",
        "pattern": r"bnb_4bit_quant_type must be (?:nf4|fp4)",
        "point": "nf4",
        "point_en": "NF4 for fine-tuning",
        "point_zh": "微调用 NF4",
        "ask_en": "nf4 or int8",
        "ask_zh": "nf4 还是 int8",
        "why_en": "NF4 keeps the quality of normally distributed weights at four bits.",
        "why_zh": "权重近似正态分布，NF4 用四位就能保持质量。",
        "code": 'bnb_4bit_quant_type="nf4"',
    },
)


def write_entries(folder: Path, **changes: str) -> Path:
    """Writes the four entries; `changes` replaces words in all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    for values in ENTRIES:
        text = ENTRY.format(**values)
        for old, new in changes.items():
            text = text.replace(old, new)
        (folder / f"{values['id']}.md").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def entries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_entries(tmp_path_factory.mktemp("corpus") / "entries")


@pytest.fixture(scope="session")
def small(entries: Path) -> corpus.Corpus:
    return corpus.load(entries)


@pytest.fixture(scope="session")
def built(small: corpus.Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The session's index: read only."""
    folder = tmp_path_factory.mktemp("index") / "index"
    index.build(small, folder)
    return folder


@pytest.fixture(scope="session")
def ready(built: Path) -> index.Index:
    return index.load(built)


def link(source: str, target: str) -> str:
    """Copies small files, links the model: nothing may write into the latter."""
    if source.endswith(".onnx"):
        os.link(source, target)
        return target
    return str(shutil.copy2(source, target))


@pytest.fixture
def copied(built: Path, tmp_path: Path) -> Path:
    """An index of its own for a test that changes it."""
    return Path(shutil.copytree(built, tmp_path / "index", copy_function=link))


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[str, str], corpus.Corpus]:
    """The four entries with a word replaced."""

    def change(old: str, new: str) -> corpus.Corpus:
        return corpus.load(write_entries(tmp_path / "changed", **{old: new}))

    return change
