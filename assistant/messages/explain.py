"""A match → what was checked, which values came, what would satisfy it, and where it stands, in words."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from assistant.messages.conditions import failed, names, satisfied
from assistant.messages.model import Hole, Match
from assistant.messages.source import check_source, constant

_LONGEST, _MOST_VALUES, _MOST_CONTEXT = 160, 6, 2
_PLAIN_NAME = re.compile(r"[A-Za-z_][\w.]*(?:\[[\w'\"]+\])?")
_ENDLESS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Explanation:
    """Parts of an answer in Markdown, "" where there is nothing to say: `where` it is said (library,
    version, file, line), what was `checked`, the `values` that came, what `satisfies` the check, the
    parameters it `concerns`, and how the pasted `version` differs; `code` are the check's own lines."""

    where: str
    checked: str
    values: str
    satisfies: str
    concerns: str
    version: str
    code: str

    @property
    def markdown(self) -> str:
        """All parts as one text."""
        block = f"```python\n{self.code}\n```" if self.code else ""
        parts = (self.where, self.checked, self.values, self.satisfies, self.concerns, self.version, block)
        return "\n\n".join(part for part in parts if part)


def explain(match: Match, lang: str, stated_versions: Mapping[str, str] | None = None) -> Explanation:
    """Explains a match in "en" or "zh". `stated_versions`: library → version as the user's text has it."""
    text = _texts(lang)
    return Explanation(
        where=_where(match, text),
        checked=_checked(match, text),
        values=_values(match, text),
        satisfies=_satisfies(match, text),
        concerns=_concerns(match, text),
        version=_version(match, text, stated_versions or {}),
        code=check_source(match).replace("```", "'''"),
    )


def concerned(match: Match) -> tuple[str, ...]:
    """The parameters of the function, or settings of its object, that the check speaks of."""
    return tuple(dict.fromkeys(_parameters(match)))


def _where(match: Match, text: Mapping[str, str]) -> str:
    site = match.site
    within = site.function
    if site.owner and not within.startswith("<"):
        within = f"{site.owner}.{site.function}"
    sentence = text[f"where_{site.kind}"].format(
        file=site.file,
        line=site.line,
        function=within,
        package=site.package,
        version=match.version,
        exception=site.exception or text["exception"],
    )
    if match.equals > 1 and not match.by_frame:
        sentence += text["equals"].format(count=match.equals)
    return sentence if match.exact or match.by_frame else sentence + text["part"]


def _checked(match: Match, text: Mapping[str, str]) -> str:
    guards = match.site.guards
    if not guards:
        return text["no_condition"] if match.site.kind != "text" else ""
    sentence = text["checked"].format(test=_code(failed(guards[-1])))
    context = [_code(failed(guard)) for guard in guards[-1 - _MOST_CONTEXT : -1]]
    if context:
        sentence += text["context"].format(tests=text["and"].join(context))
    return sentence


def _values(match: Match, text: Mapping[str, str]) -> str:
    rows = [
        f"{_code(name)} = {_code(value)}" for name, value in match.values.items() if _PLAIN_NAME.match(name)
    ]
    taken = set(match.site.arguments)
    guard = match.site.guards[-1:]
    for name in names(guard[0]) if guard else ():
        value = constant(match, name) if name not in taken else ""
        if value:
            rows.append(text["constant"].format(name=_code(name), value=_code(value, 240)))
    return text["values"].format(values=text["separator"].join(rows[:_MOST_VALUES])) if rows else ""


def _satisfies(match: Match, text: Mapping[str, str]) -> str:
    guards = match.site.guards
    wish = satisfied(guards[-1]) if guards else None
    if wish is None:
        return ""
    between = text["and"] if wish.how == "all" else text["or"]
    kind = "satisfies_warning" if match.site.kind in ("warning", "log") else "satisfies"
    return text[kind].format(conditions=between.join(map(_code, wish.conditions)))


def _concerns(match: Match, text: Mapping[str, str]) -> str:
    found = concerned(match)
    return text["concerns"].format(names=text["separator"].join(map(_code, found))) if found else ""


def _parameters(match: Match) -> Iterator[str]:
    arguments = set(match.site.arguments)
    spoken = [name for guard in match.site.guards[-2:] for name in names(guard)]
    spoken += [part.name.partition(".")[0] for part in match.template if isinstance(part, Hole)]
    literal = " ".join(part for part in match.template if isinstance(part, str))
    spoken += re.findall(r"[`'\"]([A-Za-z_]\w*)[`'\"=]", literal) + re.findall(
        r"\b([a-z]+(?:_[a-z0-9]+)+)\b", literal
    )
    yield from (name for name in spoken if name in arguments)
    settings = [guard.test for guard in match.site.guards[-2:]] + [
        part.name for part in match.template if isinstance(part, Hole)
    ]
    for source in settings:
        yield from re.findall(r"\b(?:self|args|config|self\.config|self\.args)\.([a-z]\w*)(?![\w(.])", source)


def _version(match: Match, text: Mapping[str, str], stated: Mapping[str, str]) -> str:
    package = match.site.package
    said = stated.get(package, "")
    if not said or said == match.version or match.version.startswith((f"{said}+", f"{said}.")):
        return ""
    return text["version"].format(package=package, stated=_harmless(said), version=match.version)


def _code(source: str, longest: int = _LONGEST) -> str:
    """Source or a pasted value as inline code that it cannot leave."""
    return f"`{_harmless(source, longest)}`"


def _harmless(value: str, longest: int = _LONGEST) -> str:
    flat = _ENDLESS.sub(" ", value.replace("`", "'")).strip()
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"


@cache
def _texts(lang: str) -> Mapping[str, str]:
    tables = tomllib.loads(files(__package__).joinpath("texts.toml").read_text(encoding="utf-8"))
    return tables["zh" if lang == "zh" else "en"]  # type: ignore[no-any-return]
