"""Uploading to a hub: a new Space, an update, and what must stay as it is."""

from pathlib import Path

from assistant.deploy.front_matter import front_matter
from tests.deploy.conftest import Deploy, save
from tests.deploy.hub_server import LocalHub, Repo
from tests.deploy.test_refusals import sentence

SPACE = "spaces/ada/tracedoc"


def test_a_new_space_and_its_update(checkout: Path, deploy: Deploy, hub: LocalHub) -> None:
    done = deploy(checkout, "ada/tracedoc", "--private", hub=hub)
    assert done.returncode == 0, done.stderr
    assert f"Uploaded: {hub.address}/{SPACE}" in done.stdout
    space = hub.repos[SPACE]
    assert space.private
    assert space.hardware == "cpu-basic"
    assert {"app.py", "README.md", "requirements.txt", "bundle.json"} <= set(space.files)
    assert hub.objects, "large files go by LFS"
    assert space.files["app.py"] == (checkout / "app.py").read_bytes()

    space.variables["TRACEDOC_RATE"] = "5"
    space.files["notes-of-the-owner.md"] = b"mine"
    (checkout / "assistant" / "limits.py").write_text(
        (checkout / "assistant" / "limits.py").read_text() + "# new\n"
    )
    (checkout / "NOTICE").unlink()
    save(checkout, "a change")
    hub.requests.clear()
    done = deploy(checkout, "ada/tracedoc", hub=hub)
    assert done.returncode == 0, done.stderr
    last = space.commits[-1]
    assert sorted(last["added"]) == ["assistant/limits.py", "bundle.json"]
    assert last["deleted"] == ["NOTICE"]
    assert space.files["notes-of-the-owner.md"] == b"mine"
    assert space.files["assistant/limits.py"].endswith(b"# new\n")
    assert space.private
    assert space.variables == {"TRACEDOC_RATE": "5"}
    touched = [line for line in hub.requests if not line.startswith(("GET", "HEAD"))]
    assert not [
        line
        for line in touched
        if any(word in line for word in ("variables", "secrets", "settings", "hardware", "create"))
    ]

    commits = len(space.commits)
    assert deploy(checkout, "ada/tracedoc", hub=hub).returncode == 0
    assert len(space.commits) == commits, "nothing new, nothing committed"


def test_what_the_owner_set_stays_and_a_model_is_set_by_name(
    checkout: Path, deploy: Deploy, hub: LocalHub
) -> None:
    done = deploy(checkout, "ada/tracedoc", "--model", "Qwen/Qwen3-1.7B", hub=hub)
    assert done.returncode == 0, done.stderr
    space = hub.repos[SPACE]
    assert space.variables == {"TRACEDOC_MODEL": "Qwen/Qwen3-1.7B"}
    text = (
        space.files["README.md"]
        .decode()
        .replace("title: Tracedoc", "title: Our doctor\nhf_oauth: true\npinned: true")
    )
    space.files["README.md"] = text.replace("sdk_version: ", "sdk_version: 1.").encode()
    done = deploy(checkout, "ada/tracedoc", hub=hub)
    assert done.returncode == 0, done.stderr
    head = front_matter(space.files["README.md"].decode())
    assert (head["title"], head["hf_oauth"], head["pinned"]) == ("Our doctor", True, True)
    assert not head["sdk_version"].startswith("1.")
    assert head["preload_from_hub"] == ["Qwen/Qwen3-1.7B"]
    assert space.variables == {"TRACEDOC_MODEL": "Qwen/Qwen3-1.7B"}


def test_hardware_is_changed_only_when_it_is_asked_for(checkout: Path, deploy: Deploy, hub: LocalHub) -> None:
    hub.repos[SPACE] = Repo(files={"README.md": b"", ".gitattributes": b""}, hardware="t4-small")
    done = deploy(checkout, "ada/tracedoc", hub=hub)
    assert done.returncode == 0, done.stderr
    assert "t4-small" in done.stdout
    assert hub.repos[SPACE].hardware == "t4-small"
    assert b"--extra-index-url" not in hub.repos[SPACE].files["requirements.txt"]
    done = deploy(checkout, "ada/tracedoc", "--hardware", "zero-a10g", hub=hub)
    assert done.returncode == 0, done.stderr
    assert hub.repos[SPACE].hardware == "zero-a10g"
    assert b"preload_from_hub" in hub.repos[SPACE].files["README.md"]


def test_a_space_that_was_made_otherwise_is_left_alone(clone: Path, deploy: Deploy, hub: LocalHub) -> None:
    hub.repos[SPACE] = Repo(files={"README.md": b"x", "app.py": b"their own"})
    assert "not made by `tracedoc deploy`" in sentence(deploy(clone, "ada/tracedoc", hub=hub), 3 - 1)
    assert hub.repos[SPACE].files["app.py"] == b"their own"
    done = deploy(clone, "ada/tracedoc", "--replace", hub=hub)
    assert done.returncode == 0, done.stderr
    assert hub.repos[SPACE].files["app.py"] != b"their own"


def test_what_the_hub_refuses_is_one_sentence(clone: Path, deploy: Deploy, hub: LocalHub) -> None:
    hub.refuse["/api/repos/create"] = (402, "Subscribe to PRO to create a Space on this hardware")
    said = sentence(deploy(clone, "ada/tracedoc", hub=hub), 3)
    assert "zero-a10g" in said
    assert "Subscribe to PRO" in said
    hub.refuse = {"/commit/": (503, "maintenance")}
    assert "could not be uploaded" in sentence(deploy(clone, "ada/tracedoc", hub=hub), 3)
