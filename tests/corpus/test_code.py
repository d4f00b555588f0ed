"""The code in entries is held against the installed libraries: what exists passes, what does not is named."""

import pytest

from corpus.code import CodeBlock, code_blocks, code_faults
from corpus.parse import parse_entry
from tests.corpus.sample_text import with_fix

GOOD = {
    "import and call": "import torch\n\ntorch.cuda.empty_cache()",
    "submodule by attribute": "import torch\n\ntorch.utils.data.DataLoader([1], batch_size=2)",
    "submodule import": "from transformers.trainer_utils import get_last_checkpoint",
    "alias": "import torch.nn.functional as F\n\nF.cross_entropy(a, b, ignore_index=-100)",
    "generate": "out = model.generate(**inputs, max_new_tokens=5)",
    "what every model has": "model.config.use_cache = False\nmodel.get_input_embeddings().weight.shape\nmodel.lm_head.weight",
    "module methods": "model.eval()\nfor name, weights in model.named_parameters():\n    print(name, weights.dtype)",
    "peft methods": "model.print_trainable_parameters()\nmodel = model.merge_and_unload()\nmodel.set_adapter('a')",
    "peft model": "peft_model.get_base_model()\npeft_model.active_adapters",
    "quantized model": "model.is_loaded_in_4bit\nmodel.get_memory_footprint()\nmodel.hf_device_map",
    "encoder": "model.classifier.weight\nmodel.num_labels",
    "made here": "from transformers import AutoModelForCausalLM\n\nmodel = AutoModelForCausalLM.from_pretrained('x')\nmodel.generate(x)",
    "tokenizer": "tokenizer.pad_token = tokenizer.eos_token\ntokenizer.apply_chat_template(m, tokenize=False)\nlen(tokenizer)",
    "processor": "processor.apply_chat_template(m)\nprocessor.tokenizer.pad_token\nprocessor.image_processor",
    "training arguments": "args.per_device_train_batch_size\nargs.output_dir\ntraining_args.bf16",
    "trainer": "trainer.train(resume_from_checkpoint=True)\ntrainer.state.log_history\ntrainer.model",
    "trl arguments": "from trl import SFTConfig\n\nargs = SFTConfig(max_length=2048)\nargs.max_length",
    "accelerator": "model = accelerator.prepare(model)\naccelerator.backward(loss)",
    "generation config": "from transformers import GenerationConfig\n\nGenerationConfig(do_sample=True, top_p=0.9)",
    "own names": "result = whatever()\nresult.anything\nargs = parser.parse_args()\nargs.rank",
    "a name of ours for something else": "import torch\n\nmodel = torch.nn.Linear(2, 2)\nmodel.weight\nmodel.in_features",
    "what a model returns": "out = model(**batch)\nout.loss.backward()\nout.past_key_values",
    "a loop variable": "for model in zoo:\n    model.roar()",
    "parameter of a function": "def f(trainer_like):\n    return trainer_like.whatever",
    "keywords": "from peft import LoraConfig\n\nLoraConfig(r=8, lora_alpha=16, target_modules='all-linear')",
    "optional library": "import deepspeed\nfrom vllm import LLM\n\nLLM('x', quantization='awq')",
    "placeholder": 'from transformers import AutoConfig\n\nAutoConfig.from_pretrained("{{model|gpt2}}")',
}
BAD = {
    "syntax": ("model.generate(", "does not compile"),
    "module": ("import torch.nothing_here", "not installed"),
    "import": ("from transformers import AutoModelForEverything", "not installed"),
    "attribute of a module": ("import torch\n\ntorch.cuda.clear_cache()", "torch.cuda.clear_cache"),
    "attribute of a class": ("from peft import PeftModel\n\nPeftModel.load('x')", "PeftModel.load"),
    "model method": ("model.generat(x)", "model.generat"),
    "peft method": ("model.print_trainable_params()", "print_trainable_params"),
    "tokenizer method": ("tokenizer.batch_pad(x)", "tokenizer.batch_pad"),
    "trainer method": ("trainer.fit()", "trainer.fit"),
    "trainer keyword": ("trainer.train(resume_from=True)", "resume_from="),
    "argument of TrainingArguments": (
        "from transformers import TrainingArguments\n\nTrainingArguments(batch_size=4)",
        "batch_size=",
    ),
    "field of the arguments": ("args.train_batchsize", "args.train_batchsize"),
    "argument of LoraConfig": ("from peft import LoraConfig\n\nLoraConfig(rank=8)", "rank="),
    "field of what was made here": (
        "from peft import LoraConfig\n\nsetup = LoraConfig(r=8)\nprint(setup.rank)",
        "setup.rank",
    ),
    "function keyword": (
        "from peft import prepare_model_for_kbit_training\n\nprepare_model_for_kbit_training(m, checkpointing=True)",
        "checkpointing=",
    ),
}


def found(code: str, *, old: str = "") -> list[str]:
    from corpus.code import _PLACEHOLDER

    plain = _PLACEHOLDER.sub(lambda match: match[2] or match[1], code)
    return list(code_faults(CodeBlock("sample", "en", plain, False, old)))


@pytest.mark.parametrize("code", GOOD.values(), ids=GOOD)
def test_good_code_passes(code: str) -> None:
    assert found(code) == []


@pytest.mark.parametrize(("code", "named"), BAD.values(), ids=BAD)
def test_what_does_not_exist_is_named(code: str, named: str) -> None:
    faults = found(code)
    assert len(faults) == 1
    assert named in faults[0]


def test_code_for_old_versions_need_only_compile() -> None:
    assert found("from transformers import AdamW", old="transformers<5") == []
    assert found("from transformers import", old="transformers<5") != []


def test_blocks_are_found_with_what_is_said_of_them() -> None:
    text = (
        'One:\n```python run\nname = "{{model|gpt2}}"\n```\n'
        '- Two:\n  ```python old="peft<0.5"\n  x = 1\n  ```\n'
        "```bash\nls\n```\n````markdown\n```python\nhidden\n```\n````"
    )
    blocks = list(code_blocks(parse_entry(with_fix(text), "sample.md")))
    assert [(block.code, block.runs, block.old) for block in blocks][:2] == [
        ('name = "gpt2"', True, ""),
        ("x = 1", False, "peft<0.5"),
    ]
