"""A pasted report as plain lines: without quotes, colours, HTML and secrets, its folded lines apart again."""

import html
import re

import re2

from assistant.reading.clean import clean, clean_lines
from assistant.reading.secrets import without_secrets

_LONGEST = 400_000
_AROUND = 40
_QUOTE = re.compile(r"^[ \t]{0,8}(?:(?:>|&gt;|\|(?=[ \t]{0,2}>))[ \t]?)+", re.MULTILINE)
_PREFIX = re.compile(
    r"^[ \t]{0,4}(?:\[(?:default|rank)?\d{1,4}\]: ?|[a-z][\w.-]{1,40}[-_]\d{1,3}[ \t]{1,8}\|[ \t]"
    r"|(?:\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d[\d.,:+Z-]{0,20}\]?|\[?\d\d:\d\d:\d\d[.,\d]{0,8}\]?)(?: stdout F| stderr F)?(?:[ \t]{1,4}[-|])?[ \t]{0,2}(?=\S)"
    r"(?:\[?(?:ERROR|WARNING|WARN|INFO|DEBUG)\]?[ \t]{0,4}[-|:]?[ \t]?)?)",
    re.MULTILINE,
)
"""What logs and launchers put before a line."""
_TAGS = re.compile(
    r"</?(?:details|summary|pre|code|br|p|div|span|b|strong|td|tr|th|table|tbody|li|ul)\b[^>\n]{0,80}>",
    re.IGNORECASE,
)
_BULLET = re.compile(r"[ \t]{1,20}(?=[-*•][ \t]{1,3}`?[A-Za-z🤗][\w `()/?.-]{1,50}:[ \t])")
_COLLECTED = (
    r"Is debug build|CUDA used to build PyTorch|ROCM used to build PyTorch|OS|GCC version|Clang version|CMake version|Libc version|Python version|Python platform"
    r"|Is CUDA available|CUDA runtime version|CUDA_MODULE_LOADING set to|GPU models and configuration|Nvidia driver version|cuDNN version|HIP runtime version"
    r"|MIOpen runtime version|Is XNNPACK available|CPU|Versions of relevant libraries|Is XPU available|Caching allocator config"
)
_FOLDED = re.compile(rf"[ \t]{{1,20}}(?=(?:{_COLLECTED}):[ \t])")
_LISTED = re.compile(
    r"(?<=\S)[ \t]{1,20}(?=\[(?:pip3?|conda)\] )|(?<=\S)[ \t]{1,8}(?=GPU \d{1,2}: )|(?<=\|)[ \t]{1,4}(?=\|[ \t])"
)
_TELLING = re2.compile(
    r"(?i)nvidia-smi|driver version|mib ?/|version|==\d|\bgpu[ :_]?\d|cuda|rocm|python|platform|\[pip3?\]|\[conda\]|bitsandbytes|deepspeed|/dev/shm|tracedoc"
)


def report_text(text: str | bytes) -> str:
    """The text that the readers look at; linear in its length, at most 400,000 characters."""
    plain = clean(text)
    if plain.count("\\n") >= max(3, 2 * plain.count("\n")):
        plain = plain.replace("\\r", "").replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"')
    if len(plain) > _LONGEST:
        plain = _telling_lines(plain)
    if "&" in plain:
        plain = html.unescape(plain).replace("\xa0", " ")
    if "<" in plain:
        plain = _TAGS.sub("\n", plain)
    plain = _QUOTE.sub("", _PREFIX.sub("", _QUOTE.sub("", plain))).replace("%2B", "+")
    return without_secrets(clean_lines("\n".join(_unfolded(line) for line in plain.split("\n"))))


def _unfolded(line: str) -> str:
    """A line that holds several lines of a report, apart again."""
    if len(line) < 120:
        return line
    for pattern in (_BULLET, _FOLDED, _LISTED):
        if len(pattern.findall(line)) >= 2:
            line = pattern.sub("\n", line)
    return line


def _telling_lines(text: str) -> str:
    """Of a long text, the lines around what a report would have."""
    lines = text.split("\n")
    wanted: set[int] = set()
    for number, line in enumerate(lines):
        if _TELLING.search(line[:400]):
            wanted.update(range(max(0, number - 2), number + _AROUND if "NVIDIA-SMI" in line else number + 3))
    kept: list[str] = []
    room = _LONGEST
    for number in sorted(wanted):
        if number < len(lines):
            room -= len(lines[number]) + 1
            if room < 0:
                break
            kept.append(lines[number])
    return "\n".join(kept)
