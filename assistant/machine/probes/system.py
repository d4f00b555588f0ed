"""Python, the operating system, memory, limits, and what surrounds the process: container, WSL, notebook."""

from __future__ import annotations

import os
import platform
import struct
import sys
from typing import TYPE_CHECKING

from assistant.machine.probes.collecting import GIB, first_line

if TYPE_CHECKING:
    from typing import Any

_NOTEBOOKS = (
    ("COLAB_RELEASE_TAG", "colab"),
    ("COLAB_GPU", "colab"),
    ("KAGGLE_KERNEL_RUN_TYPE", "kaggle"),
    ("DATABRICKS_RUNTIME_VERSION", "databricks"),
    ("SM_CURRENT_HOST", "sagemaker"),
    ("PAPERSPACE_NOTEBOOK_REPO_ID", "paperspace"),
    ("JPY_PARENT_PID", "jupyter"),
    ("JPY_SESSION_NAME", "jupyter"),
)
_CONTAINERS = (
    ("KUBERNETES_SERVICE_HOST", "kubernetes"),
    ("APPTAINER_NAME", "apptainer"),
    ("SINGULARITY_NAME", "apptainer"),
)


def system() -> dict[str, Any]:
    """Python and operating system."""
    environment: dict[str, Any] = {
        "platform": platform.platform(),
        "machine": platform.machine(),
        "python_bits": struct.calcsize("P") * 8,
        "virtual_environment": _virtual_environment(),
    }
    processors = os.cpu_count()
    if processors:
        environment["cpus"] = processors
    return {"python": platform.python_version(), "os": _os_name(), "environment": environment}


def _os_name() -> str:
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}".strip()
    if sys.platform.startswith("linux"):
        try:
            with open("/etc/os-release", encoding="utf-8", errors="replace") as file:
                for line in file:
                    if line.startswith("PRETTY_NAME="):
                        return line.partition("=")[2].strip().strip("\"'")
        except OSError:
            pass
    return f"{platform.system()} {platform.release()}".strip()


def _virtual_environment() -> str:
    if os.path.isdir(os.path.join(sys.prefix, "conda-meta")):
        return "conda"
    return "venv" if sys.prefix != sys.base_prefix else "none"


def surroundings() -> dict[str, Any]:
    """Container, WSL, notebook, Space, batch system: they decide how a fix is written."""
    found: dict[str, Any] = {}
    container = _container()
    if container:
        found["container"] = container
    if "microsoft" in platform.release().lower():
        found["wsl"] = True
    notebook = next((name for variable, name in _NOTEBOOKS if os.environ.get(variable)), None)
    if notebook:
        found["notebook"] = notebook
    if os.environ.get("SPACE_ID") or os.environ.get("SYSTEM") == "spaces":
        found["space"] = os.environ.get("ACCELERATOR") or "cpu"
    if os.environ.get("SLURM_JOB_ID"):
        found["batch_system"] = "slurm"
    return {"environment": found}


def _container() -> str:
    named = next((name for variable, name in _CONTAINERS if os.environ.get(variable)), "")
    if named:
        return named
    if os.path.exists("/run/.containerenv"):
        return "podman"
    groups = first_line("/proc/1/cgroup")
    for word, name in (
        ("kubepods", "kubernetes"),
        ("docker", "docker"),
        ("containerd", "containerd"),
        ("lxc", "lxc"),
    ):
        if word in groups:
            return name
    return "docker" if os.path.exists("/.dockerenv") else ""


def memory() -> dict[str, Any]:
    """RAM, what a container may have of it, and limits of the process. Sizes in GiB."""
    found: dict[str, Any] = {}
    for key, size in (("ram_gib", _ram()), ("ram_free_gib", _free_ram()), ("ram_limit_gib", _ram_limit())):
        if size:
            found[key] = round(size / GIB, 2)
    limits = _process_limits()
    if limits:
        found["limits"] = limits
    return {"environment": found}


def _ram() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return _windows_ram()


def _windows_ram() -> int:
    if sys.platform != "win32":
        return 0
    import ctypes

    kilobytes = ctypes.c_ulonglong(0)
    ctypes.windll.kernel32.GetPhysicallyInstalledSystemMemory(ctypes.byref(kilobytes))
    return kilobytes.value << 10


def _free_ram() -> int:
    try:
        with open("/proc/meminfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) << 10
    except (OSError, ValueError):
        pass
    return 0


def _ram_limit() -> int:
    """The limit that the kernel enforces on this group of processes: tools that show the host's RAM miss it."""
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        text = first_line(path)
        if text.isdigit() and int(text) < 1 << 50:
            return int(text)
    return 0


def _process_limits() -> dict[str, Any]:
    if sys.platform == "win32":
        return {}
    import resource

    found: dict[str, Any] = {}
    for key, name in (
        ("open_files", "RLIMIT_NOFILE"),
        ("locked_memory", "RLIMIT_MEMLOCK"),
        ("address_space", "RLIMIT_AS"),
    ):
        number = getattr(resource, name, None)
        if number is not None:
            soft = resource.getrlimit(number)[0]
            found[key] = "unlimited" if soft == resource.RLIM_INFINITY else soft
    return found
