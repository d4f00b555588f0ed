"""NVIDIA's GPUs by NVML, without torch and without a CUDA context. It runs in a process of its own:
a hanging driver cannot be interrupted from within."""

import json
import os
from importlib import import_module
from typing import Any

_GIB = 1 << 30
_THROTTLES = {
    0x08: "hardware slowdown",
    0x20: "software thermal slowdown",
    0x40: "hardware thermal slowdown",
    0x80: "power brake",
}
_COMPUTE_MODES = {1: "exclusive thread", 2: "prohibited", 3: "exclusive process"}


def main() -> None:
    """Prints one JSON object a line: the driver first, then each GPU."""
    try:
        nvml: Any = import_module("pynvml")
    except ImportError:
        print(json.dumps({"nvml_error": "nvidia-ml-py is not installed"}))
        return
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        print(json.dumps({"nvml_error": str(error)}))
        return
    driver = {"driver": _asked(nvml, "nvmlSystemGetDriverVersion")}
    cuda = _asked(nvml, "nvmlSystemGetCudaDriverVersion_v2")
    if cuda:
        driver["cuda_driver"] = f"{cuda // 1000}.{cuda % 1000 // 10}"
    print(json.dumps(driver), flush=True)
    for index in range(nvml.nvmlDeviceGetCount()):
        try:
            gpu = _gpu(nvml, nvml.nvmlDeviceGetHandleByIndex(index))
        except nvml.NVMLError as error:
            gpu = {"error": str(error)}
        print(json.dumps({"gpu": {"index": index, **gpu}}), flush=True)


def _asked(nvml: Any, question: str, *arguments: Any) -> Any:
    """The answer as text or number; None where the library, the driver or the GPU has none."""
    try:
        answer = getattr(nvml, question)(*arguments)
    except Exception:
        return None
    return answer.decode() if isinstance(answer, bytes) else answer


def _gpu(nvml: Any, handle: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"name": _asked(nvml, "nvmlDeviceGetName", handle)}
    capability = _asked(nvml, "nvmlDeviceGetCudaComputeCapability", handle)
    if capability:
        found["compute_capability"] = "{}.{}".format(*capability)
    memory = _asked(nvml, "nvmlDeviceGetMemoryInfo", handle)
    if memory:
        found["vram_gib"] = round(memory.total / _GIB, 2)
        found["free_gib"] = round(memory.free / _GIB, 2)
    found["processes"] = _processes(nvml, handle)
    found.update(_state(nvml, handle))
    return {key: value for key, value in found.items() if value is not None}


def _processes(nvml: Any, handle: Any) -> list[dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for question in ("nvmlDeviceGetComputeRunningProcesses", "nvmlDeviceGetGraphicsRunningProcesses"):
        for each in _asked(nvml, question, handle) or ():
            process: dict[str, Any] = {"pid": each.pid}
            name = _asked(nvml, "nvmlSystemGetProcessName", each.pid)
            if name:  # the program alone: its arguments may hold what is nobody's business
                process["name"] = os.path.basename(name.replace("\\", "/").split(" ")[0])
            if each.usedGpuMemory:
                process["used_gib"] = round(each.usedGpuMemory / _GIB, 2)
            found.setdefault(each.pid, process)
    return list(found.values())


def _state(nvml: Any, handle: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    load = _asked(nvml, "nvmlDeviceGetUtilizationRates", handle)
    if load:
        found["utilization"] = load.gpu
    found["temperature_c"] = _asked(nvml, "nvmlDeviceGetTemperature", handle, nvml.NVML_TEMPERATURE_GPU)
    reasons = _asked(nvml, "nvmlDeviceGetCurrentClocksThrottleReasons", handle) or 0
    throttled = [name for bit, name in _THROTTLES.items() if reasons & bit]
    if throttled:
        found["throttled"] = throttled
    mig = _asked(nvml, "nvmlDeviceGetMigMode", handle)
    if mig and mig[0]:
        found["mig"] = True
        found["mig_devices"] = _slices(nvml, handle)
    mode = _asked(nvml, "nvmlDeviceGetComputeMode", handle)
    if mode in _COMPUTE_MODES:
        found["compute_mode"] = _COMPUTE_MODES[mode]
    model = _asked(nvml, "nvmlDeviceGetCurrentDriverModel", handle)
    if model is not None:
        found["driver_model"] = "WDDM" if model == 0 else "TCC"
    found["ecc_errors"] = _asked(
        nvml,
        "nvmlDeviceGetTotalEccErrors",
        handle,
        nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED,
        nvml.NVML_VOLATILE_ECC,
    )
    rows = _asked(nvml, "nvmlDeviceGetRemappedRows", handle)
    if rows and (rows[2] or rows[3]):
        found["row_remapping"] = "failed" if rows[3] else "pending"
    for key, question in (
        ("pcie_width", "nvmlDeviceGetCurrPcieLinkWidth"),
        ("pcie_width_max", "nvmlDeviceGetMaxPcieLinkWidth"),
    ):
        found[key] = _asked(nvml, question, handle)
    for key, question in (
        ("power_limit_w", "nvmlDeviceGetEnforcedPowerLimit"),
        ("power_default_w", "nvmlDeviceGetPowerManagementDefaultLimit"),
    ):
        watts = _asked(nvml, question, handle)
        found[key] = watts // 1000 if watts else None
    return found


def _slices(nvml: Any, handle: Any) -> list[dict[str, Any]]:
    found = []
    for index in range(_asked(nvml, "nvmlDeviceGetMaxMigDeviceCount", handle) or 0):
        part = _asked(nvml, "nvmlDeviceGetMigDeviceHandleByIndex", handle, index)
        memory = _asked(nvml, "nvmlDeviceGetMemoryInfo", part) if part else None
        if memory:
            name = _asked(nvml, "nvmlDeviceGetName", part)
            sizes = {"vram_gib": round(memory.total / _GIB, 2), "free_gib": round(memory.free / _GIB, 2)}
            found.append({"name": name, **sizes} if name else sizes)
    return found


if __name__ == "__main__":
    main()
