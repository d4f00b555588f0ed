"""Reads lists of packages: pip list, pip freeze, conda list, uv, pip show, collect_env's list, what pip says
while it installs, and tables of them in Markdown."""

import re
from collections.abc import Iterator
from typing import Any

from assistant.machine.paste.names import package_name

_VERSION = r"v?(?P<version>\d{1,4}(?:\.\d{1,10}){1,4}(?:[.-]?(?:dev|post|rc|a|b)\d{0,10})?(?:\+[A-Za-z0-9][\w.]{0,40})?)"
_FROZEN = re.compile(
    rf"(?<![\w./@-])(?P<name>[A-Za-z][\w.-]{{1,60}})(?:\[[\w,]{{1,60}}\])?\s?={{2,3}}\s?{_VERSION}(?![\w])"
)
_COLUMNS = re.compile(
    rf"^[ \t]{{0,12}}(?:[|│*-][ \t]{{1,4}})?(?P<name>[A-Za-z][\w.-]{{1,60}})(?:[ \t]{{1,60}}|[ \t]{{0,20}}[|│][ \t]{{0,20}}|[ \t]{{0,4}}=[ \t]{{1,4}}){_VERSION}(?P<rest>(?:[ \t|│][^\n]{{0,160}})?)$"
)
_LABELLED = re.compile(r"^[ \t]{0,8}\[(?P<label>pip3?|conda)\][ \t]{1,4}(?P<rest>\S[^\n]{0,160})$")
_INSTALLED = re.compile(r"Successfully installed (?P<list>[^\n]{3,4000})")
_ONE = re.compile(rf"(?P<name>[A-Za-z][\w.]{{0,60}}(?:-[A-Za-z]\w{{0,30}}){{0,6}})-{_VERSION}$")
_SATISFIED = re.compile(
    rf"Requirement already satisfied: (?P<name>[\w.-]{{1,60}})[^\n(]{{0,200}}\({_VERSION}\)"
)
_SHOWN = re.compile(
    rf"^[ \t]{{0,8}}Name: (?P<name>[\w.-]{{1,60}})[ \t]{{0,4}}\n[ \t]{{0,8}}Version: {_VERSION}", re.MULTILINE
)
_STACKED = re.compile(
    rf"^[ \t]{{0,4}}(?P<name>[A-Za-z][\w.-]{{1,40}})[ \t]{{0,4}}\n[ \t]{{0,4}}{_VERSION}[ \t]{{0,4}}$",
    re.MULTILINE,
)
_ASKED = re.compile(
    rf"(?<![\w.])(?P<name>[a-z]\w{{1,30}})\.__version__\)?[^\n]{{0,80}}\n[ \t]{{0,4}}(?:Out\[\d{{1,4}}\]: ?)?['\"]?{_VERSION}['\"]?(?= |$|\n)"
)
_TREE = re.compile(rf"(?P<name>[A-Za-z][\w.-]{{1,60}}) \[required: [^\]\n]{{1,80}}, installed: {_VERSION}\]")
_CLASH = re.compile(
    rf"(?P<sentence>(?P<who>[\w.-]{{1,60}}) (?P<at>\d[\w.+]{{0,30}}) (?:requires|has requirement) (?P<need>[^\n]{{3,120}}?), but you(?:'ll)? have (?P<name>[\w.-]{{1,60}}) {_VERSION}(?: which is incompatible)?)"
)
_PATH = re.compile(
    rf"(?:site|dist)-packages[/\\](?P<name>[A-Za-z]\w{{1,40}})-{_VERSION}(?=[-.](?:py3|dist-info|egg))|[/\\](?P<wheel>[A-Za-z]\w{{1,40}})-(?P<wheel_version>\d[\d.]{{1,12}}(?:\+\w{{1,20}})?)-(?:cp|py)3"
)
_BANNER = re.compile(
    r"^[=+ ]{3,80}\s?bitsandbytes v(?P<bitsandbytes>\d[\w.]{2,20})\s?[=+ ]{3,80}$|Unsloth:? (?P<unsloth>20\d\d\.\d{1,2}(?:\.\d{1,3})?)|vLLM Version: (?P<vllm>\d[\w.]{2,20})|vLLM API server version (?P<vllm_b>\d[\w.]{2,20})",
    re.MULTILINE,
)


