"""Disks that matter: where models go, temporary files, and shared memory."""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import TYPE_CHECKING

from assistant.machine.probes.collecting import GIB

if TYPE_CHECKING:
    from typing import Any


def storage() -> dict[str, Any]:
    """Free space and inodes where models, temporary files and this folder are; /dev/shm. Sizes in GiB."""
    disks = []
    seen = set()
    for purpose, path in (
        ("models", models_folder()),
        ("temporary files", tempfile.gettempdir()),
        ("this folder", os.getcwd()),
    ):
        disk = _disk(purpose, path)
        if disk and (disk["total_gib"], disk["free_gib"], disk["writable"]) not in seen:
            seen.add((disk["total_gib"], disk["free_gib"], disk["writable"]))
            disks.append(disk)
    found: dict[str, Any] = {"disks": disks}
    if os.path.isdir("/dev/shm"):
        shared = shutil.disk_usage("/dev/shm")
        found["shm_gib"] = round(shared.total / GIB, 2)
        found["shm_free_gib"] = round(shared.free / GIB, 2)
    return {"environment": found}


def models_folder() -> str:
    """Where the Hub's files are kept, as huggingface_hub decides it."""
    chosen = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    if chosen:
        return os.path.expanduser(chosen)
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join("~", ".cache")
    home = os.environ.get("HF_HOME") or os.path.join(cache, "huggingface")
    return os.path.join(os.path.expanduser(home), "hub")


def _disk(purpose: str, path: str) -> dict[str, Any] | None:
    there = path
    while not os.path.exists(there) and os.path.dirname(there) != there:
        there = os.path.dirname(there)
    try:
        usage = shutil.disk_usage(there)
    except OSError:
        return None
    disk: dict[str, Any] = {
        "purpose": purpose,
        "path": path,
        "total_gib": round(usage.total / GIB, 1),
        "free_gib": round(usage.free / GIB, 1),
        "writable": os.access(there, os.W_OK),
    }
    if hasattr(os, "statvfs"):
        inodes = os.statvfs(there)
        if inodes.f_files:
            disk["free_inodes_percent"] = round(100 * inodes.f_favail / inodes.f_files)
    return disk
