"""What a bundle holds, and that it says so truthfully."""

import json
import re
from pathlib import Path

import pytest

from assistant.deploy.bundle import LARGEST, Bundle, check_bundle
from assistant.deploy.front_matter import front_matter, readme
from assistant.deploy.hardware import flavor, flavors
from assistant.errors import UserError
from tests.deploy.conftest import Deploy

EXPECTED = ("app.py", "requirements.txt", "README.md", "LICENSE", "NOTICE", "bundle.json", "thumbnail.png")


def test_it_holds_what_a_space_needs_and_nothing_else(bundle: Bundle) -> None:
    there = {*bundle.files, "bundle.json"}
    assert there >= {*EXPECTED, "assistant/web/page.js", "corpus/topics.toml", "carried/index/current"}
    assert any(re.fullmatch(r"carried/index/g-\w+/vectors.faiss", name) for name in there)
    assert any(re.fullmatch(r"carried/index/embedder-\w+/graph.onnx", name) for name in there)
    tops = {name.partition("/")[0] for name in there if "/" in name}
    assert tops == {"assistant", "corpus", "index", "carried"}
    assert not [
        name for name in there if "__pycache__" in name or "/." in name or name.startswith((".", "tests"))
    ]


def test_it_is_small(bundle: Bundle) -> None:
    on_disk = sum(file.stat().st_size for file in bundle.folder.rglob("*") if file.is_file())
    assert bundle.size <= on_disk <= LARGEST == 60_000_000


def test_the_manifest_has_every_file_with_its_hash(bundle: Bundle) -> None:
    check_bundle(bundle.folder)
    stated = json.loads((bundle.folder / "bundle.json").read_text())
    assert stated["commit"] == bundle.commit
    assert len(bundle.commit) == 40
    assert set(stated["files"]) == {
        file.relative_to(bundle.folder).as_posix() for file in bundle.folder.rglob("*") if file.is_file()
    } - {"bundle.json"}


def test_a_changed_bundle_is_noticed(checkout: Path, deploy: Deploy, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = deploy(checkout, "ada/tracedoc", "--dry-run", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "614" in done.stdout or re.search(r"\d+ files, \d+\.\d MB", done.stdout)
    assert "Nothing was uploaded" in done.stdout
    (out / "app.py").write_text("print('something else')\n")
    with pytest.raises(UserError, match=r"app\.py"):
        check_bundle(out)
    again = deploy(checkout, "ada/tracedoc", "--dry-run", "--out", str(out))
    assert again.returncode == 0  # a bundle of before is replaced
    check_bundle(out)
    (out / "extra.txt").write_text("x")
    with pytest.raises(UserError, match=r"extra\.txt"):
        check_bundle(out)


def test_the_front_matter_is_what_spaces_reads(bundle: Bundle) -> None:
    settings = front_matter((bundle.folder / "README.md").read_text(encoding="utf-8"))
    assert settings["sdk"] == "gradio"
    assert settings["python_version"] == "3.12"
    assert settings["app_file"] == "app.py"
    assert settings["license"] == "apache-2.0"
    assert settings["suggested_hardware"] == "cpu-basic"
    assert len(settings["short_description"]) <= 60
    assert settings["startup_duration_timeout"] == "30m"
    assert "preload_from_hub" not in settings
    pins = (Path(__file__).parent.parent.parent / "constraints.txt").read_text().splitlines()
    assert f"gradio=={settings['sdk_version']}" in pins


def test_a_hub_model_is_fetched_before_the_start(clone: Path) -> None:
    on_zero = front_matter(readme(clone, "ada/x", flavor("zero-a10g"), model="auto", login=True))
    assert on_zero["preload_from_hub"] == on_zero["models"] == ["Qwen/Qwen3-4B-Instruct-2507"]
    assert on_zero["hf_oauth"] is True
    chosen = front_matter(readme(clone, "ada/x", flavor("t4-small"), model="Qwen/Qwen3-8B", login=False))
    assert chosen["preload_from_hub"] == ["Qwen/Qwen3-8B"]
    assert "hf_oauth" not in chosen


def test_the_hardware_is_what_the_hub_knows() -> None:
    from huggingface_hub import SpaceHardware

    assert set(flavors()) <= {each.value for each in SpaceHardware}


def test_no_notes_of_the_user_are_carried(checkout: Path, deploy: Deploy, tmp_path: Path) -> None:
    notes = tmp_path / "data" / "notes"
    notes.mkdir(parents=True)
    (notes / "mine.md").write_text("# Our cluster\nThe node zanzibar-17 has a broken fan.\n")
    (tmp_path / "data" / "tracedoc.sqlite").write_bytes(b"conversations")
    out = tmp_path / "out"
    done = deploy(checkout, "ada/tracedoc", "--dry-run", "--out", str(out))
    assert done.returncode == 0, done.stderr
    for file in out.rglob("*"):
        if file.is_file():
            assert b"zanzibar-17" not in file.read_bytes()
            assert file.suffix != ".sqlite"
