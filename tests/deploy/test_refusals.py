"""What deploy refuses, each with one sentence."""

import subprocess
from pathlib import Path

import pytest

from tests.deploy.conftest import Deploy, git, save
from tests.deploy.hub_server import LocalHub

DRY = ("ada/tracedoc", "--dry-run")


def sentence(done: "subprocess.CompletedProcess[str]", code: int) -> str:
    """What was said: one line, no traceback."""
    said = [line for line in done.stderr.splitlines() if line.startswith("tracedoc: ")]
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert len(said) == 1, done.stderr
    return said[0]


@pytest.mark.parametrize(
    "name", ["tracedoc", "a/b/c", "ada/", "/x", "ada/ä", "ada/trace doc", "https://hf.co/ada/x"]
)
def test_a_name_that_is_none(clone: Path, deploy: Deploy, name: str) -> None:
    assert "is not OWNER/NAME" in sentence(deploy(clone, name, "--dry-run"), 2)


def test_hardware_that_is_none(clone: Path, deploy: Deploy) -> None:
    assert "cpu-basic" in sentence(deploy(clone, *DRY, "--hardware", "tpu"), 2)


def test_changes_that_are_not_committed(checkout: Path, deploy: Deploy) -> None:
    (checkout / "app.py").write_text("print()\n")
    assert "not committed (app.py)" in sentence(deploy(checkout, *DRY), 2)
    git(checkout, "checkout", "-q", "app.py")
    (checkout / "assistant" / "mine.py").write_text("")
    assert "assistant/mine.py" in sentence(deploy(checkout, *DRY), 2)


def test_a_file_beside_what_is_carried_does_not_matter(checkout: Path, deploy: Deploy) -> None:
    (checkout / "scratch.txt").write_text("x")
    (checkout / ".env").write_text("HF_TOKEN=x")
    assert deploy(checkout, *DRY).returncode == 0


@pytest.mark.parametrize(
    "secret",
    [
        "hf_" + "AbCdEfGhIj0123456789KlMnOpQrStUvWx",
        "sk-proj-" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4",
        "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ",
        "postgresql://tracedoc:correcthorse9@db.example.org/feedback",
    ],
)
def test_a_secret_is_named_by_file_and_line(checkout: Path, deploy: Deploy, secret: str) -> None:
    file = checkout / "assistant" / "limits.py"
    lines = file.read_text().count("\n") + 1
    file.write_text(file.read_text() + f'X = """{secret}"""\n')
    save(checkout, "oh no")
    said = sentence(deploy(checkout, *DRY), 2)
    assert f"assistant/limits.py, line {lines}," in said
    assert secret.split()[0][:14] not in said


def test_no_checkout(clone: Path, deploy: Deploy, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "copy"
    shutil.copytree(clone, folder, ignore=shutil.ignore_patterns(".git"))
    assert "not a git checkout" in sentence(deploy(folder, *DRY), 2)


def test_a_folder_that_is_no_bundle_is_not_overwritten(clone: Path, deploy: Deploy, tmp_path: Path) -> None:
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "chapter.tex").write_text("precious")
    assert "not empty" in sentence(deploy(clone, *DRY, "--out", str(out)), 2)
    assert (out / "chapter.tex").read_text() == "precious"


def test_no_token(clone: Path, deploy: Deploy, hub: LocalHub) -> None:
    assert "hf auth login" in sentence(deploy(clone, "ada/tracedoc", hub=hub, token=""), 3)
    assert not hub.requests


def test_a_token_that_is_wrong_or_can_only_read(clone: Path, deploy: Deploy, hub: LocalHub) -> None:
    said = sentence(deploy(clone, "ada/tracedoc", hub=hub, token="hf_wrong"), 3)
    assert "hf auth login" in said
    hub.role = "read"
    assert "only read" in sentence(deploy(clone, "ada/tracedoc", hub=hub), 3)


def test_an_owner_that_is_another(clone: Path, deploy: Deploy, hub: LocalHub) -> None:
    assert "ada or team" in sentence(deploy(clone, "grace/tracedoc", hub=hub), 3)


def test_a_hub_that_cannot_be_reached(clone: Path, deploy: Deploy, hub: LocalHub) -> None:
    hub.address = "http://127.0.0.1:9"
    assert "check the network" in sentence(deploy(clone, "ada/tracedoc", hub=hub), 3)
