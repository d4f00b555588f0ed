"""Every rule fires on a machine that has its problem, says so completely in both languages, and leads to an
entry of the corpus; a sound machine gets none."""

import re
from typing import Any

import pytest

from assistant.machine.data import as_json, from_data
from assistant.machine.findings import findings, ranked, rules
from assistant.machine.model import Finding, Report
from corpus import load
from corpus.conditions import check

A100 = {
    "index": 0,
    "name": "NVIDIA A100-SXM4-80GB",
    "vram_gib": 79.25,
    "free_gib": 78.8,
    "compute_capability": "8.0",
    "processes": [],
    "utilization": 0,
    "temperature_c": 33,
    "ecc_errors": 0,
}
SOUND: dict[str, Any] = {
    "source": "this machine",
    "measured": True,
    "gpus": [A100],
    "driver": "580.65.06",
    "cuda_driver": "13.0",
    "cuda_torch": "12.8",
    "python": "3.12.3",
    "os": "Ubuntu 24.04.2 LTS",
    "packages": {
        "torch": "2.9.1+cu128",
        "transformers": "5.2.0",
        "huggingface_hub": "1.3.0",
        "bitsandbytes": "0.49.0",
    },
    "torch": {
        "version": "2.9.1+cu128",
        "cuda": "12.8",
        "available": True,
        "architectures": ["sm_70", "sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_120"],
        "works": True,
        "bitsandbytes": {"works": True, "device": "cuda"},
    },
    "environment": {
        "platform": "Linux-6.8.0-52-generic-x86_64-with-glibc2.39",
        "machine": "x86_64",
        "ram_gib": 503.7,
        "ram_free_gib": 480.0,
        "shm_gib": 251.8,
        "limits": {"open_files": 1048576},
        "disks": [
            {
                "purpose": "models",
                "path": "~/.cache/huggingface/hub",
                "total_gib": 900.0,
                "free_gib": 400.0,
                "writable": True,
            }
        ],
        "hub": {"endpoint": "https://huggingface.co", "reachable": True, "ms": 80, "token": "file"},
        "ports_in_use": [],
        "variables": {"HF_HOME": "/data/hf"},
    },
}


def machine(**changes: Any) -> dict[str, Any]:
    """The sound machine with other values; None takes one away, environment and torch are merged."""
    data = {**SOUND}
    for key, value in changes.items():
        merged = {**data[key], **value} if key in ("environment", "torch", "packages") and value else value
        data[key] = (
            {name: each for name, each in merged.items() if each is not None}
            if isinstance(merged, dict)
            else merged
        )
    return {key: value for key, value in data.items() if value is not None}


def card(**changes: Any) -> list[dict[str, Any]]:
    return [{**A100, **changes}]


def pasted(**values: Any) -> dict[str, Any]:
    return {"source": "pasted", "gpus": [], "packages": {}, "environment": {}, **values}


