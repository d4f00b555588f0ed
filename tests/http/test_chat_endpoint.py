"""The named Gradio endpoint `/chat`, as a script uses it."""

from pathlib import Path

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from tests.conftest import Server

pytestmark = [pytest.mark.xdist_group("server")]


@pytest.fixture(scope="module")
def client(server: Server) -> Client:
    return Client(server.address, verbose=False)


def test_it_is_the_only_endpoint_and_takes_message_and_lang(client: Client) -> None:
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    assert list(endpoints) == ["/chat"]
    assert [each["parameter_name"] for each in endpoints["/chat"]["parameters"]] == ["message", "lang"]


def test_a_text_is_answered_and_a_follow_up_keeps_the_context(server: Server) -> None:
    client = Client(server.address, verbose=False)
    message = (
        "TypeError: TrainingArguments.__init__() got an unexpected keyword argument 'evaluation_strategy'"
    )
    assert "eval_strategy" in client.predict(message, "en", api_name="/chat")
    assert "eval_strategy" in client.predict("怎么改？", api_name="/chat")


def test_a_file_is_read(client: Client, tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_text("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 7.77 GiB.\n")
    message = {"text": "", "files": [handle_file(str(log))]}
    assert "7.77" in client.predict(message=message, lang="zh", api_name="/chat")


def test_bad_input_is_one_sentence(client: Client, tmp_path: Path) -> None:
    with pytest.raises(AppError, match="auto, en or zh"):
        client.predict("x", "fr", api_name="/chat")
    odd = tmp_path / "a.exe"
    odd.write_bytes(b"MZ")
    with pytest.raises(AppError, match="not a kind of file"):
        client.predict({"text": "", "files": [handle_file(str(odd))]}, api_name="/chat")


def test_a_file_of_the_server_cannot_be_named(client: Client) -> None:
    with pytest.raises(AppError, match="cannot be read"):
        client.predict({"text": "", "files": [__file__]}, api_name="/chat")
