"""Replays allocations by the rules of torch's caching allocator, to see how much it holds.

Rules of c10/cuda/CUDACachingAllocator (torch 2.x, no options set): sizes are rounded up to 512 bytes;
up to 1 MiB come from 2 MiB segments, up to 10 MiB from 20 MiB segments, larger ones from segments of
their own, rounded up to 2 MiB; the smallest free block that is large enough is taken, and split where
the rest is usable; neighbours that are free are joined, segments never are; a segment that is wholly
free goes back to the driver only when the driver has nothing left.
"""

import bisect
from collections import Counter
from collections.abc import Mapping

_MIB = 1 << 20
_SMALL, _MEDIUM = _MIB, 10 * _MIB


class OutOfMemory(Exception):
    """The device has no room for an allocation, also after cached segments were given back."""


class Allocator:
    """What is allocated and reserved, in bytes, by part; `limit` is the device's room, None for no end.

    `peak` is the most that was allocated, `parts` what it was made of, `reserved_peak` the most held."""

    def __init__(self, limit: float | None = None) -> None:
        self.limit = limit
        self.allocated = self.reserved = self.peak = self.reserved_peak = 0
        self.parts: Mapping[str, int] = {}
        self._by_part: Counter[str] = Counter()
        self._free: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
        # a block: size, neighbour before, neighbour after, is free, is large, part
        self._blocks: dict[int, list[int]] = {}
        self._owner: dict[int, str] = {}
        self._next = 0

    def take(self, part: str, size: float) -> int:
        """Allocates; returns the block. Raises OutOfMemory."""
        wanted = max(512, (int(size) + 511) // 512 * 512)
        large = wanted > _SMALL
        free = self._free[large]
        at = bisect.bisect_left(free, (wanted, -1))
        block = free.pop(at)[1] if at < len(free) else self._segment(wanted, large)
        self._split(block, wanted, large)
        entry = self._blocks[block]
        entry[3] = 0
        self._owner[block] = part
        self._by_part[part] += entry[0]
        self.allocated += entry[0]
        if self.allocated > self.peak:
            self.peak, self.parts = self.allocated, dict(self._by_part)
        return block

    def give(self, block: int) -> None:
        """Frees a block."""
        entry = self._blocks[block]
        self.allocated -= entry[0]
        self._by_part[self._owner.pop(block)] -= entry[0]
        entry[3] = 1
        for side in (1, 2):
            other = entry[side]
            if other and self._blocks[other][3]:
                joined = self._blocks.pop(other)
                self._forget(other, joined)
                entry[0] += joined[0]
                entry[side] = joined[side]
                if joined[side]:
                    self._blocks[joined[side]][3 - side] = block
        bisect.insort(self._free[entry[4]], (entry[0], block))

    def _segment(self, wanted: int, large: bool) -> int:
        if not large:
            size = 2 * _MIB
        elif wanted < _MEDIUM:
            size = 20 * _MIB
        else:
            size = (wanted + 2 * _MIB - 1) // (2 * _MIB) * (2 * _MIB)
        if self.limit is not None and self.reserved + size > self.limit:
            self._release()
            if self.reserved + size > self.limit:
                raise OutOfMemory
        self.reserved += size
        self.reserved_peak = max(self.reserved_peak, self.reserved)
        self._next += 1
        self._blocks[self._next] = [size, 0, 0, 1, int(large)]
        return self._next

    def _split(self, block: int, wanted: int, large: bool) -> None:
        entry = self._blocks[block]
        rest = entry[0] - wanted
        if rest <= (_SMALL if large else 511):
            return
        self._next += 1
        self._blocks[self._next] = [rest, block, entry[2], 1, int(large)]
        if entry[2]:
            self._blocks[entry[2]][1] = self._next
        entry[0], entry[2] = wanted, self._next
        bisect.insort(self._free[large], (rest, self._next))

    def _forget(self, block: int, entry: list[int]) -> None:
        free = self._free[entry[4]]
        del free[bisect.bisect_left(free, (entry[0], block))]

    def _release(self) -> None:
        for free in self._free:
            kept = []
            for size, block in free:
                entry = self._blocks[block]
                if entry[1] or entry[2]:
                    kept.append((size, block))
                else:
                    self.reserved -= size
                    del self._blocks[block]
            free[:] = kept
