"""Python source as a tree, also where parts of it do not parse."""

import ast
import re
import warnings
from dataclasses import dataclass

from assistant.config.source.text import Text

_PROMPT = re.compile(r"([ \t]*)(?:>>>|\.\.\.)(?: |$)")
_GOES_ON = re.compile(r"[ \t\r\n#)\]}]|(?:elif|else|except|finally|case)\b|$")
_NEWER = re.compile(
    r"""\b[rRbB]?[fF][rRbB]?["']|^\s*type\s+\w+\s*=|^\s*(?:async\s+)?def\s+\w+\[|^\s*class\s+\w+\[|\b[tT]["']|^\s*except\s+\w+\s*,"""
)
_PYTHON_2 = re.compile(r"""^\s*(?:print\s+["'\w]|exec\s+["']|raise\s+\w+\s*,)""")
_TRIES = 40
_ALL_TRIES = 1000


@dataclass(frozen=True, slots=True)
class CodeFault:
    """Python's own message for the first place that does not parse. `newer`: perhaps only this Python
    is too old for it; `python2`: it looks like Python 2."""

    message: str
    line: int
    newer: bool = False
    python2: bool = False


def read_code(content: str) -> tuple[ast.Module, CodeFault | None]:
    """The tree of what parses, with the lines of the original, and the first fault. Never raises for
    text of any kind."""
    content = content.replace("\x00", " ").replace("\ufeff", " ")
    tree, fault = _parsed(content)
    if tree is not None:
        return tree, None
    if content.lstrip().startswith(">>>"):
        content = _without_prompts(content)
        tree, fault = _parsed(content)
        if tree is not None:
            return tree, None
    indented = _indented(content)
    if indented is not None:
        return indented, None
    return _pieces(content), fault


def _parsed(content: str) -> tuple[ast.Module | None, CodeFault | None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(content), None
    except SyntaxError as error:
        line = error.lineno or 1
        text = Text(content).line_text(line)
        message = " ".join(str(error.msg).split())
        return None, CodeFault(message, line, bool(_NEWER.search(text)), bool(_PYTHON_2.search(text)))
    except (ValueError, RecursionError, MemoryError) as error:
        return None, CodeFault(" ".join(str(error).split()) or "it is nested too deeply", 1)


def _without_prompts(content: str) -> str:
    """An interactive session: prompts become white space, what was printed becomes empty."""
    lines = re.split(r"(?<=\n)", content)
    kept = []
    for line in lines:
        match = _PROMPT.match(line)
        if match:
            kept.append(match.group(1) + " " * (match.end() - match.end(1)) + line[match.end() :])
        else:
            kept.append(re.sub(r"[^\r\n]", " ", line))
    return "".join(kept)


def _indented(content: str) -> ast.Module | None:
    """Code cut out of a block: all of it is indented."""
    first = next((line for line in content.splitlines() if line.strip() and line.strip()[0] != "#"), "")
    if not first[:1].isspace():
        return None
    tree, _ = _parsed("if 1:\n" + content)
    if tree is None or not isinstance(tree.body[0], ast.If):
        return None
    ast.increment_lineno(tree, -1)
    return ast.Module(body=[*tree.body[0].body, *tree.body[1:]], type_ignores=[])


def _pieces(content: str) -> ast.Module:
    """The statements at the left margin that parse; in one that does not, its worst lines are left out."""
    lines = re.split(r"(?<=\n)", content)
    starts = [n for n, line in enumerate(lines) if n == 0 or not _GOES_ON.match(line)]
    body: list[ast.stmt] = []
    position, tries = 0, _ALL_TRIES
    while position < len(starts):
        taken = 1
        tree: ast.Module | None = None
        while tree is None and taken <= min(_TRIES, tries) and position + taken <= len(starts):
            chunk = _chunk(lines, starts, position, taken)
            tree, fault = _parsed(chunk)
            unfinished = fault and re.search(r"unterminated|never closed|EOF|decorator", fault.message)
            if tree is None and not unfinished and not lines[starts[position]].startswith("@"):
                break
            taken += tree is None
            tries -= taken > 1
        if tree is None:
            taken = 1
            tree = _mended(_chunk(lines, starts, position, 1))
        if tree is not None:
            ast.increment_lineno(tree, starts[position])
            body.extend(tree.body)
        position += taken
    return ast.Module(body=body, type_ignores=[])


def _chunk(lines: list[str], starts: list[int], position: int, taken: int) -> str:
    after = position + taken
    return "".join(lines[starts[position] : starts[after] if after < len(starts) else len(lines)])


def _mended(chunk: str) -> ast.Module | None:
    lines = re.split(r"(?<=\n)", chunk)
    for _ in range(5):
        tree, fault = _parsed("".join(lines))
        if tree is not None or fault is None or fault.line > len(lines):
            return tree
        bad = lines[fault.line - 1]
        indent = bad[: len(bad) - len(bad.lstrip())]
        lines[fault.line - 1] = f"{indent}pass" + ("\n" if bad.endswith("\n") else "")
    return None
