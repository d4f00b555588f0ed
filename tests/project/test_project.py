"""The files that describe the project must agree with each other and with the code."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.readme import README, generated

ROOT = Path(__file__).parent.parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def requirements(file: str) -> dict[str, Requirement]:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    parsed = [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]
    return {canonical(each.name): each for each in parsed}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_constraints_pin_every_dependency_within_its_range():
    pins = requirements("constraints.txt")
    extras = PYPROJECT["project"]["optional-dependencies"]
    for text in [
        *PYPROJECT["project"]["dependencies"],
        *(each for extra in extras.values() for each in extra),
    ]:
        wanted = Requirement(text)
        if wanted.name == "tracedoc":  # an extra that takes in another
            continue
        pin = pins.get(canonical(wanted.name))
        assert pin is not None, f"constraints.txt does not pin {wanted.name}"
        (specifier,) = pin.specifier
        assert specifier.operator == "=="
        assert wanted.specifier.contains(specifier.version), f"{pin} is outside {wanted}"


def test_constraints_name_no_build_and_no_address():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert "+" not in text
    assert "://" not in text
    assert "torch==2.13.0" in text.splitlines()


@pytest.mark.parametrize(
    ("package", "version"), [("torch", "2.8.0"), ("torch", "2.11.0"), ("torch", "2.13.0")]
)
def test_ranges_admit_what_spaces_offers(package: str, version: str):
    wanted = next(r for r in map(Requirement, PYPROJECT["project"]["dependencies"]) if r.name == package)
    assert wanted.specifier.contains(version)


def test_readme_is_in_step_with_the_code():
    text = README.read_text(encoding="utf-8")
    assert generated(text) == text, "run `make readme`"


def test_every_module_says_its_purpose():
    for file in [*ROOT.glob("assistant/**/*.py"), *ROOT.glob("corpus/*.py"), *ROOT.glob("index/*.py")]:
        assert file.read_text(encoding="utf-8").lstrip().startswith('"""'), f"{file} has no docstring"


def test_nothing_reads_the_folder_beside_the_checkout():
    for file in [
        *ROOT.glob("assistant/**/*"),
        *ROOT.glob("corpus/**/*"),
        *ROOT.glob("index/**/*"),
        *ROOT.glob("tests/**/*.py"),
    ]:
        if file.is_file() and file.suffix in {".py", ".toml", ".md", ".json"} and file != Path(__file__):
            assert "../shared" not in file.read_text(encoding="utf-8"), file


def test_preinstall_says_the_size_and_checks_the_disk(tmp_path: Path):
    run = subprocess.run(
        [sys.executable, str(ROOT / "assistant" / "preinstall.py"), "run"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "GB" in run.stdout
    assert run.returncode == 0 or "Not enough room" in run.stderr