NO_GPU = {
    "gpus": [],
    "driver": None,
    "cuda_driver": None,
    "torch": {"available": False, "architectures": None, "works": None, "bitsandbytes": None},
}
T4 = card(name="Tesla T4", compute_capability="7.5", vram_gib=15.0, free_gib=14.9)
CASES: dict[str, dict[str, Any]] = {
    "driver-needs-reboot": pasted(signs={"driver_mismatch": "yes"}),
    "gpu-lost": pasted(signs={"xid": "79"}),
    "driver-not-running": pasted(signs={"driver_not_running": "yes"}),
    "driver-too-old": machine(driver="470.57.02", cuda_driver="11.4", torch={"available": False}),
    "gpu-newer-than-torch-build": machine(
        gpus=card(name="NVIDIA GeForce RTX 5090", compute_capability="12.0"),
        torch={"architectures": ["sm_80", "sm_90"]},
    ),
    "gpu-older-than-torch-build": machine(gpus=card(name="Tesla P100-PCIE-16GB", compute_capability="6.0")),
    "wsl-1-has-no-gpu": pasted(environment={"platform": "Linux-4.4.0-19041-Microsoft-x86_64-with-glibc2.31"}),
    "torch-without-cuda": machine(
        packages={"torch": "2.9.1+cpu"},
        cuda_torch=None,
        torch={"version": "2.9.1+cpu", "cuda": None, "available": False},
    ),
    "mac-has-no-cuda": pasted(os="macOS 15.3", signs={"torch_without_cuda": "yes"}),
    "torch-not-for-amd": pasted(
        gpus=[{"name": "AMD Radeon RX 7900 XTX"}], packages={"torch": "2.6.0+cu124"}, os="Ubuntu 24.04"
    ),
    "torch-import-fails": machine(
        torch={"version": None, "error": "OSError: libcudnn.so.9: cannot open shared object file"}
    ),
    "gpu-fails-at-first-computation": machine(torch={"works": False, "why": "CUDA error: unknown error"}),
    "gpu-hidden": machine(
        environment={"variables": {"CUDA_VISIBLE_DEVICES": "-1"}}, torch={"available": False}
    ),
    "visible-devices-outside": machine(environment={"variables": {"CUDA_VISIBLE_DEVICES": "0,3"}}),
    "driver-not-installed": machine(
        **{**NO_GPU, "environment": {"gpu_makers": ["nvidia"], "nvml": "NVML Shared Library Not Found"}}
    ),
    "gpu-not-usable": machine(torch={"available": False, "why": "CUDA unknown error"}),
    "bitsandbytes-too-old-for-windows": pasted(os="Windows 11", packages={"bitsandbytes": "0.41.1"}),
    "bitsandbytes-has-no-library-for-this-cuda": pasted(
        signs={"bnb_missing_library": "libbitsandbytes_cuda128.so"}
    ),
    "bitsandbytes-uses-its-cpu-library": pasted(
        signs={"bnb_cpu_library": "libbitsandbytes_cpu.so", "bnb_report": "yes"}
    ),
    "bitsandbytes-has-no-gpu": pasted(signs={"bnb_without_gpu": "yes"}),
    "bitsandbytes-fails": machine(
        torch={"bitsandbytes": {"works": False, "error": "RuntimeError: no kernel"}}
    ),
    "python-32-bit": machine(environment={"python_bits": 32}),
    "python-under-rosetta": machine(environment={"rosetta": True}),
    "packages-clash": pasted(packages={"transformers": "4.40.0", "tokenizers": "0.15.0"}),
    "file-shadows-library": machine(environment={"shadowing": ["datasets.py"]}),
    "disk-full": machine(
        environment={
            "disks": [
                {
                    "purpose": "models",
                    "path": "/data",
                    "total_gib": 100.0,
                    "free_gib": 0.2,
                    "free_inodes_percent": 40,
                }
            ]
        }
    ),
    "model-folder-not-writable": machine(
        environment={
            "disks": [
                {
                    "purpose": "models",
                    "path": "/data",
                    "total_gib": 100.0,
                    "free_gib": 50.0,
                    "writable": False,
                }
            ]
        }
    ),
    "more-processes-than-gpus": machine(environment={"accelerate_config": {"num_processes": "4"}}),
    "fabric-manager-not-running": pasted(signs={"fabric_manager": "yes"}),
    "gpu-error": machine(gpus=card(error="ERR!")),
    "glibc-too-old": pasted(signs={"glibc": "2.32"}),
    "transfer-package-missing": machine(
        packages={"huggingface_hub": "0.34.0", "transformers": "4.56.0"},
        environment={"variables": {"HF_HUB_ENABLE_HF_TRANSFER": "1"}},
    ),
    "gpu-memory-taken": machine(
        gpus=card(free_gib=2.0, processes=[{"pid": 71, "name": "python", "used_gib": 77.0}])
    ),
    "no-gpu-visible": machine(**NO_GPU),
    "bf16-on-a-gpu-without-it": machine(
        gpus=T4, environment={"accelerate_config": {"mixed_precision": "bf16"}}
    ),
    "flash-attention-on-old-gpu": machine(gpus=T4, packages={"flash_attn": "2.8.3"}),
    "two-cuda-runtimes-for-bitsandbytes": pasted(
        signs={"bnb_duplicate_cudart": "['libcudart.so.11.0', 'libcudart.so.12.0']"}
    ),
    "bitsandbytes-not-accepted": pasted(signs={"bnb_wanted": "yes"}, packages={"bitsandbytes": "0.45.2"}),
    "bitsandbytes-version-override": machine(environment={"variables": {"BNB_CUDA_VERSION": "118"}}),
    "bitsandbytes-too-old-for-this-device": pasted(backend="mps", packages={"bitsandbytes": "0.42.0"}),
    "vllm-on-windows": pasted(os="Windows 10", packages={"vllm": "0.6.0"}),
    "slow-8-bit": machine(gpus=card(name="Tesla V100-SXM2-32GB", compute_capability="7.0")),
    "installed-twice": machine(environment={"doubled": {"torch": ["1.2.0", "1.3.0"]}}),
    "needs-not-met": machine(
        environment={"unmet_needs": ["trl 1.16.0 needs transformers>=4.56.2, installed is 4.40.0"]}
    ),
    "versions-do-not-fit": pasted(packages={"numpy": "2.0.1", "torch": "2.1.2"}),
    "numpy-2-with-older-packages": pasted(signs={"numpy_abi": "yes"}),
    "xformers-for-another-torch": pasted(
        signs={"xformers_built_for": "2.1.0+cu121"}, packages={"torch": "2.2.0+cu121"}
    ),
    "trains-on-cpu-by-config": machine(environment={"accelerate_config": {"use_cpu": "True"}}),
    "integrated-gpu-is-listed": pasted(gpus=[{"name": "7900 XTX"}], environment={"integrated_gpus": [2]}),
    "rtx-40-without-peer-to-peer": machine(
        driver="535.54.03",
        cuda_driver="12.2",
        gpus=[
            *card(name="NVIDIA GeForce RTX 4090", compute_capability="8.9"),
            *card(index=1, name="NVIDIA GeForce RTX 4090", compute_capability="8.9"),
        ],
    ),
    "ecc-errors": machine(gpus=card(ecc_errors=12)),
    "gpu-throttled": machine(gpus=card(throttled=["hardware thermal slowdown"], temperature_c=93)),
    "gpu-exclusive": machine(gpus=card(compute_mode="exclusive process")),
    "shared-memory-small": machine(environment={"shm_gib": 0.06}),
    "disk-nearly-full": machine(
        environment={"disks": [{"purpose": "models", "path": "/data", "total_gib": 100.0, "free_gib": 6.0}]}
    ),
    "ram-nearly-full": machine(environment={"ram_free_gib": 0.4}),
    "hub-not-reachable": machine(
        environment={
            "hub": {"endpoint": "https://huggingface.co", "reachable": False, "why": "name not resolved"}
        }
    ),
    "other-cuda-in-library-path": machine(
        environment={"variables": {"LD_LIBRARY_PATH": "/usr/local/cuda-11.7/lib64"}}
    ),
    "toolkit-of-another-major-version": machine(
        environment={"nvcc": "11.8"}, packages={"deepspeed": "0.17.0"}
    ),
    "cuda-home-not-set": pasted(signs={"cuda_home": "yes"}),
    "left-over-rank": machine(
        environment={"notebook": "jupyter", "variables": {"RANK": "0", "WORLD_SIZE": "2"}}
    ),
    "cache-variable-without-effect": machine(environment={"variables": {"TRANSFORMERS_CACHE": "/data"}}),
    "caching-allocator-off": machine(environment={"variables": {"PYTORCH_NO_CUDA_MEMORY_CACHING": "1"}}),
    "kernel-older-than-accelerate-wants": pasted(signs={"old_kernel": "4.15.0"}),
    "mps-not-available": machine(
        os="macOS 12.6",
        gpus=[{"name": "Apple M1"}],
        driver=None,
        cuda_driver=None,
        cuda_torch=None,
        packages={"torch": "2.6.0"},
        torch={
            "version": "2.6.0",
            "cuda": None,
            "available": False,
            "mps_built": True,
            "mps_available": False,
            "works": None,
        },
    ),
    "two-packages-one-module": machine(packages={"pynvml": "11.5.0", "nvidia_ml_py": "12.560.30"}),
    "model-larger-than-memory": pasted(signs={"offloaded": "disk"}),
    "torch-missing": machine(packages={"torch": None}, torch=None, cuda_torch=None),
    "gpu-memory-partly-taken": machine(gpus=card(free_gib=40.0)),
    "development-versions": machine(packages={"transformers": "5.3.0.dev0"}),
    "no-native-bf16": machine(gpus=T4),
    "different-gpus": machine(gpus=[*card(), *card(index=1, name="NVIDIA A40", compute_capability="8.6")]),
    "gpus-left-idle": machine(
        gpus=[*card(), *card(index=1)],
        environment={"accelerate_config": {"num_processes": "1", "distributed_type": "NO"}},
    ),
    "gpu-is-split": machine(gpus=card(mig=True)),
    "torch-load-restricted": pasted(packages={"torch": "2.5.1", "transformers": "4.53.0"}),
    "memory-limit": machine(environment={"ram_limit_gib": 16.0}),
    "port-taken": machine(environment={"ports_in_use": [29500]}),
    "few-open-files": machine(environment={"limits": {"open_files": 1024}}),
    "offline-mode": machine(
        environment={"hub": {"endpoint": "https://huggingface.co", "reachable": False, "why": "offline mode"}}
    ),
    "other-toolkit-installed": machine(environment={"nvcc": "11.8"}),
    "torch-does-not-answer": {**machine(torch=None), "unanswered": ["torch: no answer within 6.3 s"]},
    "debugging-variable-set": machine(environment={"variables": {"CUDA_LAUNCH_BLOCKING": "1"}}),
    "broken-install": machine(environment={"broken_installs": ["~ransformers"]}),
    "windows-spills-into-ram": pasted(
        os="Windows 11", gpus=card(name="NVIDIA GeForce RTX 3070", driver_model="WDDM", free_gib=0.5)
    ),
}


