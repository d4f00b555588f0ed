"""Checks training scripts and configurations: what fails, what is silently ignored, what wastes a GPU.

Nothing of the input is ever run. `check_text` and `check_file` are the way in; `as_json` is what
`tracedoc check --json` prints.
"""

from assistant.config.check import check_file, check_text
from assistant.config.gpus import from_case
from assistant.config.opened import kind_of
from assistant.config.report import Facts, Finding, Report, as_json

__all__ = ["Facts", "Finding", "Report", "as_json", "check_file", "check_text", "from_case", "kind_of"]
