"""What a docstring says: its first paragraph, and the part for each parameter."""

import re
from collections.abc import Mapping

_STARTS = re.compile(
    r"[-*]?\s*[`*]{0,2}(?P<name>[A-Za-z_]\w*)[`*]{0,2}\s*(?:\((?P<kind>[^\n]*?)\)\s*)?:(?P<rest>.*)$"
)
_DEFAULT = re.compile(
    r",?\s*(?:\*optional\*|optional)?,?\s*defaults? to\s+(?P<value>`[^`]*`|[^,)]+)", re.IGNORECASE
)
_TAG = re.compile(r"</?(?:Tip|hfoption\w*|Deprecated|ExampleCodeBlock)\b[^>]*>|\[\[[\w.-]+\]\]")
_SECTION = re.compile(
    r"^\s*(?:Args|Arguments|Parameters|Example\w*|Returns?|Raises|Attributes|Yields|Note|\.\. )\b.*:?\s*$",
    re.IGNORECASE,
)
_LINK = re.compile(r"\[`?~?([^\]`]+)`?\](?:\([^)]*\))?")
_ROLE = re.compile(r":(?:class|func|meth|attr|ref|mod):`~?\.?([^`]*)`")
_TITLE = re.compile(r"^[-=~^]{3,}$")
_LONGEST = 420


def summary(doc: str) -> str:
    """The first paragraph that is prose, as one line."""
    for paragraph in re.split(r"\n\s*\n", _TAG.sub("", doc)):
        lines = [line.strip() for line in paragraph.strip().splitlines() if line.strip()]
        if (
            not lines
            or _TITLE.match(lines[-1])
            or _SECTION.match(lines[0])
            or lines[0].startswith(("```", ">>>", ".. ", "|"))
        ):
            continue
        if len(lines) == 1 and len(lines[0].split()) < 2:
            continue
        return shortened(" ".join(lines))
    return ""


def parameter_docs(doc: str, names: frozenset[str]) -> Mapping[str, tuple[str, str]]:
    """For each of the names that the docstring describes: the text, and the default that it states ("" if
    none). One pass over the lines: a description goes on as long as lines stand further in."""
    found: dict[str, tuple[str, str]] = {}
    name, depth, kind, text = "", 0, "", list[str]()

    def close() -> None:
        if name and name not in found:
            said = _DEFAULT.search(kind)
            value = said["value"].strip().strip("`") if said else ""
            found[name] = (shortened(" ".join(text)), value)

    for line in _TAG.sub("", doc).splitlines():
        bare = line.strip()
        inside = len(line) - len(line.lstrip())
        if name and (not bare or inside > depth):
            if bare:
                text.append(bare)
            continue
        match = _STARTS.match(bare)
        if match and match["name"] in names:
            close()
            name, depth, kind = match["name"], inside, match["kind"] or ""
            text = [match["rest"].strip()] if match["rest"].strip() else []
        elif bare:
            close()
            name = ""
    close()
    return found


def shortened(text: str, longest: int = _LONGEST) -> str:
    """One line of plain Markdown, cut after a sentence where it is long."""
    text = " ".join(_ROLE.sub(r"`\1`", _LINK.sub(r"`\1`", text)).split())
    if len(text) <= longest:
        return text
    cut = text[:longest]
    end = max(cut.rfind(". "), cut.rfind("; "))
    return cut[: end + 1] if end > longest // 3 else cut.rsplit(" ", 1)[0] + " …"


def first_sentence(text: str) -> str:
    """The text up to its first full stop."""
    match = re.search(r"[.。](?:\s|$)", text)
    return text[: match.start() + 1] if match else text
