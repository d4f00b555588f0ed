"""Joins the probes into one file for other machines: standard library alone, Python 3.8 or newer.

The text is this package's own source, so that there is one of each probe: imports are put together,
docstrings of modules become comments, and what runs in a process of its own becomes a text in it.
"""

import re
from importlib.resources import files

_JOINED = (
    "collecting",
    "privacy",
    "system",
    "storage",
    "variables",
    "network",
    "packages",
    "gpu_tools",
    "sources",
    "torch_process",
)
_PROBES = (
    *(
        "system",
        "surroundings",
        "memory",
        "storage",
        "variables",
        "packages",
        "listed_devices",
        "nvidia_tool",
    ),
    *("amd_tool", "apple", "other_tools", "ports", "hub"),
)
_HEAD = '''"""Report of this machine for Tracedoc: run it with the Python that has the problem, paste what it prints.

    python tracedoc_report.py            (add --no-torch if importing torch hangs)

It needs no package, changes nothing, and sends nothing: the only connection asks whether the Hugging Face
Hub answers. Values of secrets are never read; user names, host names and home folders are taken out.
"""

from __future__ import annotations
'''
_TAIL = '''

def main() -> None:
    """Prints the report as JSON."""
    probes = [(probe.__name__, probe, 4.0) for probe in ({probes})]
    if "--no-torch" not in sys.argv:
        probes.append(("torch", torch, TORCH_SECONDS + 1))
    report = {{"tracedoc_report": 1, "source": "this machine", "measured": True}}
    report.update(private(collect(probes)))
    print(json.dumps(report, indent=1))
    sys.stdout.flush()
    os._exit(0)  # a probe that hangs must not keep the process


if __name__ == "__main__":
    main()
'''
_DOCSTRING = re.compile(r'\A"""(.*?)"""\n', re.DOTALL)
_IMPORT = re.compile(r"^(?:import [\w., ]+|from [\w.]+ import [^\n(]+)\n", re.MULTILINE)
_TYPING = re.compile(r"^if TYPE_CHECKING:\n(?:[ ]{4}[^\n]*\n|\n(?=[ ]{4}))+", re.MULTILINE)


def script() -> str:
    """The text of the script."""
    imports: set[str] = set()
    parts: list[str] = []
    for name in _JOINED:
        text = _source(name)
        said = _DOCSTRING.match(text)
        if said:
            text = text[said.end() :]
        text = _TYPING.sub("", text)
        imports.update(line.strip() for line in _IMPORT.findall(text))
        body = _IMPORT.sub("", text).strip("\n")
        if name == "sources":
            body = body.replace(
                "SOURCES: dict[str, str] = {}",
                f"SOURCES = {{'torch_state': {_quoted(_source('torch_state'))}}}",
            )
        comment = "\n".join(f"# {line}".rstrip() for line in (said[1] if said else name).strip().split("\n"))
        parts.append(f"{comment}\n\n{body}\n")
    own = sorted(
        line
        for line in imports
        if "assistant." not in line and "__future__" not in line and "TYPE_CHECKING" not in line
    )
    return "\n".join([_HEAD, "\n".join(own), "", "", "\n\n".join(parts)]) + _TAIL.format(
        probes=", ".join(_PROBES)
    )


def _source(name: str) -> str:
    return (files("assistant.machine.probes") / f"{name}.py").read_text(encoding="utf-8")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'"""\\\n{escaped}"""'
