"""A text as what it is: read by its form, with the settings that it holds and what is wrong with its writing."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from assistant.config import kinds, stated
from assistant.config.edits import Edit
from assistant.config.memory import Memory
from assistant.config.python.code import read
from assistant.config.python.collect import python_settings
from assistant.config.report import Facts
from assistant.config.rules.rule import Context, Hit
from assistant.config.settings import Settings, Value
from assistant.config.source.code import CodeFault, read_code
from assistant.config.source.json_text import Flaw, NotJson, read_json
from assistant.config.source.notebook import Notebook, read_notebook
from assistant.config.source.text import Span, Text
from assistant.config.source.yaml_text import YamlFault, read_yaml
from assistant.config.views import unprefixed, with_parts
from assistant.errors import UserError

MAX_SIZE = 10 << 20
"""Characters of a notebook, which may have pictures."""
MAX_TEXT = 512_000
"""Characters of a script or configuration."""
_PROSE = re.compile(r"[^=()\[\]{}\"`#\\]*[.,;:!?，。：；！？]?\s*$")
KINDS = (
    "TrainingArguments, DeepSpeed, Accelerate and FSDP, Axolotl, LLaMA-Factory, adapter_config.json, "
    "generation_config.json"
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A text as it was read, with what was wrong with its writing."""

    context: Context
    notebook: Notebook | None = None
    faults: tuple[Hit, ...] = ()


def opened(text: str, name: str, facts: Facts, memory: Memory | None) -> Opened:
    """Raises UserError for what cannot be read as any kind of file that is checked."""
    _usable(text, name)
    file = _read(text, name, facts)
    return replace(file, context=replace(file.context, memory=memory))


def kind_of(text: str, name: str = "") -> str | None:
    """What a text would be checked as ("python", "deepspeed", …); None where there is nothing in it that
    the rules know. Never raises: for pastes that may be anything."""
    try:
        file = opened(text, name, Facts(), None)
    except UserError:
        return None
    return file.context.kind if file.context.settings else None


def _usable(text: str, name: str) -> None:
    what = f"`{name}`" if name else "the text"
    if len(text) > MAX_SIZE:
        raise UserError(
            f"{what} is larger than {MAX_SIZE >> 20} MB, so it is no configuration or script to check."
        )
    if not text.strip("\ufeff \t\r\n\x0c"):
        raise UserError(f"{what} is empty: there is nothing to check.")
    if text.count("\x00") or sum(c < " " and c not in "\t\r\n\x0c\x1b" for c in text[:4000]) > 40:
        raise UserError(f"{what} is binary, so it cannot be checked.")


def _read(text: str, name: str, facts: Facts) -> Opened:
    form = kinds.form(text if name else kinds.unfenced(text), name)
    plain = text if "." in name else kinds.unfenced(text)
    if form == "notebook":
        return _notebook(text, name, facts)
    _small(text, name)
    if form == "json":
        return _json(plain, name, facts)
    if form == "yaml":
        return _yaml(plain, name, facts)
    return _python(plain, facts, name)


def _small(text: str, name: str) -> None:
    if len(text) > MAX_TEXT:
        what = f"`{name}`" if name else "the text"
        raise UserError(
            f"{what} is larger than {MAX_TEXT // 1000} kB, so it is no configuration or script to check."
        )


def _python(text: str, facts: Facts, name: str) -> Opened:
    tree, fault = read_code(text)
    code = read(text, tree)
    settings = with_parts(python_settings(code))
    if fault is not None and not settings and not name.endswith(".py"):
        raise UserError(
            f"this is neither a Python script or notebook nor a configuration that is checked here ({KINDS})."
        )
    if fault is None and not tree.body:
        raise UserError("there is no code in it: there is nothing to check.")
    context = Context(code.text, "python", settings, facts, code, stated.in_text(text))
    if fault is not None and not name and _PROSE.match(code.text.line_text(fault.line)):
        fault = None  # a paste with words around the code
    return Opened(context, faults=_code_faults(fault, code.text))