def by_id(data: dict[str, Any], lang: str = "en") -> dict[str, Finding]:
    return {finding.id: finding for finding in findings(from_data(data), lang)}


def test_a_sound_machine_has_no_findings():
    assert by_id(SOUND) == {}


def test_nothing_known_means_nothing_found():
    assert findings(Report(source="pasted")) == ()


@pytest.mark.parametrize("rule", [rule.id for rule in rules()])
def test_every_rule_fires_and_says_everything(rule: str):
    for lang in ("en", "zh"):
        found = by_id(CASES[rule], lang)
        assert rule in found
        finding = found[rule]
        for text in (finding.title, finding.detail, finding.fix):
            assert text.strip()
            assert not re.search(r"[{}]|(?<=[ (：])\?(?![\w?])", text), text
            assert "  " not in text
    assert re.search(r"[\u4e00-\u9fff]", by_id(CASES[rule], "zh")[rule].title)


@pytest.mark.parametrize("rule", [rule.id for rule in rules()])
def test_no_rule_fires_on_a_neighbour(rule: str):
    """Severe findings come from what is wrong, not from how the case is made."""
    errors = {finding.id for finding in findings(from_data(CASES[rule])) if finding.severity == "error"}
    assert errors <= {rule, "torch-without-cuda"}


def test_entries_of_rules_exist():
    entries = {entry.id for entry in load().entries}
    assert {rule.entry for rule in rules()} - {None} <= entries


