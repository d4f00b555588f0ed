"""Whatever values the settings have, the check ends with a report, and its diffs leave a file that parses."""

import ast
import json
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.config import Facts, check_text
from assistant.config.kinds import marks
from assistant.config.python.names import objects
from assistant.config.rules.combos import _rows as combos
from assistant.config.rules.values import _rows as values
from assistant.config.signatures.lookup import ever
from tests.config.test_edits import apply_unified

MODELS = [
    "gpt2",
    "mistralai/Mixtral-8x7B-v0.1",
    "google/gemma-2-9b",
    "Qwen/Qwen2.5-7B",
    "./out",
    "microsoft/phi-2",
]
WORDS = ["auto", "steps", "epoch", "no", "nf4", "fp4", "bfloat16", "bf16", "cpu", "all-linear", "q_proj", "paged_adamw_8bit",
         "cosine_with_min_lr", "full_shard", "flash_attention_2", "2e-4", "", "中文", "a\nb", *MODELS]  # fmt: skip
FACTS = Facts(
    gpu="T4",
    compute_capability=7.5,
    vram_gib=15.0,
    gpus=2,
    cpus=4,
    missing=frozenset({"wandb", "bitsandbytes"}),
)

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 5000),
    st.floats(-2, 10, allow_nan=False),
    st.sampled_from(WORDS),
)
KEYS = sorted(
    {row["key"] for _, row in values()}
    | {condition[0] for _, row in combos() for condition in row["when"]}
    | {key for row in marks().values() for keys in row.values() for key in keys}
    | {"zero_optimization", "offload_param", "fsdp_config", "deepspeed_config", "base_model_name_or_path", "target_modules",
       "lora_target", "lora_target_modules", "model_name_or_path", "fsdp_transformer_layer_cls_to_wrap", "optimizer"}
)  # fmt: skip
NESTED = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=6,
)
NAMES = {
    kind: sorted(ever(kind) | set(order) | {"quantization_config", "dtype", "device_map"})
    for kind, (_, order) in objects().items()
}


@st.composite
def scripts(draw: st.DrawFn) -> str:
    """A few calls, each bound to a name, each of which can use the ones before."""
    lines = [
        "import torch, transformers, trl, peft, accelerate, datasets",
        "from transformers import AutoModel, AutoTokenizer",
    ]
    made: list[str] = ["torch.bfloat16", "unknown"]
    for number in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(sorted(NAMES)))
        called = {
            "transformers.from_pretrained": "AutoModel.from_pretrained",
            "transformers.tokenizer": "AutoTokenizer.from_pretrained",
            "transformers.generate": "model.generate",
            "peft.from_pretrained": "peft.PeftModel.from_pretrained",
        }.get(kind, kind)
        names = draw(st.lists(st.sampled_from(NAMES[kind]), max_size=6, unique=True))
        value = st.one_of(NESTED.map(repr), st.sampled_from(made))
        arguments = [f"{name}={draw(value)}" for name in names]
        separator = draw(st.sampled_from([", ", ",\n    "]))
        lines.append(f"v{number} = {called}({separator.join(arguments)})")
        made.append(f"v{number}")
        if draw(st.booleans()):
            lines.append(f"v{number}.{draw(st.sampled_from(KEYS))} = {draw(value)}")
    return "\n".join(lines) + "\n"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(scripts())
def test_scripts(text: str) -> None:
    report = check_text(text, "a.py", FACTS)
    for finding in report.findings:
        if finding.diff:
            ast.parse(apply_unified(text, finding.diff))
    if report.patch:
        ast.parse(apply_unified(text, report.patch))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(sorted(marks())),
    st.dictionaries(st.sampled_from(KEYS), NESTED, max_size=8),
    st.integers(0, 1),
)
def test_files(kind: str, more: dict[str, Any], indent: int) -> None:
    row = marks()[kind]
    needed = {
        key: more.get(key, 1)
        for key in (*row.get("all", ()), *row.get("any", ())[:1], *row.get("two", ())[:2])
    }
    document = {**more, **needed}
    text = json.dumps(document, indent=indent or None) + "\n"
    for finding in check_text(text, "a.json", FACTS).findings:
        if finding.diff:
            json.loads(apply_unified(text, finding.diff))
    text = yaml.safe_dump(document, allow_unicode=True, default_flow_style=bool(indent), sort_keys=False)
    for finding in check_text(text, "a.yaml", FACTS).findings:
        if finding.diff:
            yaml.safe_load(apply_unified(text, finding.diff))
