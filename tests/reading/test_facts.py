"""What a paste states: GPU, number and memory, model, batch size, length, mode, method, versions."""

import json
from typing import Any

import pytest

from assistant.reading import read


def facts(text: str) -> dict[str, Any]:
    return dict(read(text).facts)


@pytest.mark.parametrize(
    ("text", "gpu", "count", "memory"),
    [
        ("oom on 2x4090 with qwen", "RTX 4090", 2, None),
        ("8*A100 训练", "A100", 8, None),
        ("8 x A100 80GB", "A100", 8, 80),
        ("A100-SXM4-80GB", "A100", None, 80),
        ("a single A100 40GB", "A100", 1, 40),
        ("two A100s", "A100", 2, None),
        ("4张3090", "RTX 3090", 4, None),
        ("四卡 V100 32G 训练", "V100", 4, 32),
        ("8卡训练", None, 8, None),
        ("单卡 T4", "T4", 1, None),
        ("两张 2080Ti", "RTX 2080 Ti", 2, None),
        ("双卡 4090", "RTX 4090", 2, None),
        ("torchrun --nproc_per_node=4 train.py", None, 4, None),
        ("num_processes: 4", None, 4, None),
        ("CUDA_VISIBLE_DEVICES=0,1,2 python x.py", None, 3, None),
        ("my 3060 12G", "RTX 3060", None, 12),
        ("24G 的 3090", "RTX 3090", None, 24),
        ("a 24gb 3090", "RTX 3090", None, 24),
        ("4080 16gb", "RTX 4080", None, 16),
        ("RTX 2080Ti 22G 魔改", "RTX 2080 Ti", None, 22),
        ("24G 显存够吗", None, None, 24),
        ("16 GB vram", None, None, 16),
        ("4 gpus", None, 4, None),
        ("on 2 RTX 4090 GPUs", "RTX 4090", 2, None),
        ("A100 x 8", "A100", 8, None),
        ("H100*8", "H100", 8, None),
        ("两张 4090 DDP 比单卡还慢", "RTX 4090", 2, None),
        ("some prompts finish early on one gpu", None, None, None),
        ("world_size 64 != 2 * 4 * 4\n四张卡", None, 4, None),
        ("one 3090", "RTX 3090", 1, None),
        ("GPU 0 has a total capacity of 39.39 GiB of which 1 MiB is free", None, None, 39.39),
        ("(GPU 0; 10.76 GiB total capacity; 9 GiB", None, None, 10.76),
        ("4060 laptop 8GB", "RTX 4060", None, 8),
        ("step 3090/10000 loss 2.3", None, None, None),
        ("at line 4090 of my file", None, None, None),
        ("trained on 3080 samples", None, None, None),
        ("64GB of RAM in the box", None, None, None),
        ('  File "/a/b.py", line 3090, in f\n    x\nValueError: no', None, None, None),
    ],
)
def test_gpu(text: str, gpu: str | None, count: int | None, memory: float | None) -> None:
    found = facts(text)
    assert (found.get("gpu"), found.get("gpu_count"), found.get("vram_gib")) == (gpu, count, memory)


