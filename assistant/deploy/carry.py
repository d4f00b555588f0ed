"""The index that a bundle carries: of the corpus alone, without the user's notes, its embedder without weights."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from assistant.errors import UserError
from assistant.space.apart import take_out
from assistant.space.carried import weights_file

Progress = Callable[[str, int, int], None]


def carry_index(
    root: Path, target: Path, scratch: Path, built: Path, progress: Progress | None = None
) -> Mapping[str, str]:
    """Writes the index of the checkout's corpus to `target`; `built` is an index that vectors are taken from
    where it has them, and `scratch` an empty folder. Returns the versions of the libraries that it needs.
    Raises UserError (code 3)."""
    from corpus import load
    from index import IndexFault, build
    from index.store import current, read_manifest, switch

    folder = scratch / "index"
    try:
        if built.is_dir():
            shutil.copytree(built, folder, ignore=shutil.ignore_patterns("lock", ".*"))
        build(load(root / "corpus" / "entries"), folder, progress=progress, notes=None)
        generation = current(folder)
        assert generation is not None
        manifest = read_manifest(generation)
        name = f"g-{manifest.corpus[:16]}"
        shutil.copytree(generation, target / name)
        _without_weights(folder / manifest.embedder_folder, target / manifest.embedder_folder)
        switch(target, target / name)
        return manifest.versions
    except (IndexFault, OSError, ValueError) as error:
        raise UserError(f"the index for the Space could not be made: {str(error).rstrip('.')}.", 3) from error


def _without_weights(home: Path, target: Path) -> None:
    shutil.copytree(home, target, ignore=shutil.ignore_patterns("model.onnx"))
    take_out(home / "model.onnx", weights_file(), target)