def test_conditions_can_be_read_and_ids_are_unique():
    for rule in rules():
        check(rule.condition)
    assert len({rule.id for rule in rules()}) == len(rules())
    known = {rule.id for rule in rules()}
    assert all(rule.after <= known for rule in rules())


def test_worst_first_and_equal_cards_once():
    data = machine(
        gpus=[*card(free_gib=1.0, utilization=80), *card(index=1, free_gib=1.5, utilization=80)],
        environment={"shadowing": ["torch.py"]},
    )
    found = findings(from_data(data))
    assert [finding.severity for finding in found] == sorted(
        (f.severity for f in found), key=["error", "warning", "advice"].index
    )
    taken = [finding for finding in found if finding.id == "gpu-memory-taken"]
    assert len(taken) == 1
    assert "0, 1" in taken[0].title


def test_ranked_keeps_what_was_first_among_equals():
    one, two = (Finding(name, "warning", "t", "d", "f") for name in ("one", "two"))
    error = Finding("three", "error", "t", "d", "f")
    assert ranked([one, two, error]) == (error, one, two)


def test_pasted_text_cannot_bring_markup_into_a_finding():
    data = pasted(signs={"bnb_missing_library": "x`<script>`[a](http://b)" + "y" * 900})
    text = by_id(data)["bitsandbytes-has-no-library-for-this-cuda"].detail
    assert "<" not in text
    assert len(text) < 600


def test_abilities_follow_from_the_compute_capability():
    def able(capability: str) -> set[str]:
        report = from_data(pasted(gpus=[{"name": "NVIDIA x", "compute_capability": capability}]))
        return {name for name, can in as_json(report)["gpus"][0]["abilities"].items() if can}

    assert able("7.0") == {"nf4"}
    assert able("7.5") == {"nf4", "int8"}
    assert able("8.6") == {"nf4", "int8", "bf16", "flash_attention_2"}
    assert able("9.0") == {"nf4", "int8", "bf16", "flash_attention_2", "fp8"}
    assert "abilities" not in as_json(from_data(pasted(gpus=[{"name": "AMD Radeon"}])))["gpus"][0]