@pytest.mark.parametrize(
    ("text", "model", "billions"),
    [
        ("load meta-llama/Llama-3.1-8B-Instruct in bf16", "meta-llama/Llama-3.1-8B-Instruct", 8),
        ('AutoModel.from_pretrained("bert-base-uncased")', "bert-base-uncased", None),
        ("加载 bert-base-chinese 做情感分类", "bert-base-chinese", None),
        ("fine-tune mistral 7b", "mistral 7b", 7),
        ("i load llama 3 8b weights", "llama 3 8b", 8),
        ("qwen2.5-7b 报错", "qwen2.5-7b", 7),
        ("Qwen2.5-0.5B-Instruct", "Qwen2.5-0.5B-Instruct", 0.5),
        ("mixtral 8x7b on one 3090", "mixtral 8x7b", 56),
        ("gemma-3-270m is small", "gemma-3-270m", 0.27),
        ("a model of 70 billion parameters", None, 70),
        ("训练 13B 模型", None, 13),
        ("700亿参数的模型", None, 70),
        ("model_name_or_path: /models/Llama-3.2-3B", "Llama-3.2-3B", 3),
        ("base_model: /data/models--Qwen--Qwen2.5-7B/snapshots/0123456789abcdef", "Qwen/Qwen2.5-7B", 7),
        ("OSError: no file in /root/.cache/huggingface/hub/models--THUDM--glm-4-9b", "THUDM/glm-4-9b", 9),
        ("chatglm3-6b lora", "chatglm3-6b", 6),
        ("opt-1.3b on cpu", "opt-1.3b", 1.3),
        ("in /opt/conda/envs/x", None, None),
        ("see modeling_llama.py", None, None),
        ("LlamaForCausalLM has no attribute", None, None),
        ("using llama-factory and llama.cpp", None, None),
        ("bert.encoder.layer.0 missing", None, None),
        ("8 GB of data, 4bit", None, None),
        ("trained on 100B tokens", None, None),
        ("reloading gpt2 it says lm_head.weight is missing", "gpt2", None),
        ("load_in_4bit and 8bit", None, None),
        ("https://huggingface.co/docs/transformers/main/en", None, None),
        (
            "404 for https://huggingface.co/mistralai/Mistral-7B-v0.1/resolve/main/config.json",
            "mistralai/Mistral-7B-v0.1",
            7,
        ),
        ("0.00 B of shared memory, and/or w/o", None, None),
    ],
)
def test_model(text: str, model: str | None, billions: float | None) -> None:
    found = facts(text)
    assert (found.get("model"), found.get("model_b")) == (model, billions)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("bs=4", "4"),
        ("batch size of 8", "8"),
        ("batch_size=16, lr=1e-4", "16"),
        ("批大小设为2", "2"),
        ("batch size 已经改成1了还是OOM", "1"),
        ("batch 已经是 1 了还是爆显存", "1"),
        ("batch_size 已经 1 了", "1"),
        ("with batch size 32 it fails", "32"),
        ("--per_device_train_batch_size 2 --fp16", "2"),
        ("micro_batch_size: 4\nsequence_len: 10", "4"),
        ('{"train_micro_batch_size_per_gpu": 3, "x": 1}', "3"),
        (
            "Instantaneous batch size per device = 2\n  Total train batch size (w. parallel, distributed & accumulation) = 64",
            "2",
        ),
        ("train batch 2 没问题", "2"),
        ("batch 100/5000", None),
        ("batch size const", None),
        ("the batch of 64 prompts", None),
        ("my batch has numbers", None),
    ],
)
def test_batch_size(text: str, size: str | None) -> None:
    assert facts(text).get("batch_size") == size


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("max_seq_length=2048, x=1", "2048"),
        ("QLoRA on a 3060, batch 2, 2048 tokens, out of memory", "2048"),
        ("用 lora 微调，批大小 1，4096 个 token，显存不够", "4096"),
        ("sft with 8k tokens on one A100", "8192"),
        ("lora, it generates 500 tokens and then stops", None),
        ("finetuning runs at 2300 tokens/s", None),
        ("lora with 512 tokens fits, 1024 tokens does not", None),
        ("the model answers 300 tokens of garbage", None),
        ("dataset has 5000 tokens, lora", None),
        ("cutoff_len: 1024\nbf16: true", "1024"),
        ("sequence length of 4096", "4096"),
        ("seq len 512", "512"),
        ("上下文 16k", "16384"),
        ("序列长度 2048", "2048"),
        ("with 8k context", "8192"),
        ("length 1024, bart-large", "1024"),
        ("--max_source_length 1024, bart-large", "1024"),
        ("the length is wrong", None),
    ],
)
def test_seq_len(text: str, length: str | None) -> None:
    assert facts(text).get("seq_len") == length


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("loss is nan while fine-tuning", "training"),
        ("微调 qwen 的时候", "training"),
        ("model.generate repeats itself", "inference"),
        ("推理的时候显存不够", "inference"),
        ("oom only when saving the checkpoint", "saving"),
        ("训练没问题，保存的时候报错", "saving"),
        ("训练到第一次 eval 就 OOM", "evaluation"),
        ("cannot load the model", "loading"),
        ("加载模型报错", "loading"),
        ("reloading my finetuned distilbert for inference", "inference"),
        ("{'loss': 1.2, 'epoch': 0.1}", "training"),
        ("hello", None),
        (
            "You should probably TRAIN this model on a down-stream task to be able to use it for predictions and inference.",
            None,
        ),
    ],
)
def test_mode(text: str, mode: str | None) -> None:
    assert facts(text).get("mode") == mode


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ("lora r=16 on q,v only", "lora"),
        ("qlora on a t4", "qlora"),
        ("LoRA with load_in_4bit=True", "qlora"),
        ("adapter: lora\nload_in_4bit: false\nmicro_batch_size: 1", "lora"),
        ("finetuning_type: full\nlora_rank: 8", "full"),
        ("finetuning_type: lora\nquantization_bit: 4", "qlora"),
        ("全参微调 7B", "full"),
        ("full fine-tuning of llama", "full"),
        ("prefix tuning on t5", "prefix"),
        ("prompt tuning with 20 virtual tokens", "prompt"),
        ("prefix tuning vs prompt tuning vs lora?", None),
        ("training without lora", None),
        ("train it", None),
    ],
)
def test_method(text: str, method: str | None) -> None:
    assert facts(text).get("method") == method