_WANTED = re.compile(r"\b(?:requires?|needs?|depends? on|pip3? install|uv (?:pip|add)|conda install)\b")


def wanted_versions(text: str) -> dict[str, str]:
    """Versions that the text only speaks of: what is required, or was asked of pip. They count where
    nothing says more."""
    found: dict[str, str] = {}
    for line in text.split("\n"):
        if "==" in line and _WANTED.search(line) and not _CLASH.search(line):
            for match in _FROZEN.finditer(line):
                for _, name, version in _one("", match["name"], match["version"], sure=False):
                    found.setdefault(name, version)
    return found


def package_lists(text: str) -> dict[str, Any]:
    """`packages` by name, and in `environment` what is installed twice or clashes by pip's own words."""
    versions: dict[str, str] = {}
    labelled: dict[str, dict[str, str]] = {}
    for label, name, version in _all(text):
        if label:
            labelled.setdefault(name, {}).setdefault(label, version)
        versions.setdefault(name, version)
    environment: dict[str, Any] = {}
    doubled = {
        name: sorted(set(by_label.values()))
        for name, by_label in labelled.items()
        if len({version.split("+")[0] for version in by_label.values()}) > 1
    }
    if doubled:
        environment["doubled"] = doubled
    clashes = []
    for clash in _CLASH.finditer(text):
        need = clash["need"].strip()
        clashes.append(
            f"{clash['who']} {clash['at']} needs {need}, installed is {clash['name']} {clash['version']}"
        )
        for _, name, version in _one("", clash["name"], clash["version"]):
            versions.setdefault(name, version)
    if clashes:
        environment["unmet_needs"] = clashes[:20]
    return {"packages": versions, "environment": environment} if versions or environment else {}


def _all(text: str) -> Iterator[tuple[str, str, str]]:
    """Label ("pip", "conda" or ""), name and version of each."""
    for pattern in (_SHOWN, _TREE, _SATISFIED, _ASKED):
        for match in pattern.finditer(text):
            yield from _one("", match["name"], match["version"])
    for listed in _INSTALLED.finditer(text):
        for word in listed["list"].split():
            each = _ONE.match(word)
            if each:
                yield from _one("", each["name"], each["version"])
    for match in _STACKED.finditer(text):
        yield from _one("", match["name"], match["version"], sure=False)
    for match in _PATH.finditer(text):
        yield from _one(
            "", match["name"] or match["wheel"], match["version"] or match["wheel_version"], sure=False
        )
    for match in _BANNER.finditer(text):
        for name, version in match.groupdict().items():
            if version:
                yield "", name.removesuffix("_b"), version
    yield from _lines(text.split("\n"))


def _lines(lines: list[str]) -> Iterator[tuple[str, str, str]]:
    rows = [_COLUMNS.match(line) for line in lines]
    for number, line in enumerate(lines):
        label = _LABELLED.match(line)
        row = rows[number]
        if label:
            each = _FROZEN.match(label["rest"]) or _COLUMNS.match(label["rest"])
            if each:
                yield from _one(label["label"][:3].replace("con", "conda"), each["name"], each["version"])
        elif row and _is_row(row):
            # a name that we do not know counts only among others
            near = sum(1 for other in rows[max(0, number - 3) : number + 4] if other) >= 4
            yield from _one("", row["name"], row["version"], sure=near)
        elif "==" in line:
            sure = bool(
                re.match(
                    r"[ \t]{0,8}[-*]?[ \t]?[A-Za-z][\w.\-\[\],]{0,80}={2,3}\d\S{0,40}[ \t]{0,4}(?:#|;|$)",
                    line,
                )
            )
            if _WANTED.search(line):
                continue
            for match in _FROZEN.finditer(line):
                yield from _one("", match["name"], match["version"], sure=sure)


def _is_row(row: re.Match[str]) -> bool:
    """Whether the rest of a line is what lists have there: nothing, a path, or build and channel."""
    rest = row["rest"].strip().strip("|│").strip()
    return not rest or len(rest.split()) <= 3 or rest.startswith(("/", "~", "git+"))


def _one(label: str, name: str, version: str, *, sure: bool = True) -> Iterator[tuple[str, str, str]]:
    known = package_name(name, sure=sure)
    if known:
        yield label, {"pytorch": "torch", "py_opencv": "opencv_python"}.get(known, known), version
