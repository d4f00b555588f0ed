"""What kind of input a paste is."""

import re
from collections.abc import Mapping

import re2

from assistant.reading.lines import SortedLines
from assistant.reading.model import ExceptionInfo, Kind
from assistant.reading.prose import is_prose

_REPORT = re2.compile(
    r"(?m)\"tracedoc_report\"|NVIDIA-SMI \d|ROCM-SMI|rocm-smi|PyTorch version: |Copy-and-paste the text below in your GitHub issue|`transformers` version"
    r"|^- `?(?:Accelerate|Platform)`?(?: version)?:|DeepSpeed C\+\+/CUDA extension op report|^Package\s{1,60}Version\s{0,60}$|^Collecting environment information"
)
_LISTED = re.compile(r"[A-Za-z][\w.-]{1,50}(?:\s{2,60}|==)\d[\w.+]{0,30}(?:\s{2,60}\S{1,80})?$")


def kind_of(
    text: str, lines: SortedLines, exceptions: tuple[ExceptionInfo, ...], settings: Mapping[str, str]
) -> Kind:
    """The kind, by what makes up most of the paste that is not the user's own words."""
    errors = [each for each in exceptions if not each.name.endswith("Warning")]
    printed = errors if lines.trace_lines else []
    if any(each.frames for each in exceptions):
        return "traceback"
    if not printed and holds_report(text, lines):
        return "report"
    if printed and not lines.log_lines:
        return "traceback"
    if printed or lines.events or lines.log_lines >= 2:
        return "log"
    if lines.log_lines and not any(is_prose(line) for line in lines.config) and len(lines.config) < 2:
        return "log"
    if len(settings) >= 2 and (
        len(lines.config) >= 2 or not lines.prose or len(settings) > 2 * len(lines.prose)
    ):
        return "config"
    if len(lines.config) > len(lines.prose) and not (len(lines.config) == 1 and not settings):
        return "config"
    return "question"


def holds_report(text: str, lines: SortedLines) -> bool:
    """Whether a machine's report (nvidia-smi, an environment, a list of packages) stands in a text."""
    return bool(_REPORT.search(text)) or _is_list(lines.stated)


def _is_list(lines: tuple[str, ...]) -> bool:
    """Whether a text is a list of packages with their versions."""
    listed = sum(bool(_LISTED.match(line[:200])) for line in lines[:200])
    return listed >= 4 and listed * 2 > len(lines[:200])
