"""What a Space installs: pyproject's dependencies and the `lm` extra, gradio left out, which Spaces brings
itself by `sdk_version`.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from assistant.errors import UserError

TORCH = "2.11.0"
"""The newest torch that ZeroGPU takes (2.8 to 2.11); one version for all hardware, so that a Space can be
moved from one to another. CI runs the tests with it too."""
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
"""Where builds of torch without CUDA are: 0.2 GB instead of 3."""
_EXACT = ("accelerate", "bitsandbytes", "gguf", "peft", "sentence-transformers", "transformers")
"""Pinned as in constraints.txt: what we tested models with. The rest keeps pyproject's ranges, because
Spaces installs `gradio[oauth,mcp]` beside it, which has limits of its own."""


def requirements(root: Path, built_with: Mapping[str, str], *, cpu: bool) -> str:
    """The text of requirements.txt. `built_with` are the versions of the libraries whose files the carried
    index holds: others would have it built anew. Raises UserError."""
    project = _project(root)
    pins = {**_pins(root), **{canonical(name): version for name, version in built_with.items()}}
    exact = {*map(canonical, _EXACT), *map(canonical, built_with)}
    lines = [
        _line(Requirement(text), pins, exact)
        for text in [*project["dependencies"], *project["optional-dependencies"]["lm"]]
        if canonical(Requirement(text).name) != "gradio"
    ]
    head = [
        "# Made by `tracedoc deploy` from pyproject.toml and constraints.txt. Spaces brings gradio and spaces."
    ]
    if cpu:
        head.append(f"--extra-index-url {CPU_INDEX}")
    return "\n".join([*head, *sorted(set(lines), key=str.lower)]) + "\n"


def gradio_version(root: Path) -> str:
    """The tested gradio. Raises UserError."""
    return _pins(root)["gradio"]


def canonical(name: str) -> str:
    """A package's name as the index knows it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _line(wanted: Requirement, pins: Mapping[str, str], exact: set[str]) -> str:
    name = canonical(wanted.name)
    if name == "torch":
        return f"{wanted.name}=={TORCH}"
    return f"{wanted.name}=={pins[name]}" if name in exact and name in pins else str(wanted)


def _project(root: Path) -> Any:
    try:
        return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"{root / 'pyproject.toml'} cannot be read: is {root} a checkout of Tracedoc?"
        ) from error


def _pins(root: Path) -> dict[str, str]:
    try:
        lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UserError(
            f"{root / 'constraints.txt'} cannot be read: is {root} a checkout of Tracedoc?"
        ) from error
    parts = (line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    return {canonical(name.strip()): version.strip() for name, version in parts}
