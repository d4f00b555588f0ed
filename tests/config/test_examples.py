"""Scripts and configurations that run: nothing is said against them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.config import Facts, check_file

FILES = sorted((Path(__file__).parent / "examples").iterdir())
AMPERE = Facts(gpu="A100", compute_capability=8.0, vram_gib=79.0, cpus=16)


@pytest.mark.parametrize("file", FILES, ids=[file.name for file in FILES])
@pytest.mark.parametrize("facts", [Facts(), AMPERE], ids=["alone", "on an A100"])
def test_no_errors_and_no_warnings(file: Path, facts: Facts) -> None:
    findings = check_file(file, facts).findings
    assert [(f.rule, f.line, f.message) for f in findings if f.severity != "advice"] == []


@pytest.mark.slow
@pytest.mark.parametrize("file", [f for f in FILES if f.suffix == ".py"], ids=lambda file: file.name)
def test_they_run(file: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(file)], check=True, cwd=tmp_path, timeout=300)


@pytest.mark.slow
def test_accelerate_reads_its_files() -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    for file in FILES:
        if file.name.startswith("accelerate_"):
            load_config_from_file(str(file))


def test_kinds() -> None:
    kinds = {file.name: check_file(file).kind for file in FILES}
    assert json.loads(json.dumps(kinds)) == {
        "accelerate_deepspeed.yaml": "accelerate",
        "accelerate_fsdp.yaml": "accelerate",
        "adapter_config.json": "file.adapter",
        "arguments.py": "python",
        "axolotl_qlora.yml": "axolotl",
        "classification.py": "python",
        "ds_zero2.json": "deepspeed",
        "ds_zero3.json": "deepspeed",
        "generate.py": "python",
        "generation_config.json": "file.generation",
        "llamafactory_lora.yaml": "llamafactory",
        "sft_qlora.py": "python",
        "trl_recipe.yaml": "file.training",
    }
