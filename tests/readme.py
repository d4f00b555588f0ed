"""Writes the generated parts of README.md (settings, commands, file tree) from the code, or checks
them: `python -m tests.readme [--check]`.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from assistant.cli import parser
from assistant.settings import SETTINGS

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
_MARK = re.compile(r"(<!-- (\w+): made by tests/readme.py -->\n).*?(<!-- /\2 -->)", re.DOTALL)
_SHALLOW = {
    "corpus/entries",
    "corpus/data",
    "assistant/config",
    "assistant/generation/remote",
    "assistant/grounding",
    "assistant/machine",
    "assistant/memory",
    "assistant/store/migrations",
    "assistant/tools/api",
    "tests/cases",
    "docs",
}


def generated(text: str) -> str:
    """The README with its generated parts as the code has them now."""
    parts = {"settings": settings_table, "commands": commands_table, "tree": file_tree}
    return _MARK.sub(lambda match: f"{match[1]}{parts[match[2]]()}\n{match[3]}", text)


def settings_table() -> str:
    rows = [
        f"| `{each.variable}` | {f'`{each.flag}`' if each.flag else ''} | {each.default} | {each.what} |"
        for each in SETTINGS.values()
    ]
    return "\n".join(["| variable | flag | default | what |", "| --- | --- | --- | --- |", *rows])


def commands_table() -> str:
    commands = next(action for action in parser()._actions if isinstance(action, argparse._SubParsersAction))
    rows = []
    for choice in commands._choices_actions:
        command = commands.choices[choice.dest]
        flags = [
            f"`{action.option_strings[-1]}`"
            for action in command._actions
            if action.option_strings and action.dest != "help"
        ]
        rows.append(f"| `tracedoc {choice.dest}` | {choice.help} | {' '.join(flags)} |")
    return "\n".join(["| command | does | flags |", "| --- | --- | --- |", *rows])


def file_tree() -> str:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    files = sorted(
        {name for name in listed if name.startswith(("assistant/", "corpus/", "index/", "finetune/"))}
    )
    return "\n".join(["```", *_tree_lines(files), "```"])


def _tree_lines(files: list[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in files:
        path = Path(name)
        for parent in reversed(path.parents[:-1]):
            if str(parent) in seen:
                continue
            seen.add(str(parent))
            about = _purpose(ROOT / parent / "__init__.py")
            yield f"{'  ' * (len(parent.parts) - 1)}{parent.name + '/':24}{about}".rstrip()
        folder = str(path.parent)
        if (
            path.suffix != ".py"
            or path.name == "__init__.py"
            or any(folder.startswith(each) for each in _SHALLOW)
        ):
            continue
        yield f"{'  ' * (len(path.parts) - 1)}{path.name:22}  {_purpose(ROOT / path)}".rstrip()


def _purpose(file: Path) -> str:
    """The first sentence of a module's docstring."""
    if not file.exists():
        return ""
    match = re.match(r'\s*"""\s*(.+?)(?:"""|\n\n|\Z)', file.read_text(encoding="utf-8"), re.DOTALL)
    text = " ".join(match[1].split()) if match else ""
    sentence = re.split(r"(?<=\.)\s", text)[0]
    return sentence.rstrip(".:")[:100]


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--check", action="store_true")
    check = arguments.parse_args().check
    old = README.read_text(encoding="utf-8")
    new = generated(old)
    if check and new != old:
        print("README.md is behind the code: run `make readme`.", file=sys.stderr)
        return 1
    if not check:
        README.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
