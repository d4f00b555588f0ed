"""Probes: bounded in time, silent about secrets and names, right about what this machine is."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assistant.machine import as_json, inspect_machine
from assistant.machine.here import this_machine
from assistant.machine.probes import gpu_tools, network, nvml, packages, privacy, storage, system, variables
from assistant.machine.probes.collecting import collect, merge, python_output
from assistant.reading import read

NVML_STUB = """
class NVMLError(Exception): pass
class _Memory: total, free = 24 << 30, 6 << 30
class _Process:
    def __init__(self, pid, used): self.pid, self.usedGpuMemory = pid, used
class _Load: gpu = 97
NVML_TEMPERATURE_GPU = NVML_MEMORY_ERROR_TYPE_UNCORRECTED = NVML_VOLATILE_ECC = 0
def nvmlInit(): pass
def nvmlSystemGetDriverVersion(): return b"570.86.15"
def nvmlSystemGetCudaDriverVersion_v2(): return 12080
def nvmlDeviceGetCount(): return 2
def nvmlDeviceGetHandleByIndex(index):
    if index == 1: raise NVMLError("GPU is lost")
    return index
def nvmlDeviceGetName(handle): return "NVIDIA GeForce RTX 3090"
def nvmlDeviceGetCudaComputeCapability(handle): return (8, 6)
def nvmlDeviceGetMemoryInfo(handle): return _Memory
def nvmlDeviceGetComputeRunningProcesses(handle): return [_Process(71, 17 << 30), _Process(72, None)]
def nvmlDeviceGetGraphicsRunningProcesses(handle): return [_Process(71, 17 << 30)]
def nvmlSystemGetProcessName(pid): return "/home/someone/env/bin/python --token hf_secret" if pid == 71 else "C:\\\\\\\\x\\\\\\\\explorer.exe"
def nvmlDeviceGetUtilizationRates(handle): return _Load
def nvmlDeviceGetTemperature(handle, kind): return 81
def nvmlDeviceGetCurrentClocksThrottleReasons(handle): return 0x40
def nvmlDeviceGetMigMode(handle): return [0, 0]
def nvmlDeviceGetComputeMode(handle): return 3
def nvmlDeviceGetTotalEccErrors(*asked): raise NVMLError("Not Supported")
def nvmlDeviceGetRemappedRows(handle): return (0, 1, 1, 0)
def nvmlDeviceGetEnforcedPowerLimit(handle): return 350000
"""


def test_a_hanging_or_failing_probe_costs_a_line():
    started = time.monotonic()
    found = collect(
        [
            ("slow", lambda: time.sleep(30) or {}, 0.2),
            ("broken", lambda: {}["nothing"], 0.2),
            ("good", lambda: {"python": "3.12"}, 0.2),
        ]
    )
    assert time.monotonic() - started < 5
    assert found["python"] == "3.12"
    assert [line.split(":")[0] for line in found["unanswered"]] == ["slow", "broken"]


def test_what_a_program_said_before_its_time_was_up_counts():
    text = python_output(["-c", "import time; print('first', flush=True); time.sleep(60)"], 2.0)
    assert text == "first\n"


def test_merging_keeps_what_is_there_and_joins_lists():
    report = {"driver": "1", "environment": {"disks": [1]}, "gpus": [{"index": 0}]}
    merge(
        report, {"driver": "2", "os": "x", "environment": {"disks": [2], "wsl": True}, "gpus": [{"index": 5}]}
    )
    assert report == {
        "driver": "1",
        "os": "x",
        "environment": {"disks": [1, 2], "wsl": True},
        "gpus": [{"index": 0}],
    }


def test_nvml_is_read_with_what_the_driver_lacks_left_out(tmp_path: Path):
    (tmp_path / "pynvml.py").write_text(NVML_STUB)
    run = subprocess.run(
        [sys.executable, nvml.__file__],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    driver, first, second = (json.loads(line) for line in run.stdout.splitlines())
    assert driver == {"driver": "570.86.15", "cuda_driver": "12.8"}
    assert second["gpu"] == {"index": 1, "error": "GPU is lost"}
    gpu = first["gpu"]
    assert (gpu["vram_gib"], gpu["free_gib"], gpu["compute_capability"]) == (24.0, 6.0, "8.6")
    assert gpu["processes"] == [
        {"pid": 71, "name": "python", "used_gib": 17.0},
        {"pid": 72, "name": "explorer.exe"},
    ]
    assert (gpu["throttled"], gpu["compute_mode"], gpu["row_remapping"]) == (
        ["hardware thermal slowdown"],
        "exclusive process",
        "pending",
    )
    assert gpu["power_limit_w"] == 350
    assert not {"ecc_errors", "mig", "driver_model"} & gpu.keys()


def test_rocm_smis_json_is_read():
    text = json.dumps(
        {
            "card0": {
                "Card Series": "AMD Instinct MI210",
                "VRAM Total Memory (B)": "68702699520",
                "VRAM Total Used Memory (B)": "10737418240",
            },
            "card1": {"Card series": "0x740f", "GPU use (%)": "0"},
            "system": {"Driver version": "6.3.6"},
        }
    )
    assert gpu_tools.amd_gpus(text) == [
        {"index": 0, "name": "AMD Instinct MI210", "vram_gib": 63.98, "free_gib": 53.98},
        {"index": 1, "name": "0x740f"},
    ]
    assert gpu_tools.amd_gpus("{broken") == []


def test_values_of_secrets_never_show(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_TOKEN", "hf_abcdefghijklmnopqrst")
    monkeypatch.setenv("WANDB_API_KEY", "0123456789abcdef")
    monkeypatch.setenv("HF_ENDPOINT", "https://ana:geheim@mirror.example/")
    monkeypatch.setenv("NCCL_SOCKET_IFNAME", "eth0")
    monkeypatch.setenv("MY_PRIVATE_THING", "private")
    found = variables.variables()["environment"]["variables"]
    assert (found["HF_TOKEN"], found["WANDB_API_KEY"]) == ("(set)", "(set)")
    assert found["HF_ENDPOINT"] == "https://mirror.example/"
    assert found["NCCL_SOCKET_IFNAME"] == "eth0"
    assert "MY_PRIVATE_THING" not in found
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    hub = network.hub()["environment"]["hub"]
    assert hub == {
        "endpoint": "https://mirror.example",
        "token": "variable",
        "reachable": False,
        "why": "offline mode",
    }


def test_names_and_homes_are_taken_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", "/scratch/anaschmidt")
    data = {
        "a": "/scratch/anaschmidt/models and /home/karl/x",
        "b": [r"C:\Users\Karl May\x", "node hgx-17"],
        "c": 3,
        "d": {"e": "anaschmidt"},
    }
    shown = privacy.private(data, ("anaschmidt", "hgx-17"))
    assert shown["a"] == "~/models and ~/x"
    assert "Karl May" not in str(shown) or "~" in str(shown["b"])
    assert "hgx-17" not in str(shown)
    assert shown["d"]["e"] == "[name]"


def test_an_unreachable_hub_says_why(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.delenv("TRANSFORMERS_OFFLINE", raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    hub = network.hub()["environment"]["hub"]
    assert (hub["reachable"], hub["why"]) == (False, "connection refused")


def test_a_taken_port_is_noticed(monkeypatch: pytest.MonkeyPatch):
    import socket

    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("MASTER_PORT", str(port))
        assert port in network.ports()["environment"]["ports_in_use"]


def test_models_go_where_huggingface_hub_puts_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    script = "from huggingface_hub import constants; print(constants.HF_HUB_CACHE)"
    for setting in (
        {},
        {"HF_HOME": str(tmp_path)},
        {"HF_HUB_CACHE": str(tmp_path / "c")},
        {"XDG_CACHE_HOME": str(tmp_path)},
    ):
        with monkeypatch.context() as scope:
            for name, value in setting.items():
                scope.setenv(name, value)
            theirs = subprocess.run(
                [sys.executable, "-c", script], capture_output=True, text=True, check=True
            ).stdout.strip()
            assert storage.models_folder() == theirs


def test_packages_are_found_without_importing_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name, version, needs in (
        ("trl", "1.0", "transformers>=99\nRequires-Dist: nothing-here; extra == 'x'"),
        ("torch", "9.9", ""),
        ("private-thing", "1", ""),
    ):
        folder = tmp_path / f"{name.replace('-', '_')}-{version}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            + (f"Requires-Dist: {needs}\n" if needs else "")
        )
    (tmp_path / "torch.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    found = packages.packages()
    assert found["packages"]["torch"] == "9.9"
    assert "private_thing" not in found["packages"]
    unmet = [each for each in found["environment"]["unmet_needs"] if each.startswith("trl 1.0")]
    assert len(unmet) == 1
    assert unmet[0].startswith("trl 1.0 needs transformers>=99, installed is ")
    assert found["environment"]["doubled"]["torch"][0] == "9.9"
    assert found["environment"]["shadowing"] == ["torch.py"]


def test_system_and_memory_agree_with_the_kernel():
    found = system.memory()["environment"]
    assert 0 < found["ram_free_gib"] <= found["ram_gib"]
    assert system.system()["python"] == ".".join(map(str, sys.version_info[:3]))


def test_this_machine_is_inspected_without_torch_in_this_process():
    code = (
        "import sys, json; from assistant.machine import inspect_machine, as_json;"
        "print(json.dumps(as_json(inspect_machine(torch_too=False, hub=False))));"
        "assert not {'torch', 'transformers', 'gradio'} & set(sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    data = json.loads(run.stdout)
    assert data["source"] == "this machine"
    assert data["packages"]["transformers"]
    assert data["environment"]["ram_gib"] > 0
    assert "unanswered" not in data


def test_this_machine_as_text_is_read_back():
    reading = read(this_machine())
    report = inspect_machine(torch_too=False, hub=False)
    assert reading.versions["transformers"] == report.packages["transformers"]
    assert as_json(report)["python"].startswith(reading.versions["python"])
