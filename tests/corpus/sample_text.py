"""The text of one small entry, and ways to spoil it."""

ENTRY = """---
id: sample
topic: A.1
title: {en: A sample, zh: 样例}
signatures:
  - {pattern: 'boom (?P<size_gib>\\d+ MiB)', weight: 0.9, in: message, unless: 'calm'}
  - 'bang'
sources: {docs: https://example.org}
happened: {en: [It went boom.], zh: [炸了。]}
points:
  - id: first
    asks: {en: [why], zh: [为什么]}
    evidence:
      - {find: 'boom', if: "batch_size > 1", weight: 2, en: it says so, zh: 它这样说}
    sources: [docs]
    prior: 0.5
---
# English

## What you see
A noise.

## Causes
### first: The first cause
Because.

#### Tell
Listen.

#### Fix
Stop.

# 中文

## 现象
有声音。

## 原因
### first：第一个原因
因为。

#### 判断
听。

#### 处理
停。
"""


def spoiled(old: str, new: str) -> str:
    """The entry with one place changed."""
    assert ENTRY.count(old) >= 1, old
    return ENTRY.replace(old, new, 1)


def with_fix(text: str) -> str:
    """The entry with another English fix."""
    return spoiled("Stop.\n", f"{text}\n")
