"""Writing files so that a crash, a full disk or a second writer never leaves half of one."""

import os
import tempfile
from pathlib import Path


def write_atomic(file: Path, data: bytes) -> None:
    """Writes `data` to `file` as a whole: a temporary file beside it, then a rename.

    Raises OSError (no space, no permission); then the old file stands as it was.
    """
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(name, file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
