"""What kind of paste it is, in which language, and which lines are the user's own."""

import pytest

from assistant.reading import read

SMI = """+-----------------------------------------------------------------------------------------+
| NVIDIA-SMI 550.54.15              Driver Version: 550.54.15      CUDA Version: 12.4     |
|-----------------------------------------+------------------------+----------------------+
| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |
|=========================================+========================+======================|
|   0  NVIDIA GeForce RTX 4090        Off |   00000000:01:00.0  On |                  Off |
|  0%   41C    P8             22W /  450W |     812MiB /  24564MiB |      1%      Default |
|   1  NVIDIA GeForce RTX 4090        Off |   00000000:02:00.0 Off |                  Off |
|  0%   39C    P8             20W /  450W |      15MiB /  24564MiB |      0%      Default |
+-----------------------------------------+------------------------+----------------------+"""
ENV = """- `transformers` version: 4.44.2
- Platform: Linux-5.15.0-x86_64-with-glibc2.35
- Python version: 3.10.12
- Huggingface_hub version: 0.24.6
- Accelerate version: 0.33.0
- PyTorch version (GPU?): 2.4.0+cu121 (True)
- Using GPU in script?: yes"""
PIP = """Package                  Version
------------------------ ------------
accelerate               0.30.1
bitsandbytes             0.43.1
torch                    2.3.0+cu118
transformers             4.41.2"""
AXOLOTL = """base_model: NousResearch/Meta-Llama-3-8B
adapter: lora
load_in_4bit: false
sequence_len: 8192
micro_batch_size: 4
gradient_checkpointing: false"""
FLAGS = """llamafactory-cli train \\
    --model_name_or_path Qwen/Qwen2.5-7B-Instruct \\
    --finetuning_type lora \\
    --per_device_train_batch_size 2 \\
    --cutoff_len 2048 \\
    --bf16"""
DEEPSPEED = '{"zero_optimization": {"stage": 3, "offload_param": {"device": "cpu"}}, "train_micro_batch_size_per_gpu": 2, "bf16": {"enabled": true}}'


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (SMI, "report"),
        (ENV, "report"),
        (PIP, "report"),
        ("torch==2.3.0\ntransformers==4.41.2\npeft==0.11.1\naccelerate==0.30.1", "report"),
        (AXOLOTL, "config"),
        (FLAGS, "config"),
        (DEEPSPEED, "config"),
        (
            'TrainingArguments(\n    output_dir="out",\n    fp16=True,\n    per_device_train_batch_size=4,\n)',
            "config",
        ),
        (
            "{'loss': 0.0, 'grad_norm': nan, 'epoch': 0.1}\n{'loss': 0.0, 'grad_norm': nan, 'epoch': 0.2}",
            "log",
        ),
        ("Loading checkpoint shards:  43%|████  | 13/30 [02:51<04:02]\nKilled", "log"),
        (
            "Some weights of BertModel were not initialized from the model checkpoint at x and are newly initialized: ['a.b']",
            "log",
        ),
        (
            "[rank3]:[E1103 09:44 ProcessGroupNCCL.cpp:616] [Rank 3] Watchdog caught collective operation timeout",
            "log",
        ),
        ("how much vram for qwen2.5 7b inference in bf16?", "question"),
        ("num_train_epochs=3 but also max_steps=500, which wins", "question"),
        (
            "len(tokenizer) gives 151665 but model.config.vocab_size is 152064 for qwen2.5-7b. is my download broken?",
            "question",
        ),
        ("bf16=True on tesla v100 error ampere needed, what instead", "question"),
        ("resume_from_checkpoint=True sits there forever at 0%", "question"),
        ("load_best_model_at_end=True 报 requires the save and eval strategy to match", "question"),
        ("temperature 和 top_p 有什么区别", "question"),
        ("", "question"),
    ],
)
def test_kind(text: str, kind: str) -> None:
    assert read(text).kind == kind


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("5090 跑 torch 2.4 报 no kernel image is available for execution on the device", "zh"),
        ("chatglm 用 lora 报 Target modules {'q_proj', 'v_proj'} not found in the base model", "zh"),
        ("my tokenizer splits 你好世界 into bytes, how do I fix it", "en"),
        ('the output is "今天天气很好" instead of English, why?', "en"),
        ("RuntimeError: CUDA out of memory", "en"),
        ("load_best_model_at_end=True 报 requires the save and eval strategy to match", "zh"),
        ("画像がありません。引数指定を確認してください", "en"),
        ("為什麼模型一直重複輸出", "zh"),
        ("loss 为 nan", "zh"),
        ("what does 报错 mean", "en"),
        ("", "en"),
        ("WARNING: something\n显存不够怎么办", "zh"),
        ("[INFO] 2024 步骤开始\nINFO loading\n模型加载失败，求助", "zh"),
    ],
)
def test_language(text: str, lang: str) -> None:
    assert read(text).lang == lang


def test_sloppy_question_is_prose() -> None:
    text = 'cant load mistral 7b on my 4080 16gb, AutoModelForCausalLM.from_pretrained(..., device_map="cuda") goes oom at 60% of the shards'
    reading = read(text)
    assert reading.prose == text
    assert reading.kind == "question"


def test_lines_are_sorted() -> None:
    text = """i am training with this:
args = TrainingArguments(output_dir="out", fp16=True)
trainer = Trainer(model, args)
trainer.train()
2024-05-01 10:00:00 INFO starting
模型在第二步就报错
/x/y.py:12: FutureWarning: `evaluation_strategy` is deprecated
  warnings.warn(
what is wrong?"""
    reading = read(text)
    assert reading.prose == "i am training with this:\n模型在第二步就报错\nwhat is wrong?"
    assert reading.config.split("\n")[0].startswith("args = ")
    assert len(reading.events) == 1
    assert reading.settings["fp16"] == "True"


def test_smi() -> None:
    reading = read(SMI)
    assert reading.facts["gpu"] == "RTX 4090"
    assert reading.facts["gpu_count"] == 2
    assert reading.facts["vram_gib"] == pytest.approx(23.99)
    assert reading.versions == {"driver": "550.54.15", "cuda": "12.4"}


def test_env() -> None:
    assert read(ENV).versions == {
        "transformers": "4.44.2",
        "python": "3.10.12",
        "huggingface_hub": "0.24.6",
        "accelerate": "0.33.0",
        "torch": "2.4.0+cu121",
        "cuda": "12.1",
    }
    assert read(PIP).versions["bitsandbytes"] == "0.43.1"
    assert read(PIP).versions["cuda"] == "11.8"


def test_configs() -> None:
    axolotl, flags, deepspeed = read(AXOLOTL), read(FLAGS), read(DEEPSPEED)
    assert axolotl.facts["batch_size"] == "4"
    assert axolotl.facts["seq_len"] == "8192"
    assert axolotl.facts["method"] == "lora"
    assert axolotl.facts["model"] == "NousResearch/Meta-Llama-3-8B"
    assert axolotl.facts["model_b"] == 8
    assert axolotl.facts["set_gradient_checkpointing"] == "false"
    assert flags.settings == {
        "model_name_or_path": "Qwen/Qwen2.5-7B-Instruct",
        "finetuning_type": "lora",
        "per_device_train_batch_size": "2",
        "cutoff_len": "2048",
        "bf16": "True",
    }
    assert flags.facts["method"] == "lora"
    assert flags.facts["batch_size"] == "2"
    assert deepspeed.settings["stage"] == "3"
    assert deepspeed.facts["batch_size"] == "2"
