"""Memory of a graphics card by its name: what a process can use of what the box says."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from assistant.errors import UserError

_TABLE = Path(__file__).parents[2] / "corpus/data/gpus.toml"
_USABLE = 0.985
"""Of the memory of a card without ECC, the driver leaves about this much (24 GB: 23.6 GiB)."""
_REPORTED: Mapping[tuple[str, int], float] = {
    ("T4", 16): 14.7, ("A16", 16): 14.7, ("V100", 16): 15.8, ("V100", 32): 31.7, ("A10G", 24): 22.1,
    ("A10", 24): 22.1, ("L4", 24): 22.1, ("A40", 48): 44.4, ("L40", 48): 44.4, ("L40S", 48): 44.4,
    ("A100", 40): 39.4, ("A100", 80): 79.2, ("A800", 40): 39.4, ("A800", 80): 79.2, ("H100", 80): 79.1,
    ("H100", 94): 93.1, ("H800", 80): 79.1, ("H20", 96): 95.1, ("H200", 141): 139.8, ("GH200", 96): 94.5,
    ("B200", 180): 178.3, ("GB200", 186): 184.0, ("MI300X", 192): 191.5, ("RTX A6000", 48): 47.5,
    ("RTX 6000 Ada", 48): 47.5, ("RTX PRO 6000 Blackwell", 96): 94.9,
}  # fmt: skip
"""GiB that torch reports for a card and its memory as sold, where it is not that share."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """A card: its name, its usable memory in GiB, its CUDA compute capability (0: no CUDA)."""

    name: str
    usable_gib: float
    capability: float


@cache
def _cards() -> tuple[Mapping[str, Any], ...]:
    return tuple(tomllib.loads(_TABLE.read_text("utf-8"))["gpus"])


def find_gpu(text: str) -> Gpu:
    """The card that a text names ("RTX 3060 12GB", "NVIDIA A100-SXM4-40GB"). Raises UserError where it
    is none that is sold, or none with that much memory."""
    size = re.search(r"(\d{1,3})\s*(?:GB|GiB|G)\b", text, re.IGNORECASE)
    for card in _cards():
        # "2080" is asked for by those who mean the GeForce; names are short here, so a pattern decides
        if re.search(card["pattern"], text[:200], re.IGNORECASE):
            memory = card["memory"][0]
            if size:
                memory = int(size[1])
                if memory not in card["memory"]:
                    sold = " or ".join(map(str, card["memory"]))
                    raise UserError(f"the {card['name']} is sold with {sold} GB, not with {memory} GB.")
            usable = _REPORTED.get((card["name"], memory), memory * _USABLE)
            return Gpu(card["name"], round(usable, 1), card["cc"])
    raise UserError(
        f"`{text[:60]}` is no graphics card that I know: give its free memory in GiB with `--vram`."
    )
