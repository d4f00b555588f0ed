"""What people paste into a chat: no file name, words around it, Markdown."""

import pytest

from assistant.config import Facts, check_text, from_case, kind_of

CODE = "args = TrainingArguments(\n    'o', fp16=True, bf16=True)\n"
DEEPSPEED = '{"fp16": {"enabled": true}, "bf16": {"enabled": true}, "zero_optimization": {"stage": 2}}'

PASTES = {
    "code alone": (CODE, "C28", 2),
    "words around code": (f"Hi, I run this on two cards:\n\n{CODE}\nand it fails. Why?\n", "C28", 4),
    "中文": (f"这样设置为什么报错？\n\n{CODE}", "C28", 4),
    "Markdown": (f"Hi\n\n```python\n{CODE}```\n\nIt's broken, isn't it?\n", "C28", 5),
    "Markdown with YAML": ("My config:\n```yaml\nlearning_rate: 2e-4\nnum_train_epochs: 1\n```\n", "C13", 3),
    "Markdown with JSON": (f"ds:\n```json\n{DEEPSPEED}\n```\n", "D01", 3),
    "session": (">>> args = TrainingArguments('o', fp16=True, bf16=True)\n", "C28", 1),
    "JSON alone": (DEEPSPEED, "D01", 1),
    "YAML alone": ("learning_rate: 2e-4\nnum_train_epochs: 1\n", "C13", 1),
    "indented": ("        " + CODE.replace("\n    ", "\n            "), "C28", 2),
}


@pytest.mark.parametrize(("text", "rule", "line"), PASTES.values(), ids=PASTES)
def test_found_in_a_paste(text: str, rule: str, line: int) -> None:
    findings = check_text(text).findings
    assert [finding.rule for finding in findings] == [rule]
    assert findings[0].line in (line, line - 1)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (CODE, "python"),
        (DEEPSPEED, "deepspeed"),
        ("base_model: m\nadapter: lora\n", "axolotl"),
        ("model_name_or_path: m\nstage: sft\n", "llamafactory"),
        ("distributed_type: FSDP\nnum_processes: 2\n", "accelerate"),
        ("Why is my loss nan?", None),
        ("", None),
        ("x = 1\nprint(x)\n", None),
        ('{"a": 1}', None),
        ('Traceback (most recent call last):\n  File "a.py", line 1, in <module>\nValueError: no\n', None),
        ("CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 15.78 GiB total capacity)", None),
    ],
)
def test_kind(text: str, kind: str | None) -> None:
    assert kind_of(text) == kind


def test_facts_of_a_conversation() -> None:
    facts = from_case(
        {"gpu": "NVIDIA T4", "vram_gib": 15.0, "gpu_count": 2, "transformers": "4.44.2", "model": "x"}
    )
    assert facts == Facts({"transformers": "4.44.2"}, "T4", 7.5, 15.0, 2)
    assert from_case({}) == Facts()
    assert from_case({"gpu": "unheard of", "versions": {"trl": "0.9"}}) == Facts(versions={"trl": "0.9"})