@pytest.mark.parametrize(
    ("text", "system"),
    [
        ("on windows 11", "windows"),
        ("D:\\models\\x", "windows"),
        ("sliding windows attention", None),
        ("my macbook M2", "macos"),
        ("the mps backend", "macos"),
        ("ubuntu 22.04", "linux"),
        ("windows wsl2 ubuntu", "linux"),
        ("what is bf16", None),
    ],
)
def test_system(text: str, system: str | None) -> None:
    assert facts(text).get("os") == system


def test_notebook_and_distributed() -> None:
    assert facts("in colab")["notebook"] is True
    assert facts("多卡训练卡住")["distributed"] is True
    assert facts("DDP hangs")["distributed"] is True
    assert "distributed" not in facts("Total train batch size (w. parallel, distributed & accumulation) = 16")


@pytest.mark.parametrize(
    ("text", "versions"),
    [
        ("transformers 4.38", {"transformers": "4.38"}),
        ("torch==2.1.0+cu118", {"torch": "2.1.0+cu118", "cuda": "11.8"}),
        ("cu121, py3.10", {"cuda": "12.1", "python": "3.10"}),
        ("transformers版本4.31", {"transformers": "4.31"}),
        ("transformers 的版本是 4.31.0，torch2.1", {"transformers": "4.31.0", "torch": "2.1"}),
        ("peft 0.11.1, CUDA 12.4", {"peft": "0.11.1", "cuda": "12.4"}),
        ("pytorch 2.0.1 with python 3.9", {"torch": "2.0.1", "python": "3.9"}),
        ("升级 transformers 到 4.44.0 之后", {"transformers": "4.44.0"}),
        ("upgraded transformers from 4.40.0 to 4.44.0", {"transformers": "4.44.0"}),
        ("on transformers 5, trl 1.16", {"transformers": "5", "trl": "1.16"}),
        ("driver 470.82.01", {"driver": "470.82.01"}),
        ("requires accelerate>=0.26.0", {}),
        (
            "huggingface-hub>=0.34.0,<1.0 is required, but found huggingface-hub==1.2.3.",
            {"huggingface_hub": "1.2.3"},
        ),
        ("bitsandbytes-0.41.1", {"bitsandbytes": "0.41.1"}),
        ("flash-attn 2.5.8", {"flash_attn": "2.5.8"}),
        ('  File "/x/lib/python3.11/site-packages/a.py", line 1, in f', {"python": "3.11"}),
        ("the cuda device 0", {}),
        ("transformers 10 times", {}),
    ],
)
def test_versions(text: str, versions: dict[str, str]) -> None:
    assert read(text).versions == versions


