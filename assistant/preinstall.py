"""Run before the installation, by any Python: says how much comes and checks that there is room.

Standard library only, and no syntax that a Python from 3.6 on could not read, so that it can say so.
"""

import shutil
import sys

NEEDED = (3, 11)
GB = 1e9
# installed sizes in GB, measured with constraints.txt: (with the CPU build of torch, with its CUDA build)
SIZES = {"run": (1.9, 7.0), "test": (2.6, 7.8)}


def main(target: str) -> "str | None":
    """Why nothing can be installed here, or None."""
    if sys.version_info < NEEDED:
        found = ".".join(str(part) for part in sys.version_info[:3])
        return (
            f"Python {NEEDED[0]}.{NEEDED[1]} or newer is needed, this is {found}: "
            f"run `make PYTHON=python3.12 {target}`."
        )
    small, large = SIZES[target]
    free = shutil.disk_usage(".").free / GB
    print(
        f"Installing into .venv: about {small:.1f} GB with the CPU build of PyTorch, {large:.1f} GB with its CUDA "
        f"build (pip takes the one that is usual for this system). Free here: {free:.1f} GB."
    )
    if free < small + 0.5:
        return (
            f"Not enough room: {free:.1f} GB are free, at least {small + 0.5:.1f} GB are needed. "
            "Free some and run make again."
        )
    if free < large + 0.5:
        print("That is enough for the CPU build only.")
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "run"))
