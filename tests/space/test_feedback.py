"""Judgements outlive the disk of a server: in a folder, in a private data set, and back again."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.errors import UserError
from assistant.store import Store, StoreFault
from assistant.store.__main__ import bring_in
from assistant.store.batches import FOLDER, Keeper, destination
from tests.conftest import ROOT
from tests.deploy.hub_server import TOKEN, Repo, local_hub
from tests.sample import answer

PASTE = "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB"


def keeper(store: Store, folder: Path, where: Path) -> Keeper:
    return Keeper(store, destination(str(where)), folder / "feedback-kept", seconds=3_600)


def judgements(store: Store) -> list[tuple[str, str]]:
    from assistant.store.schema import Judgement, Turn

    with store.session() as session:
        rows = session.query(Judgement, Turn).join(Turn, Judgement.turn_id == Turn.id).all()
        return [(judged.value, turn.turns[-1]) for judged, turn in rows]


def test_a_restart_loses_nothing(tmp_path: Path) -> None:
    volume, disk = tmp_path / "volume", tmp_path / "disk"
    first = Store.open(disk)
    kept = keeper(first, disk, volume)
    first.add_judgement([PASTE], answer(PASTE), "good")
    first.add_turn(["never judged"], answer("never judged"))
    assert kept.flush() == 1
    assert kept.flush() == 0, "what is written is not written again"
    first.add_judgement([PASTE], answer(PASTE), "bad", "did not help")
    kept.close()
    second = Store.open(tmp_path / "new disk")  # the Space's disk is gone
    assert bring_in(second, str(volume)) == 2
    assert judgements(second) == [("good", PASTE), ("bad", PASTE)]
    assert bring_in(second, str(volume)) == 0, "twice is once"
    text = "".join(file.read_text() for file in (volume / FOLDER).glob("*.jsonl"))
    assert "never judged" not in text


def test_a_second_server_of_the_same_disk_goes_on_where_the_first_ended(tmp_path: Path) -> None:
    volume, disk = tmp_path / "volume", tmp_path / "disk"
    store = Store.open(disk)
    kept = keeper(store, disk, volume)
    store.add_judgement([PASTE], answer(PASTE), "good")
    kept.close()
    again = keeper(Store.open(disk), disk, volume)
    assert again.flush() == 0
    assert len(list((volume / FOLDER).glob("*.jsonl"))) == 1


def test_secrets_do_not_leave(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    kept = keeper(store, tmp_path, tmp_path / "volume")
    secret = "hf_" + "AbCdEfGhIj0123456789"
    said = f"{PASTE}\nlogin(token='{secret}')"
    store.add_judgement([said], answer(said), "good", f"my token is {secret}")
    kept.flush()
    (file,) = (tmp_path / "volume" / FOLDER).glob("*.jsonl")
    assert secret not in file.read_text()


def test_a_destination_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    store = Store.open(tmp_path / "disk")
    kept = keeper(store, tmp_path / "disk", blocked)
    store.add_judgement([PASTE], answer(PASTE), "good")
    with pytest.raises(StoreFault, match="cannot be written"):
        kept.flush()
    blocked.unlink()
    assert kept.flush() == 1


@pytest.mark.parametrize("where", ["feedback", "a/b/c", "https://example.org/x", "ada/two words"])
def test_a_destination_that_is_none_is_refused(where: str) -> None:
    with pytest.raises(UserError, match="TRACEDOC_FEEDBACK"):
        destination(where)


WRITES = """
import sys
from pathlib import Path
from assistant.store import Store, StoreFault
from assistant.store.batches import Keeper, destination
from tests.sample import answer
from tests.space.test_feedback import PASTE
disk = Path(sys.argv[1])
store = Store.open(disk)
kept = Keeper(store, destination("ada/feedback"), disk / "feedback-kept", 3600)
store.add_judgement([PASTE], answer(PASTE), "good")
try:
    print(kept.flush())
except StoreFault as fault:
    print(fault)
"""


def run(hub_address: str, tmp_path: Path, *command: str) -> str:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("HF_", "TRACEDOC_"))
    }
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={
            **environment,
            "HF_ENDPOINT": hub_address,
            "HF_TOKEN": TOKEN,
            "HF_HOME": str(tmp_path / "hf"),
            "HF_HUB_DISABLE_XET": "1",
            "TRACEDOC_DATA": str(tmp_path / "back"),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_a_private_data_set_keeps_them(tmp_path: Path) -> None:
    with local_hub() as hub:
        assert run(hub.address, tmp_path, "-c", WRITES, str(tmp_path / "disk")) == "1"
        data = hub.repos["datasets/ada/feedback"]
        assert data.private
        ((name, text),) = ((name, text) for name, text in data.files.items() if name.startswith(FOLDER))
        assert name.endswith(".jsonl")
        assert json.loads(text)["value"] == "good"
        assert run(hub.address, tmp_path, "-m", "assistant.store", "ada/feedback") == "1 new judgements."


def test_a_public_data_set_is_refused(tmp_path: Path) -> None:
    with local_hub() as hub:
        hub.repos["datasets/ada/feedback"] = Repo(private=False)
        assert "is public" in run(hub.address, tmp_path, "-c", WRITES, str(tmp_path / "disk"))
        assert not hub.repos["datasets/ada/feedback"].files
