"""The version that an answer is for: the one that the user states, else the one installed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from assistant.case import Case
from assistant.config.signatures.history import known_versions, number
from assistant.reference.store import installed

_BARE = re.compile(r"(?<![\w.=-])v?(\d{1,2}\.\d{1,3}(?:\.\d{1,3})?)(?![\w%]|\.\d)")
_MAJOR = re.compile(
    r"(?:transformers|trl|peft|torch|pytorch|datasets|accelerate|hugg\w+)[\s_-]*(?:version\s*|版本\s*)?v?(\d{1,2})(?![\d.])|(?<![\w.])v(\d{1,2})(?![\w.])",
    re.IGNORECASE,
)
_MAJORS: Mapping[str, range] = {
    "transformers": range(2, 10), "trl": range(0, 5), "peft": range(0, 3), "accelerate": range(0, 4),
    "bitsandbytes": range(0, 3), "datasets": range(1, 10), "huggingface_hub": range(0, 5), "torch": range(1, 5),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Version:
    """A library's version and where it is from. `stated`: the user (or their machine's report) named it."""

    library: str
    text: str
    stated: bool = False

    @property
    def number(self) -> tuple[int, int]:
        return number(self.text)

    @property
    def is_installed(self) -> bool:
        return installed().get(self.library, "") == self.text


def version_for(library: str, case: Case) -> Version | None:
    """The version of a library that counts; None where it is neither stated nor installed."""
    stated = _stated(library, case)
    if stated:
        return Version(library, _completed(library, stated), stated=True)
    here = installed().get(library, "")
    return Version(library, here) if here else None


def _stated(library: str, case: Case) -> str:
    told = case.facts.get(library)
    if isinstance(told, str) and told[:1].isdigit():
        return told
    text = case.reading.text[:1_000]
    named = set(case.reading.versions) & _MAJORS.keys()
    if named:
        return ""  # the numbers belong to other libraries
    for found in _BARE.finditer(text):
        if int(found[1].split(".")[0]) in _MAJORS.get(library, ()):
            return found[1]
    for found in _MAJOR.finditer(text):
        major = found[1] or found[2]
        if int(major) in _MAJORS.get(library, ()):
            return major
    return ""


def _completed(library: str, version: str) -> str:
    """A version that is only stated as "4" or "5.x": the last one of it that is known. One that is stated
    as "5.23" is the installed 5.23.0."""
    here = installed().get(library, "")
    if here and (here == version or here.startswith(f"{version}.")):
        return here
    if "." in version:
        return version
    known = known_versions(library)
    last = known[1] if known else here
    return last if last.split(".")[0] == version else f"{version}.{_LAST.get((library, version), 0)}"


_LAST: Mapping[tuple[str, str], int] = {
    ("transformers", "4"): 57, ("trl", "0"): 29, ("accelerate", "0"): 34, ("huggingface_hub", "0"): 36,
    ("huggingface_hub", "1"): 33, ("datasets", "2"): 21, ("datasets", "3"): 6, ("datasets", "4"): 8, ("torch", "1"): 13,
}  # fmt: skip
"""Last minor version of majors that are over."""
