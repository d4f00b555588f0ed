"""The index that a bundle carries, put into the cache at the first start: nothing is built that could be
carried. Where this does not go, the server builds the index as it does everywhere.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from assistant.space.apart import GRAPH, TABLE, put_back
from index.embedder import DEFAULT, model_source
from index.errors import IndexFault
from index.store import CURRENT, current, read_manifest, switch

CARRIED = Path(__file__).parent.parent.parent / "carried" / "index"
"""Where a bundle has its index; a checkout has none."""


def unpack(cache: Path, source: Path = CARRIED) -> bool:
    """Puts a carried index in place, unless there is one of the same corpus already. Returns whether it
    did; what goes wrong is said on stderr."""
    if not (source / CURRENT).is_file():
        return False
    target = cache / "index"
    try:
        if _same(source, target):
            return False
        target.mkdir(parents=True, exist_ok=True)
        from filelock import FileLock

        with FileLock(target / "lock"):
            _copy(source, target)
        return True
    except (OSError, ValueError, IndexFault) as error:
        print(
            f"tracedoc: the carried index is not used, it will be built: {error}", file=sys.stderr, flush=True
        )
        return False


def weights_file() -> Path:
    """The packaged embedder's weights. Raises IndexFault where they are not the expected ones."""
    return Path(model_source(DEFAULT)) / "model.safetensors"


def _same(source: Path, target: Path) -> bool:
    ours, theirs = current(source), None
    try:
        theirs = current(target)
        if ours is None or theirs is None:
            return False
        one, other = read_manifest(ours), read_manifest(theirs)
    except IndexFault:
        return False
    return (one.corpus, one.embedder, one.format) == (other.corpus, other.embedder, other.format)


def _copy(source: Path, target: Path) -> None:
    generation = current(source)
    assert generation is not None
    home = read_manifest(generation).embedder_folder
    if not (target / home / "model.onnx").is_file():
        scratch = Path(tempfile.mkdtemp(prefix=".embedder-", dir=target))
        try:
            made = scratch / "made"
            shutil.copytree(source / home, made, ignore=shutil.ignore_patterns(GRAPH, TABLE))
            put_back(source / home, weights_file(), made / "model.onnx")
            shutil.rmtree(target / home, ignore_errors=True)
            os.replace(made, target / home)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    beside = target / f".{generation.name}"
    shutil.rmtree(beside, ignore_errors=True)
    shutil.copytree(generation, beside)
    shutil.rmtree(target / generation.name, ignore_errors=True)
    os.replace(beside, target / generation.name)
    switch(target, target / generation.name)
