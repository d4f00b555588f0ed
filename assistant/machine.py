"""This machine, as a report that is read like a pasted one: package versions and the GPU driver's
own summary. Everything is found without importing the packages, and each probe is bounded in time.
"""

import platform
import shutil
import subprocess
from importlib import metadata

_PACKAGES = (
    *("torch", "transformers", "peft", "bitsandbytes", "accelerate", "trl", "tokenizers", "datasets"),
    *("huggingface_hub", "safetensors", "deepspeed", "flash_attn", "triton"),
)
_SECONDS = 4


def this_machine() -> str:
    """Versions and, where NVIDIA's driver is installed, what `nvidia-smi` prints."""
    lines = [f"Python version: {platform.python_version()}", f"Platform: {platform.system()}"]
    for name in _PACKAGES:
        try:
            lines.append(f"{name}=={metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return "\n".join([*lines, _nvidia_smi()])


def _nvidia_smi() -> str:
    tool = shutil.which("nvidia-smi")
    if not tool:
        return ""
    try:
        run = subprocess.run([tool], capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return run.stdout
