"""Where a message ends and the user's words begin."""

import pytest

from assistant.reading import read

SIZES = """RuntimeError: Error(s) in loading state_dict for LlamaForCausalLM:
\tsize mismatch for model.embed_tokens.weight: copying a param with shape torch.Size([32006, 4096]) from checkpoint, the shape in current model is torch.Size([32000, 4096]).
\tsize mismatch for lm_head.weight: copying a param with shape torch.Size([32006, 4096]) from checkpoint, the shape in current model is torch.Size([32000, 4096])."""
CUDA = """RuntimeError: CUDA error: device-side assert triggered
CUDA kernel errors might be asynchronously reported at some other API call, so the stacktrace below might be incorrect.
For debugging consider passing CUDA_LAUNCH_BLOCKING=1
Compile with `TORCH_USE_CUDA_DSA` to enable device-side assertions."""
GATED = """OSError: foo/bar is not a local folder and is not a valid model identifier listed on 'https://huggingface.co/models'
If this is a private repository, make sure to pass a token having permission to this repo either by logging in with `hf auth login` or by passing
`token=<your_token>`"""
PROTOBUF = """ImportError:
 requires the protobuf library but it was not found in your environment. Check out the instructions on the
installation page of its repo: https://github.com/protocolbuffers/protobuf and follow the ones"""
BNB = """RuntimeError:
        CUDA Setup failed despite GPU being available. Please run the following command to get more information:

        python -m bitsandbytes

        Inspect the output of the command"""


@pytest.mark.parametrize("message", [SIZES, CUDA, GATED, PROTOBUF, BNB])
@pytest.mark.parametrize(
    "words",
    [
        "",
        "\n\nthe tokenizer was extended before training",
        "\nI extended the tokenizer by 6 tokens",
        "\nhow do I fix this?",
        "\n怎么解决，显卡是 3090",
        "\n\nUsing a 3090 on Ubuntu.",
    ],
)
def test_message_without_the_users_words(message: str, words: str) -> None:
    reading = read(message + words)
    assert reading.main
    name, _, expected = message.partition(":")
    assert reading.main.type == name
    assert reading.main.message == "\n".join(line.rstrip() for line in expected.strip().split("\n"))
    assert reading.prose == words.strip()


@pytest.mark.parametrize(
    "words",
    [
        "training itself works fine, only happens in evaluate",
        "had extended the tokenizer by 6 tokens before training",
        "torch 2.6.0+cu124, driver 470.82.01",
        "qlora + fsdp",
        "peft 0.11.1",
        "16gb t4, colab",
    ],
)
def test_lower_case_words_below_a_message(words: str) -> None:
    reading = read(f"RuntimeError: index out of range in self\n{words}")
    assert reading.main
    assert reading.main.message == "index out of range in self"
    assert reading.prose == words


def test_code_below_a_message_is_code() -> None:
    reading = read(
        "RuntimeError: on two devices, cuda:0 and cpu!\ninputs = tok(text)\nout = model.generate(**inputs)"
    )
    assert reading.main
    assert reading.main.message == "on two devices, cuda:0 and cpu!"
    assert reading.config == "inputs = tok(text)\nout = model.generate(**inputs)"


def test_chinese_in_a_message_stays() -> None:
    reading = read(
        "OSError: Can't load '/data/模型/qwen'. If you were trying to load it from 'https://huggingface.co'"
    )
    assert reading.main
    assert "/data/模型/qwen" in reading.main.message


def test_load_report() -> None:
    text = """[transformers] BertForSequenceClassification LOAD REPORT from: bert-base-uncased
Key                                        | Status     |
-------------------------------------------+------------+-
cls.predictions.bias                       | UNEXPECTED |
classifier.weight                          | MISSING    |

Notes:
- UNEXPECTED:\tcan be ignored when loading from different task/architecture; not ok if you expect identical arch.
- MISSING:\tthose params were newly initialized because missing from the checkpoint. Consider training on your downstream task.

just loaded my bert for a 3 class task. is this bad?"""
    reading = read(text)
    assert reading.kind == "log"
    assert reading.prose.endswith("just loaded my bert for a 3 class task. is this bad?")
    assert "UNEXPECTED" not in reading.prose
