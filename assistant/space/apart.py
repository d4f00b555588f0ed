"""An ONNX model without its weights, and the weights put back from the package that they came from.

The packaged embedder's weights are installed beside us anyway: a bundle carries the graph alone (0.5 MB
instead of 91), and what is put together from it is the same file, byte for byte.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.files import write_atomic

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GRAPH, TABLE = "graph.onnx", "weights.json"
"""The model without its weights, and which tensor of the package belongs where."""
_SMALL = 512
"""Bytes up to which a tensor stays in the graph."""


def take_out(model: Path, weights: Path, folder: Path) -> None:
    """Writes GRAPH and TABLE for an ONNX file to a folder; `weights` is a safetensors file. What stands in
    the file as it is, or transposed, is left out. Raises OSError, and ValueError for what is no model."""
    from onnx import ModelProto

    where = {key: place for place, data in _tensors(weights) for key in (_hash(data),)}
    try:
        graph = ModelProto.FromString(model.read_bytes())
    except Exception as error:  # protobuf's own kinds of error
        raise ValueError(f"{model} is not an ONNX model") from error
    table: dict[str, tuple[str, bool]] = {}
    for tensor in graph.graph.initializer:
        if len(tensor.raw_data) > _SMALL and (found := where.get(_hash(tensor.raw_data))):
            table[tensor.name] = found
            tensor.ClearField("raw_data")
    write_atomic(folder / GRAPH, graph.SerializeToString())
    write_atomic(folder / TABLE, json.dumps(table, indent=0).encode())


def put_back(folder: Path, weights: Path, model: Path) -> None:
    """Writes the ONNX file that GRAPH and TABLE of a folder were made of. Raises OSError, and ValueError where
    they do not fit the weights."""
    from onnx import ModelProto

    try:
        graph = ModelProto.FromString((folder / GRAPH).read_bytes())
        table: dict[str, list[Any]] = json.loads((folder / TABLE).read_bytes())
    except OSError:
        raise
    except Exception as error:
        raise ValueError(f"{folder} does not hold a model without weights") from error
    data = dict(_tensors(weights))
    for tensor in graph.graph.initializer:
        if tensor.name in table:
            name, transposed = table.pop(tensor.name)
            if (name, bool(transposed)) not in data:
                raise ValueError(f"{weights} has no {name}")
            tensor.raw_data = data[name, bool(transposed)]
    if table:
        raise ValueError(f"{folder / GRAPH} has no {next(iter(table))}")
    write_atomic(model, graph.SerializeToString())


def _tensors(weights: Path) -> "Iterator[tuple[tuple[str, bool], bytes]]":
    """Each tensor of a safetensors file as bytes, and each matrix transposed too."""
    from safetensors.numpy import load_file

    tensors: dict[str, NDArray[np.generic]] = load_file(weights)
    for name, tensor in tensors.items():
        yield (name, False), tensor.tobytes()
        if tensor.ndim == 2:
            yield (name, True), tensor.T.tobytes()


def _hash(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()
