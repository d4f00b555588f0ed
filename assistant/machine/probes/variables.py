"""Environment variables that change what the libraries do. The value of a secret is never read."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_SHOWN = re.compile(
    r"(?:CUDA|NVIDIA|HIP|ROCR|HSA|GPU|HF|HUGGINGFACE|TRANSFORMERS|DIFFUSERS|DATASETS|TORCH|TORCHDYNAMO|TORCHINDUCTOR|PYTORCH|NCCL|GLOO|RCCL|UCX|ACCELERATE"
    r"|FSDP|DEEPSPEED|DS|BNB|BITSANDBYTES|OMP|MKL|OPENBLAS|TOKENIZERS|XLA|TPU|ASCEND|ZE|SYCL|TRITON|VLLM|MASTER|SAFETENSORS|WANDB)_\w+"
    r"|RANK|LOCAL_RANK|WORLD_SIZE|LOCAL_WORLD_SIZE|NODE_RANK|LD_LIBRARY_PATH|LD_PRELOAD|PYTHONPATH|PYTHONNOUSERSITE|KMP_\w+|(?:https?|all|no)_proxy"
    r"|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|SSL_CERT_FILE|TMPDIR|XDG_CACHE_HOME|SLURM_(?:NTASKS|NNODES|GPUS_ON_NODE|MEM_PER_NODE|CPUS_PER_TASK)"
)
_SECRET = re.compile(r"TOKEN(?!IZERS)|SECRET|PASSW|CREDENTIAL|AUTH|(?<!MONKEY)KEY(?!WORD)")
_UNSAID = re.compile(r"ENTITY|USERNAME|USER_AGENT|HOSTNAME|_HOST\b|RUN_ID|NODELIST|VISIBLE_DEVICES_UUID")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_LOGIN = re.compile(r"(?<=://)[^/@\s]+@")


def variables() -> dict[str, Any]:
    """Variables by name; of secrets only that they are set, of addresses no user and password."""
    found: dict[str, str] = {}
    for name in sorted(os.environ):
        if not _SHOWN.fullmatch(name) and name.lower() not in _PROXIES:
            continue
        if _SECRET.search(name.upper()):
            found[name] = "(set)"
        elif not _UNSAID.search(name):
            found[name] = _LOGIN.sub("", os.environ[name])[:300]
    return {"environment": {"variables": found}} if found else {}
