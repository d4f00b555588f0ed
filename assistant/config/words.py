"""Findings in words: the texts of the rules, filled in, with the place that proves them."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from assistant.config.report import Severity
from assistant.config.signatures.history import known_versions
from assistant.config.signatures.installed import installed_version, package_folder

_REPOSITORIES = {
    "transformers": "https://github.com/huggingface/transformers/blob/v{version}/src/transformers",
    "peft": "https://github.com/huggingface/peft/blob/v{version}/src/peft",
    "accelerate": "https://github.com/huggingface/accelerate/blob/v{version}/src/accelerate",
    "trl": "https://github.com/huggingface/trl/blob/v{version}/trl",
    "datasets": "https://github.com/huggingface/datasets/blob/{version}/src/datasets",
    "bitsandbytes": "https://github.com/bitsandbytes-foundation/bitsandbytes/blob/{version}/bitsandbytes",
}


@cache
def catalogue() -> Mapping[str, Mapping[str, Any]]:
    """Every row of the rules' TOML files by its id (an id may have variants, "C01-file")."""
    rows: dict[str, Mapping[str, Any]] = {}
    for file in sorted((Path(__file__).parent / "rules").glob("*.toml")):
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        rows |= {name: row for name, row in table.items() if isinstance(row, dict) and "severity" in row}
    return rows


def rule_id(name: str) -> str:
    """The id that people see for a row."""
    return str(catalogue()[name].get("rule", name))


def severity(name: str) -> Severity:
    """A row's usual severity."""
    found: Severity = catalogue()[name]["severity"]
    return found


def sentences(name: str, words: Mapping[str, Any], lang: str) -> tuple[str, str]:
    """Message and fix in a language ("en", "zh"). A word may be a mapping of both languages."""
    row = catalogue()[name]
    filled = {key: _word(value, lang) for key, value in words.items()}
    message, fix = row[lang]
    return message.format_map(filled), fix.format_map(filled)


def _word(value: Any, lang: str) -> str:
    if isinstance(value, Mapping) and lang in value:
        return str(value[lang])
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(value)
    return " ".join(str(value).split())[:200]


def source(name: str) -> str:
    """Where the rule can be read: an address. Rows that name a line of a library give the address of
    that line in the version that is installed here."""
    given = catalogue()[name]["source"]
    return given if isinstance(given, str) else _line_address(given["file"], given["has"])


@cache
def _line_address(file: str, fragment: str) -> str:
    package, path = file.split("/", 1)
    folder, version = package_folder(package), installed_version(package)
    if folder is None or version is None:
        known = known_versions(package)
        return f"{_base(package, f'{known[1]}.0' if known else 'main')}/{path}"
    line = line_of(folder / path, fragment)
    return f"{_base(package, version)}/{path}" + (f"#L{line}" if line else "")


def _base(package: str, version: str) -> str:
    return _REPOSITORIES[package].format(version=version.split("+")[0])


def line_of(file: Path, fragment: str) -> int | None:
    """The line of a library's file that has these words."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError:
        return None
    at = text.find(fragment)
    return text.count("\n", 0, at) + 1 if at >= 0 else None
