"""What is called an error really fails with the installed libraries, and the good form does not.

Runs each case of a script on a tiny model, as far as that can be done without a GPU, the hub and
packages that are not installed (`needs` in the case says which).
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from assistant.config import words
from tests.config.test_rules import CASES

pytestmark = pytest.mark.xdist_group("config-errors")  # one process makes the models once

RUN = [
    (f"{stem}-{number}-{case['row']}", case)
    for stem, number, case in CASES
    if case.get("file", "train.py") == "train.py"
    and words.severity(case["row"]) == "error"
    and not case.get("facts")
    and not case.get("needs")
    and not case["row"].startswith("Y01")
]

SETUP = """
import contextlib, io, json, sys, traceback, warnings
warnings.simplefilter("ignore")
import accelerate, datasets, peft, torch, transformers, trl
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast, training_args
training_args.is_torch_bf16_gpu_available = lambda: True  # a CPU computes it too
words = {w: n for n, w in enumerate(["<unk>", "<pad>", "<eos>", "END", "hello", "how", "are", "you"])}
raw = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
raw.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, unk_token="<unk>", pad_token="<pad>", eos_token="<eos>")
GPT2LMHeadModel(GPT2Config(n_layer=2, n_head=2, n_embd=32, vocab_size=8, n_positions=64)).save_pretrained("gpt2")
tokenizer.save_pretrained("gpt2")

def names():
    found = {}
    for library in (transformers, peft, trl, accelerate, datasets):
        for name in ("TrainingArguments Seq2SeqTrainingArguments Trainer AutoModelForCausalLM AutoModel AutoTokenizer "
                     "BitsAndBytesConfig GenerationConfig EarlyStoppingCallback pipeline LoraConfig get_peft_model "
                     "PeftModel PromptTuningConfig PrefixTuningConfig TaskType SFTConfig SFTTrainer Accelerator "
                     "load_dataset").split():
            if hasattr(library, name):
                found.setdefault(name, getattr(library, name))
    data = datasets.Dataset.from_dict({"input_ids": [[4, 5, 6, 2]] * 4, "labels": [[4, 5, 6, 2]] * 4})
    texts = datasets.Dataset.from_dict({"text": ["hello how are you"] * 4})
    model = GPT2LMHeadModel.from_pretrained("gpt2")
    args = transformers.TrainingArguments("o", use_cpu=True, report_to="none", max_steps=1)
    lora = peft.LoraConfig(r=2, target_modules=["c_attn"], task_type="CAUSAL_LM")
    more = {"mine": lambda rows: rows, "f": lambda row: "hello", "compute": lambda p: {"f1": 1.0, "accuracy": 1.0}}
    more |= {"score": lambda p: 1.0, "other": lambda p: 1.0}
    return {**found, **more, "model": model, "tokenizer": tokenizer, "data": data, "test": data, "texts": texts, "args": args,
            "config": None, "lora": lora, "ids": torch.tensor([[4, 5, 6]])}

for line in sys.stdin:
    given = json.loads(line)
    result = ""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            exec(compile(given, "case", "exec"), names())
        except Exception as error:
            result = f"{type(error).__name__}: {error}"
    print(json.dumps(result), flush=True)
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[str, str]]:
    """What running each form raised, "" where nothing, by case."""
    folder = tmp_path_factory.mktemp("run")
    forms = [case[form] + "\n" + case.get("then", "") for _, case in RUN for form in ("bad", "good")]
    environment = {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        "CUDA_VISIBLE_DEVICES": "",
    }
    run = subprocess.run(
        [sys.executable, "-c", SETUP], input="".join(json.dumps(form) + "\n" for form in forms), text=True,
        capture_output=True, cwd=folder, env=environment, check=False, timeout=900,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]
    found: list[Any] = [json.loads(line) for line in run.stdout.splitlines()[-len(forms) :]]
    return {name: (found[2 * n], found[2 * n + 1]) for n, (name, _) in enumerate(RUN)}


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, _ in RUN])
def test_bad_form_fails_and_good_form_runs(name: str, outcomes: Mapping[str, tuple[str, str]]) -> None:
    bad, good = outcomes[name]
    print(bad)
    assert bad, "the bad form runs"
    assert not good


def test_what_cannot_be_run_says_why() -> None:
    for *_, case in CASES:
        assert case.get("needs") in (
            None,
            "a GPU",
            "the hub",
            "deepspeed",
            "flash-attn",
            "wandb",
            "a byte-level tokenizer",
        )
