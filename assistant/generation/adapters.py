"""Where our own adapter for the embedded language model lies."""

from pathlib import Path

OURS = Path(__file__).parent / "adapter"
"""The folder of the adapter that comes with Tracedoc; it may be missing in a checkout that is being trained."""
