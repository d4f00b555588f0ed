"""Code that a proof loads from a folder is kept in a folder of the run, not in the user's cache."""

import os
import tempfile

os.environ.setdefault("HF_MODULES_CACHE", tempfile.mkdtemp(prefix="tracedoc-proofs-"))
