"""What kind of input a paste is."""

import re
from collections.abc import Mapping

from assistant.reading.lines import SortedLines
from assistant.reading.model import ExceptionInfo, Kind

_REPORT = re.compile(
    r"NVIDIA-SMI \d|ROCM-SMI|PyTorch version: |Copy-and-paste the text below in your GitHub issue|`transformers` version"
    r"|^- `?Accelerate`? version|DeepSpeed C\+\+/CUDA extension op report|^Package\s+Version\s*$",
    re.MULTILINE,
)


def kind_of(
    text: str, lines: SortedLines, exceptions: tuple[ExceptionInfo, ...], settings: Mapping[str, str]
) -> Kind:
    """The kind, by what makes up most of the paste that is not the user's own words."""
    errors = [each for each in exceptions if not each.name.endswith("Warning")]
    if any(each.frames for each in exceptions):
        return "traceback"
    if _REPORT.search(text) and not errors:
        return "report"
    if errors or lines.events or lines.log_lines >= 2:
        return "log"
    if len(settings) >= 2 or len(lines.config) > len(lines.prose):
        return "config"
    return "question"
