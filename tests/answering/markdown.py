"""Just enough of Markdown's structure to test answers for it."""

import re

_FENCE = re.compile(r"^\s*(`{3,}|~{3,})")


def code_of(text: str) -> list[str]:
    """The contents of the code blocks."""
    return [block for kind, block in blocks(text) if kind == "code"]


def prose_of(text: str) -> str:
    """The text without its code blocks and code spans."""
    outside = "\n".join(block for kind, block in blocks(text) if kind == "prose")
    return re.sub(r"`[^`\n]*`", "", outside)


def unclosed(text: str) -> bool:
    """Whether a code block is left open."""
    return len([line for line in text.split("\n") if _FENCE.match(line)]) % 2 == 1


def blocks(text: str) -> list[tuple[str, str]]:
    """Prose and code in turn."""
    found: list[tuple[str, list[str]]] = [("prose", [])]
    for line in text.split("\n"):
        if _FENCE.match(line):
            found.append(("prose" if found[-1][0] == "code" else "code", []))
        else:
            found[-1][1].append(line)
    return [(kind, "\n".join(lines)) for kind, lines in found]
