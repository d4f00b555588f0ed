"""Finding the model: carried, by size, from a file, from a hub (a real server on this machine)."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from assistant.errors import UserError
from assistant.memory import PlanRequest, find_model, plan
from assistant.memory.catalog import carried

QWEN = dict(carried()["Qwen/Qwen2.5-0.5B"])


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Qwen/Qwen2.5-7B", "Qwen/Qwen2.5-7B"),
        ("qwen/qwen2.5-7b-instruct", "Qwen/Qwen2.5-7B"),
        ("Qwen2.5-7B-Instruct", "Qwen/Qwen2.5-7B"),
        ("unsloth/Llama-3.2-1B-Instruct-bnb-4bit", "meta-llama/Llama-3.2-1B"),
        ("meta-llama/Llama-2-7b-chat-hf", "meta-llama/Llama-2-7b-hf"),
        ("qwen2.5 7b", "Qwen/Qwen2.5-7B"),
        ("llama2-13b", "meta-llama/Llama-2-13b-hf"),
        ("Llama 3.1 8B Instruct", "meta-llama/Llama-3.1-8B"),
        ("mistral 7b", "mistralai/Mistral-7B-v0.3"),
        ("mistralai/Mistral-7B-v0.1", "mistralai/Mistral-7B-v0.1"),
        ("qwen3:8b", "Qwen/Qwen3-8B"),
        ("gpt2", "openai-community/gpt2"),
        ("bert-base-uncased", "google-bert/bert-base-uncased"),
    ],
)
def test_carried_models_by_the_names_that_people_use(name: str, found: str) -> None:
    assert find_model(name).id == found


@pytest.mark.parametrize("name", ["qwen 27b", "gemma 27b", "llama 8x", "qwen"])
def test_names_of_other_models_are_not_taken_for_carried_ones(name: str) -> None:
    with pytest.raises(UserError):
        find_model(name, hub=False)


@pytest.mark.parametrize(
    ("size", "params"), [("7B", 7e9), ("0.5b", 0.5e9), ("70B", 70e9), ("135M", 135e6), ("13 B", 13e9)]
)
def test_a_size_stands_for_a_typical_architecture_and_says_so(size: str, params: float) -> None:
    found = plan(PlanRequest(size))
    assert found.model.assumed
    assert found.model.shape.params == pytest.approx(params, rel=0.2)
    assert "assumed_model" in {note.id for note in found.notes}


@pytest.mark.parametrize("size", ["9000B", "1M", "0B"])
def test_a_size_that_no_model_has(size: str) -> None:
    with pytest.raises(UserError):
        find_model(size)


def test_a_folder_and_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(QWEN))
    assert find_model(str(folder)) == find_model(str(folder / "config.json"))
    assert find_model(str(folder)).id == "mine"


@pytest.mark.parametrize(
    "content",
    [
        "not json",
        "[]",
        "{}",
        '{"model_type": "llama"}',
        '{"model_type": "mamba2", "hidden_size": 64}',
        json.dumps({**QWEN, "hidden_size": "large"}),
        json.dumps({**QWEN, "num_hidden_layers": -3}),
        json.dumps({**QWEN, "vocab_size": 10**12}),
        json.dumps({**QWEN, "num_attention_heads": 0}),
        json.dumps({**QWEN, "hidden_size": 1e308}),
        json.dumps({**QWEN, "head_dim": []}),
        "[" * 100_000,
    ],
)
def test_files_that_are_no_config(content: str, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(content)
    with pytest.raises(UserError):
        find_model(str(file))


def test_a_missing_file_and_a_huge_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot read"):
        find_model(str(tmp_path / "none.json"))
    huge = tmp_path / "huge.json"
    huge.write_bytes(b" " * (5 << 20))
    with pytest.raises(UserError, match="4 MB"):
        find_model(str(huge))


def test_a_class_without_a_table_is_taken_for_a_llama(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps({**QWEN, "model_type": "brandnew"}))
    found = plan(PlanRequest(str(file), "lora"))
    assert "unknown_class" in {note.id for note in found.notes}
    assert found.allocated > 0.9


class _Hub(BaseHTTPRequestHandler):
    seen: list[str]

    def do_GET(self) -> None:
        type(self).seen.append(self.headers.get("Authorization", ""))
        answers = {
            "/me/model/resolve/main/config.json": (200, json.dumps(QWEN)),
            "/me/gated/resolve/main/config.json": (403, ""),
        }
        status, body = answers.get(self.path, (404, ""))
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[type[_Hub]]:
    handler = type("Hub", (_Hub,), {"seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    yield handler
    server.shutdown()
    server.server_close()


def test_a_model_of_the_hub(hub: type[_Hub], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert find_model("me/model").shape.params == find_model("Qwen/Qwen2.5-0.5B").shape.params
    assert hub.seen == ["Bearer hf_secret"]


def test_models_that_the_hub_does_not_give(hub: type[_Hub]) -> None:
    with pytest.raises(UserError, match="gated") as refused:
        find_model("me/gated")
    assert refused.value.code == 3
    with pytest.raises(UserError, match="no such model") as missing:
        find_model("me/qwen2.5-7c")
    assert missing.value.code == 2
    assert "Qwen/Qwen2.5" in str(missing.value)


def test_a_hub_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with pytest.raises(UserError, match="cannot be reached") as error:
        find_model("me/model")
    assert error.value.code == 3


def test_the_hubs_own_cache_is_used_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "hub/models--me--cached/snapshots/abc"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(QWEN))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert find_model("me/cached").shape.hidden == QWEN["hidden_size"]
