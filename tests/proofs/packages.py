"""Packages that are missing or do not fit, and what needs a process of its own. Where a package is to be
missing, Python is told that there is none."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import free_port
from tests.proofs import tiny
from tests.proofs.proof import proof


@proof("missing-accelerate", "device-map-needs", says="requires `accelerate`", slow=True)
def device_map_without_accelerate(fixed: bool, folder: Path) -> None:
    tiny.llama().save_pretrained(folder / "llama")
    code = "from transformers import LlamaForCausalLM\nLlamaForCausalLM.from_pretrained('llama', device_map='cpu')\n"
    _python(code, folder, missing="" if fixed else "accelerate")


@proof("bitsandbytes-setup", "outdated", says="requires bitsandbytes", slow=True)
def four_bits_without_bitsandbytes(fixed: bool, folder: Path) -> None:
    tiny.llama().save_pretrained(folder / "llama")
    code = (
        "from transformers import BitsAndBytesConfig, LlamaForCausalLM\n"
        "config = BitsAndBytesConfig(load_in_4bit=True)\n"
        "LlamaForCausalLM.from_pretrained('llama', quantization_config=config, device_map='cpu')\n"
    )
    _python(code, folder, missing="" if fixed else "bitsandbytes")


@proof("triton-not-working", "switch-off", says="No working C++ compiler found", slow=True)
def compiled_without_a_compiler(fixed: bool, folder: Path) -> None:
    compiled = "function" if fixed else "torch.compile(function)"
    code = f"import torch\nfunction = lambda x: x.sin() + 1\nprint({compiled}(torch.ones(3)))\n"
    _python(code, folder, CXX="/nowhere/g++", TORCHINDUCTOR_CACHE_DIR=str(folder / "cache"))


@proof("notebook-launch", "accelerator-outside", says="To launch a multi-device training", slow=True)
def accelerator_before_the_launch(fixed: bool, folder: Path) -> None:
    code = (
        "from accelerate import Accelerator, notebook_launcher\n\n\n"
        "def train():\n    Accelerator(cpu=True).wait_for_everyone()\n\n\n"
        f"{'' if fixed else 'accelerator = Accelerator(cpu=True)'}\n"
        f"notebook_launcher(train, num_processes=2, use_port='{free_port()}')\n"
    )
    _python(code, folder)


@proof("import-binary-clash", "numpy2", says="module 'numpy' has no attribute 'float'")
def alias_that_numpy_removed(fixed: bool) -> None:
    import numpy as np

    np.zeros(2, dtype=np.float64 if fixed else np.float)  # type: ignore[attr-defined]


def _python(code: str, folder: Path, *, missing: str = "", **variables: str) -> None:
    """Runs a script; what it prints is printed here. A variable that is "" is not set."""
    script = folder / "train.py"
    script.write_text(code)
    without = f"import sys; sys.modules[{missing!r}] = None; " if missing else ""
    kept = {name: value for name, value in (os.environ | variables).items() if variables.get(name, value)}
    done = subprocess.run(
        [sys.executable, "-c", f"{without}import runpy; runpy.run_path('train.py', run_name='__main__')"],
        cwd=folder,
        env=kept,
        capture_output=True,
        text=True,
        timeout=120,
    )
    print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
