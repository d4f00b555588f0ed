"""Prompts of the kind that the small model gets: rules, one or two passages, a question."""

from collections.abc import Callable
from dataclasses import dataclass

from assistant.generation.model import Lexicon, Message


@dataclass(frozen=True)
class Prompt:
    """A prompt and what its reply may name."""

    messages: tuple[Message, ...]
    lexicon: Lexicon


def _prompt(passages: tuple[str, ...], question: str) -> Prompt:
    rules = "Explain with the evidence alone and cite it as [n]."
    evidence = "\n".join(f"[{number}] {text}" for number, text in enumerate(passages, 1))
    messages = (Message("system", rules), Message("user", f"{evidence}\nQuestion: {question}"))
    return Prompt(messages, Lexicon((*passages, question), tuple(range(1, len(passages) + 1))))


PROMPTS = (
    _prompt(
        (
            "What the forward pass keeps for the backward pass grows with batch size and sequence length. Set `per_device_train_batch_size=1` and `gradient_accumulation_steps=16` to keep the effective batch.",
            "`gradient_checkpointing=True` in TrainingArguments computes activations anew in the backward pass: most of their memory is saved, and a step takes 20 to 30% longer.",
        ),
        "CUDA out of memory while training on a 24 GB card. What do I do?",
    ),
    _prompt(
        (
            "A padding token is missing: the tokenizer of a decoder model often has none. Set `tokenizer.pad_token = tokenizer.eos_token` before batching.",
        ),
        "Asking to pad but the tokenizer does not have a padding token",
    ),
    _prompt(
        (
            "`load_in_4bit=True` needs bitsandbytes with a build for the CUDA version that torch was built with. `python -m bitsandbytes` says which library was found.",
            "On a CPU, bitsandbytes 0.46 or later computes 4-bit layers without CUDA.",
        ),
        "bitsandbytes was compiled without GPU support",
    ),
    _prompt(
        (
            "梯度检查点在反向传播时重新计算激活值：显存占用明显减少，每一步慢 20% 到 30%。在 TrainingArguments 中设 `gradient_checkpointing=True`。",
        ),
        "为什么梯度检查点能省显存？",
    ),
    _prompt(
        (
            "显存不足时，先把 `per_device_train_batch_size` 减到 1，再用 `gradient_accumulation_steps` 保持有效批大小。",
            "QLoRA 把基座权重存成 4 比特，7B 模型约占 4.5 GB；适配器用 bf16 训练。",
        ),
        "24 GB 显卡微调 7B 模型显存不足怎么办？",
    ),
    _prompt(
        (
            "The loss becomes nan when fp16 overflows at 65504: train with `bf16=True` on cards from Ampere on, or lower the learning rate to 1e-5 and set `max_grad_norm=0.3`.",
        ),
        "loss is nan after 200 steps",
    ),
)


def long_prompt(count: Callable[[str], int], tokens: int, *, other: bool = False) -> Prompt:
    """A prompt of about so many tokens."""
    texts = [text for prompt in (PROMPTS[::-1] if other else PROMPTS) for text in prompt.lexicon.texts[:-1]]
    passages: list[str] = []
    while sum(map(count, passages)) + 60 < tokens:
        passages.append(texts[len(passages) % len(texts)])
    while count(" ".join(passages)) + 60 > tokens + 10:
        passages[-1] = passages[-1][:-10]
    question = "And which of these helps on a card with 24 GB?" if other else "Which of these do I try first?"
    return _prompt(tuple(passages), question)
