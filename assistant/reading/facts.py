"""What a paste states outright, under the names of corpus/FORMAT.md.

Only what is written counts; what is inferred from the name of a GPU (its usual memory) is left to
the case, which says where each fact came from.
"""

import re
from collections.abc import Mapping

import re2

from assistant.reading.doing import method_of, mode_of
from assistant.reading.hardware import about_machine
from assistant.reading.lines import SortedLines
from assistant.reading.model import ExceptionInfo, Fact
from assistant.reading.naming import about_model
from assistant.reading.settings import aliases
from assistant.reading.tried import tried

_FRAMEWORKS = re2.compile(
    r"(?i)llama-?factory|axolotl|unsloth|deepspeed|accelerate|\btrl\b|oobabooga|text-generation-webui|ms-swift|xtuner|fastchat|vllm|lightning"
)
_TOUCHING = re.compile(r"(?<=[\u3400-\u9fff])(?=[A-Za-z])|(?<=[A-Za-z])(?=[\u3400-\u9fff])")
_HOME = re.compile(r"(?:/home/|/Users/|[A-Za-z]:[\\/]{1,2}Users[\\/]{1,2})[^/\\\s]{1,80}(?=[/\\])")


def find_facts(
    text: str, lines: SortedLines, main: ExceptionInfo | None, settings: Mapping[str, str]
) -> Mapping[str, Fact]:
    """All facts by name, as corpus/FORMAT.md lists them, but for versions and captures."""
    stated = "\n".join(lines.stated)
    if main:
        stated = f"{stated}\n{main.message}"
    prose = "\n".join(lines.prose)
    facts: dict[str, Fact] = {f"set_{key}": value for key, value in settings.items()}
    facts.update(aliases(settings, stated))
    facts.update(_about_exception(main))
    facts.update(about_model(apart(stated), text, settings))
    facts.update(about_machine(stated, text))
    mode = mode_of(stated, prose, "\n".join(lines.config), main)
    if mode:
        facts["mode"] = mode
    method = method_of(apart(stated), apart(prose), settings, main)
    if method:
        facts["method"] = method
    framework = _FRAMEWORKS.search(text)
    if framework:
        facts["framework"] = str(framework[0]).lower().replace("-", "")
    facts.update(tried(apart(prose)))
    return facts


def apart(text: str) -> str:
    """The text with a space where Chinese meets a Latin word: 「用lora微调」 has no word boundary else."""
    return _TOUCHING.sub(" ", text)


def without_home(path: str) -> str:
    """A path with the user's home folder as `~`: names of people are not shown."""
    return _HOME.sub("~", path, count=1)


def _about_exception(main: ExceptionInfo | None) -> Mapping[str, Fact]:
    if not main:
        return {}
    facts: dict[str, Fact] = {}
    if main.type:
        facts["exception"] = main.name
    frame = main.user_frame
    if frame:
        facts["user_file"] = without_home(frame.file)
        if frame.line is not None:
            facts["user_line"] = float(frame.line)
        if frame.code:
            facts["user_code"] = frame.code
    if main.frames:
        facts["last_library"] = main.frames[-1].library
    return facts
