"""The lines that name a frame of a traceback, in all their forms, and whose code it is."""

import re

from assistant.reading.model import Frame

FRAME_LINE = re.compile(
    r"""\s{0,60}(?:
        File\s"(?P<file>[^"\n]{1,400})",\sline\s(?P<line>\d{1,9})(?:,\sin\s(?P<function>[^\n]{1,200}))?
      | File\s(?P<ifile>(?:[A-Za-z]:\\)?[^\s:"][^\n:"]{0,400}):(?P<iline>\d{1,9})(?:,\sin\s(?P<ifunction>[^\n]{1,200}))?\s*$
      | (?:Cell|Input)\s(?:In\s?)?\[(?P<cell>\d{1,6})\],?\s(?:line\s(?P<cline>\d{1,9})|in\s(?P<cfunction>[^\n]{1,120}))(?:,\sin\s(?P<c2function>[^\n]{1,120}))?
      | Input\sIn\s\[(?P<cell2>\d{1,6})\],?\sin\s(?P<cell2function>[^\n]{1,120})
      | \[?(?P<pfile><(?:ipython-input|timed)[^>\n]{1,80}>|(?:[~/]|[A-Za-z]:\\)[^\s\]]{1,300}\.py)\]?(?:\([^)\s]{0,300}\))?\sin\s(?P<pfunction><[\w\s:.]{1,40}>|\w[\w.<>]{0,80})
      | (?P<rfile>(?:[~/]|[A-Za-z]:\\|\.{0,2}[\w.-]{1,60}/)?[^\s:│|'"]{1,300}\.py):(?P<rline>\d{1,9})(?::?\sin\s(?P<rfunction><[\w\s:.]{1,40}>|\w[\w.<>]{0,80})|:\s[A-Z]\w{1,60}(?:Error|Exception)?\s*$)
      | in\s(?P<xfunction><[\w\s:.]{1,40}>|\w[\w.]{0,80}):(?P<xline>\d{1,9})\s*$
    )""",
    re.VERBOSE,
)
_COULD_BE = re.compile(r"File |\.py|Cell |Input |<ipython|<timed|\s{0,40}in [<\w]")
_PACKAGE = re.compile(r"(?:site-packages|dist-packages)[/\\](?:\.\.\.)?([A-Za-z_]\w{0,60})")
_STDLIB = re.compile(
    r"[/\\]lib(?:64)?[/\\]python3(?:\.\d{1,2})?[/\\](?!site-|dist-)|^<frozen |\\[Ll]ib\\(?!site-|dist-)|^<string>$|^<__array_function__"
)
_LAUNCHER = re.compile(r"[/\\](?:bin|Scripts)[/\\]([\w-]{1,60})(?:\.exe)?(?:$|[/\\]__main__\.py$)")
_LIBRARIES = (
    "transformers|peft|accelerate|bitsandbytes|trl|datasets|tokenizers|huggingface_hub|deepspeed|flash_attn|xformers|vllm|diffusers"
    "|sentence_transformers|gradio|unsloth|llamafactory|llmtuner|axolotl|auto_gptq|awq|optimum|triton|safetensors|evaluate|lightning"
)
_SOURCE_TREE = re.compile(
    rf"(?:^|[/\\]src[/\\]|\.\.\.[/\\]?)({_LIBRARIES}|torch)[/\\](?!examples|scripts)|[/\\]({_LIBRARIES})[/\\]\2[/\\]"
    r"|(?:^|[/\\])(torch)[/\\](?:nn|_\w{1,30}|cuda|utils|distributed|autograd|optim|serialization|functional|storage)(?:[/\\]|\.py)"
)
_OWN_TREE = re.compile(
    r"LLaMA-?Factory|llama-?factory[^/\\]*[/\\]src|axolotl[/\\]src|unsloth[/\\]unsloth", re.IGNORECASE
)


def frame_line(line: str) -> re.Match[str] | None:
    """The match of a line that names a frame (boxes and prefixes already taken off)."""
    line = line[:900]
    return FRAME_LINE.match(line) if _COULD_BE.search(line) else None


def frame_of(match: re.Match[str], code: str, line_from_arrow: int | None) -> Frame:
    """The frame that a line and the code below it show."""
    group = match.groupdict()
    cell = group["cell"] or group["cell2"]
    file = (
        group["file"]
        or group["ifile"]
        or group["pfile"]
        or group["rfile"]
        or (f"cell {cell}" if cell else "cell")
    )
    line = group["line"] or group["iline"] or group["cline"] or group["rline"] or group["xline"]
    function = next((value for name, value in group.items() if name.endswith("function") and value), "")
    number = int(line) if line else line_from_arrow
    return Frame(file, number, _plain(function), code[:300], library_of(file))


def library_of(file: str) -> str:
    """The package that a file belongs to; "" for the user's own (a checkout of a wrapper project,
    which users edit and whose settings are theirs, counts as their own)."""
    if "transformers_modules" in file:
        return "remote code"
    package = _PACKAGE.search(file)
    if package:
        return package[1]
    if _STDLIB.search(file):
        return "python"
    launcher = _LAUNCHER.search(file)
    if launcher:
        return launcher[1]
    if _OWN_TREE.search(file):
        return ""
    tree = _SOURCE_TREE.search(file)
    return next((name for name in tree.groups() if name), "") if tree else ""


def _plain(function: str) -> str:
    """A function's name, without the arguments that IPython prints after it."""
    function = function.strip()
    if function.startswith("<"):
        return function.partition(">")[0] + ">"
    return function.partition("(")[0].strip(" │|,")