TRIED = [
    ("already set batch size to 1", {"batch_size"}),
    ("tried gradient checkpointing, no change", {"checkpointing"}),
    ("batch size 已经改成1了还是OOM", {"batch_size"}),
    ("重装了也不行", {"reinstall"}),
    ("even with batch size 1 and gradient checkpointing it is oom", {"batch_size", "checkpointing"}),
    ("i already tried fp16, 4bit and empty_cache", {"mixed_precision", "quantization", "empty_cache"}),
    ("upgraded transformers, same error", {"upgrade"}),
    ("I restarted the kernel", {"restart"}),
    ("重启了还是这样，token 也填了", {"restart", "login"}),
    ("torch.cuda.empty_cache() 显存还是没释放", {"empty_cache"}),
    ("set pad_token = eos_token", {"pad_token"}),
    ("gradient checkpointing is on, still oom", {"checkpointing"}),
    ("max length 也调小了，没用", {"shorter"}),
    ("expandable_segments doesn't help", {"allocator"}),
    ("明明已经装了最新的", {"upgrade"}),
    ("logged in with huggingface-cli login", {"login"}),
    ("qlora with batch size 4 on a t4", set()),
    ("LoRA r=8, bf16, batch size 2", set()),
    ("fine-tuning without offloading", set()),
    ("should i set batch size to 1?", set()),
    ("how do I enable gradient checkpointing", set()),
    ("怎么开启梯度检查点", set()),
    ("要不要升级 transformers", set()),
    ("I have not tried gradient checkpointing", set()),
    ("没有用梯度检查点", set()),
    ("do not want to use offload", set()),
    ("what does temperature do", set()),
    ("temperature 设成 1.0 了", set()),
    ("train batch 2 没问题", set()),
    ("which is better, int8 or int4", set()),
    ("V100 用 bf16 还是 fp16 训练", set()),
    ("qlora 学习率设多大，和全参微调一样用 2e-5 吗", set()),
    ("已经同意协议了，服务器上怎么登录", set()),
    ("NCCL_DEBUG says using Socket eth0", set()),
    ('"cannot be inferred because pad token is same as eos token" using generate', set()),
]


@pytest.mark.parametrize(("text", "expected"), TRIED)
def test_tried(text: str, expected: set[str]) -> None:
    assert {name[6:] for name in facts(text) if name.startswith("tried_")} == expected


def test_settings_written_as_code_in_a_sentence_are_read() -> None:
    reading = read("RTX 4090, llama-3.1-8b, per_device_train_batch_size=8 and bf16=True, still slow")
    assert reading.settings == {"per_device_train_batch_size": "8", "bf16": "True"}
    assert reading.facts["batch_size"] in ("8", 8.0)


@pytest.mark.parametrize(
    ("text", "name", "fact"),
    [
        ("多卡训练lora，评估报错", "method", "lora"),
        ("用lora微调Qwen2.5-7B显存不足", "method", "lora"),
        ("用lora微调Qwen2.5-7B显存不足", "model", "Qwen2.5-7B"),
        ("我在3090上用qlora训练", "method", "qlora"),
    ],
)
def test_latin_words_that_touch_chinese_are_read(text: str, name: str, fact: str) -> None:
    assert read(text).facts[name] == fact


def test_a_report_on_one_long_line_is_read_to_its_end() -> None:
    packages = {f"nvidia_library_{n}": f"13.0.{n}" for n in range(60)} | {"transformers": "5.23.0"}
    for compact in (True, False):
        line = json.dumps({"packages": packages}, separators=(",", ":") if compact else None)
        assert len(line) > 1_500
        assert read(line).versions["transformers"] == "5.23.0"
        assert read(f"my machine:\n{line}\nwhat is wrong?").versions["transformers"] == "5.23.0"
