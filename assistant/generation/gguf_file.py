"""Reads a GGUF file that lies in several parts: its metadata, its vocabulary, and tensor by tensor.

The `gguf` package unpacks the blocks. Its own reader is not used: it wants one whole file and takes
nine seconds over the 262,144 strings of Gemma's vocabulary, and the weights need not be in memory at once.
"""

import struct
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_STRING, _ARRAY = 8, 9
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}


class NotGguf(Exception):
    """The bytes are no GGUF file that this reader knows; the message says why."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor in the file: its shape in torch's order, ggml's type number, and where its bytes lie."""

    name: str
    shape: tuple[int, ...]
    kind: int
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Gguf:
    """A GGUF file: `metadata` by llama.cpp's names, `tensors` by name."""

    parts: tuple[Path, ...]
    metadata: Mapping[str, Any]
    tensors: Mapping[str, Tensor]


def open_gguf(parts: Sequence[Path]) -> Gguf:
    """Reads the head of a file whose parts follow one another. Raises NotGguf or OSError."""
    head = _Cursor(_Span(parts))
    if head.take(4) != b"GGUF":
        raise NotGguf(f"{parts[0]} does not begin as a GGUF file does.")
    version, tensors, entries = head.unpack("IQQ")
    if version not in (2, 3):
        raise NotGguf(f"{parts[0]} has version {version} of GGUF; 2 and 3 are known.")
    try:
        metadata = dict(_entry(head) for _ in range(entries))
        table = [_row(head) for _ in range(tensors)]
    except (struct.error, UnicodeDecodeError, KeyError) as error:
        raise NotGguf(f"The head of {parts[0]} cannot be read: {error}.") from error
    alignment = metadata.get("general.alignment", 32)
    start = -(-head.at // alignment) * alignment
    found = (_tensor(name, shape, kind, start + offset) for name, shape, kind, offset in table)
    return Gguf(tuple(parts), metadata, {tensor.name: tensor for tensor in found})


def values(file: Gguf, tensor: Tensor) -> "NDArray[np.float32]":
    """The values of a tensor. Raises OSError."""
    data = _Span(file.parts).read(tensor.offset, tensor.size)
    return _unpacked(data, tensor.kind).reshape(tensor.shape)


def rows(file: Gguf, tensor: Tensor, chosen: "NDArray[np.int64]") -> "NDArray[np.float32]":
    """Some rows of a matrix, in the order asked for; only what lies between them is read. Raises OSError."""
    import numpy as np

    span, row = _Span(file.parts), tensor.size // tensor.shape[0]
    picked = np.empty((len(chosen), row), np.uint8)
    for first in range(0, tensor.shape[0], 8192):
        inside = np.flatnonzero((chosen >= first) & (chosen < first + 8192))
        if len(inside):
            count = min(8192, tensor.shape[0] - first)
            block = np.frombuffer(span.read(tensor.offset + first * row, count * row), np.uint8)
            picked[inside] = block.reshape(count, row)[chosen[inside] - first]
    return _unpacked(picked.tobytes(), tensor.kind).reshape(len(chosen), *tensor.shape[1:])


def _unpacked(data: bytes, kind: int) -> "NDArray[np.float32]":
    import gguf
    import numpy as np

    raw = np.frombuffer(data, np.uint8)
    if kind == gguf.GGMLQuantizationType.F32:
        return raw.view(np.float32)
    unpacked: NDArray[np.float32] = gguf.dequantize(raw, gguf.GGMLQuantizationType(kind))
    return unpacked


def _tensor(name: str, shape: tuple[int, ...], kind: int, offset: int) -> Tensor:
    import gguf

    try:
        elements, size = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType(kind)]
    except (ValueError, KeyError):
        raise NotGguf(f"The tensor {name} is packed in a way (type {kind}) that is not known.") from None
    return Tensor(name, shape, kind, offset, prod(shape) // elements * size)


def _row(head: "_Cursor") -> tuple[str, tuple[int, ...], int, int]:
    name = head.string()
    (dimensions,) = head.unpack("I")
    shape = tuple(reversed(head.unpack(f"{dimensions}Q")))  # ggml names the fastest dimension first
    kind, offset = head.unpack("IQ")
    return name, shape, kind, offset


def _entry(head: "_Cursor") -> tuple[str, Any]:
    key = head.string()
    (kind,) = head.unpack("I")
    return key, _value(head, kind)


def _value(head: "_Cursor", kind: int) -> Any:
    if kind == _STRING:
        return head.string()
    if kind != _ARRAY:
        return head.unpack(_SCALARS[kind])[0]
    element, count = head.unpack("IQ")
    if element == _STRING:
        return [head.string() for _ in range(count)]
    return list(head.unpack(f"{count}{_SCALARS[element]}"))


class _Span:
    """Parts as one run of bytes."""

    def __init__(self, parts: Sequence[Path]) -> None:
        self._parts = parts
        self._starts = [0]
        for part in parts:
            self._starts.append(self._starts[-1] + part.stat().st_size)

    def read(self, offset: int, size: int) -> bytes:
        """Exactly these bytes. Raises OSError where the file is shorter."""
        pieces, number = [], bisect_right(self._starts, offset) - 1
        while size > 0 and number < len(self._parts):
            with self._parts[number].open("rb") as stream:
                stream.seek(offset - self._starts[number])
                piece = stream.read(size)
            pieces.append(piece)
            offset, size, number = offset + len(piece), size - len(piece), number + 1
        if size > 0:
            raise OSError(f"{self._parts[-1]} is {size} bytes short")
        return b"".join(pieces)

    @property
    def size(self) -> int:
        return self._starts[-1]


class _Cursor:
    """Reads forward through the head, which is kept in memory as far as it has been read."""

    def __init__(self, span: _Span) -> None:
        self._span, self._read, self.at = span, bytearray(), 0

    def take(self, size: int) -> bytes:
        end = self.at + size
        if end > len(self._read):
            if end > self._span.size:
                raise NotGguf("The file ends within its head.")
            more = min(max(end - len(self._read), 2**22), self._span.size - len(self._read))
            self._read += self._span.read(len(self._read), more)
        piece = bytes(self._read[self.at : end])
        self.at = end
        return piece

    def unpack(self, form: str) -> tuple[Any, ...]:
        form = f"<{form}"
        return struct.unpack(form, self.take(struct.calcsize(form)))

    def string(self) -> str:
        (size,) = self.unpack("Q")
        return self.take(size).decode("utf-8")
