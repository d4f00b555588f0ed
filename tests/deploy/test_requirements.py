"""requirements.txt of the bundle is in step with pyproject.toml and constraints.txt."""

import tomllib

from packaging.requirements import Requirement

from assistant.deploy.bundle import Bundle
from assistant.deploy.requirements import TORCH, canonical, requirements
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = {
    canonical(line.split("==")[0]): line.split("==")[1]
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if "==" in line and not line.startswith("#")
}


def parsed(text: str) -> dict[str, Requirement]:
    lines = [line for line in text.splitlines() if line and not line.startswith(("#", "--"))]
    return {canonical(each.name): each for each in map(Requirement, lines)}


def test_it_is_what_the_project_needs_but_gradio(bundle: Bundle) -> None:
    found = parsed((bundle.folder / "requirements.txt").read_text(encoding="utf-8"))
    wanted = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["lm"]]
    assert set(found) == {canonical(Requirement(each).name) for each in wanted} - {"gradio"}


def test_what_is_pinned_is_within_the_projects_ranges_and_was_tested(bundle: Bundle) -> None:
    found = parsed((bundle.folder / "requirements.txt").read_text(encoding="utf-8"))
    for text in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["lm"]]:
        wanted = Requirement(text)
        name = canonical(wanted.name)
        if name == "gradio":
            continue
        (first, *_) = found[name].specifier
        if first.operator == "==" and name != "torch":
            assert wanted.specifier.contains(first.version), name
            assert first.version == PINS[name], name
        elif name != "torch":
            assert found[name].specifier == wanted.specifier


def test_the_index_is_used_as_it_was_built(bundle: Bundle) -> None:
    import json

    (manifest,) = bundle.folder.glob("carried/index/g-*/manifest.json")
    found = parsed((bundle.folder / "requirements.txt").read_text(encoding="utf-8"))
    for name, version in json.loads(manifest.read_text())["versions"].items():
        assert str(found[canonical(name)].specifier) == f"=={version}"


def test_torch_is_one_that_zerogpu_takes_and_the_project_admits() -> None:
    assert TORCH in ("2.8.0", "2.9.1", "2.10.0", "2.11.0")
    wanted = next(each for each in map(Requirement, PROJECT["dependencies"]) if each.name == "torch")
    assert wanted.specifier.contains(TORCH)


def test_only_cpu_hardware_takes_the_small_build() -> None:
    assert "--extra-index-url" in requirements(ROOT, {}, cpu=True)
    assert "--extra-index-url" not in requirements(ROOT, {}, cpu=False)
