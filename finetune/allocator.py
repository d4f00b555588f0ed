"""Memory of a training run on a CPU."""

import ctypes
import sys

_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of malloc.h
_LARGE = 32 * 2**20
"""Bytes from which a tensor gets pages of its own. Lower ones cost time (1 MiB: 2.3 times a step), as each
new page is cleared."""


def give_large_blocks_back() -> None:
    """Lets glibc return large tensors to the system when they are freed. Batches differ in length, so freed
    blocks seldom fit again: a run of the embedded model grew from 8 to 17 GiB within 375 steps."""
    if not sys.platform.startswith("linux"):
        return
    try:
        ctypes.CDLL("libc.so.6").mallopt(_MMAP_THRESHOLD, _LARGE)
    except (OSError, AttributeError):  # another C library
        return