def _code_faults(fault: CodeFault | None, text: Text) -> tuple[Hit, ...]:
    if fault is None:
        return ()
    name = "Y01-python2" if fault.python2 else "Y01-newer" if fault.newer else "Y01"
    line = text.line_text(fault.line)
    start = text.offset(fault.line, len(line) - len(line.lstrip()))
    return (Hit(name, Span(start, start + 1), {"problem": fault.message, "code": line.strip()[:80]}),)


def _notebook(text: str, name: str, facts: Facts) -> Opened:
    try:
        value, _ = read_json(text)
    except NotJson as error:
        line = Text(text).line(error.offset)
        raise UserError(
            f"`{name or 'the notebook'}` is not JSON (line {line}: {error}), so it is no notebook."
        ) from None
    if not isinstance(value.data, Settings):
        raise UserError(f"`{name or 'the notebook'}` is JSON, but no notebook: it lacks the list `cells`.")
    notebook = read_notebook(text, value.data)
    if not notebook.code.strip():
        raise UserError(f"`{name or 'the notebook'}` has no code cells: there is nothing to check.")
    tree, fault = read_code(notebook.code)
    code = read(notebook.code, tree, notebook.original)
    context = Context(
        code.text,
        "notebook",
        with_parts(python_settings(code)),
        facts,
        code,
        stated.in_text(notebook.original),
    )
    faults = tuple(replace(hit, severity="warning") for hit in _code_faults(fault, code.text))
    return Opened(context, notebook, faults)  # one cell that fails does not keep the others from running


def _json(text: str, name: str, facts: Facts) -> Opened:
    try:
        value, flaws = read_json(text)
    except NotJson as error:
        place = Text(text)
        line = place.line(error.offset)
        what = f"`{name}`" if name else "this"
        raise UserError(
            f"{what} is not JSON: line {line}, column {error.offset - place.starts[line - 1] + 1}: {error}."
        ) from None
    faults = tuple(_json_faults(flaws))
    return _document(text, value, name, facts, faults)


def _json_faults(flaws: Iterable[Flaw]) -> Iterable[Hit]:
    """One finding for the whole, at the first place, with all mended: `json.load` stops at the first."""
    wrong = [flaw for flaw in flaws if flaw.fault != "after"]
    if wrong:
        edits = [Edit(flaw.span, flaw.instead) for flaw in wrong]
        yield Hit(f"Y04-{wrong[0].fault.replace(' ', '-')}", wrong[0].span, {"count": len(wrong)}, edits)


def _yaml(text: str, name: str, facts: Facts) -> Opened:
    value, fault = read_yaml(text)
    if value is None or not isinstance(value.data, Settings):
        if fault is not None:
            what = f"`{name}`" if name else "this"
            raise UserError(f"{what} is not YAML: line {fault.line}: {fault.message}.")
        raise UserError(f"this holds no settings that are checked here ({KINDS}).")
    return _document(text, value, name, facts, _yaml_faults(fault, Text(text)))


def _yaml_faults(fault: YamlFault | None, text: Text) -> tuple[Hit, ...]:
    if fault is None:
        return ()
    start = text.offset(fault.line, 0)
    return (Hit("Y05", Span(start, start + 1), {"problem": fault.message}),)


def _document(text: str, value: Value, name: str, facts: Facts, faults: tuple[Hit, ...]) -> Opened:
    document = value.data
    found = kinds.kind(document) if isinstance(document, Settings) else None
    if found is None or not isinstance(document, Settings):
        raise UserError(f"this holds no settings that are checked here ({KINDS}).")
    if found == "file.adapter" and document.text("peft_type") != "LORA":
        found = "file.other_adapter"
    settings = [unprefixed(document) if found == "fsdp" else replace(document, kind=found)]
    if found == "llamafactory":
        settings.append(replace(document, kind="llamafactory.training", checked=False))
    inner = document.inner("quantization_config")
    if found == "model.config" and inner is not None:
        settings.append(replace(inner, kind="file.quantization"))
    context = Context(Text(text), found, with_parts(settings), facts, None, stated.in_text(text))
    return Opened(context, faults=faults)
