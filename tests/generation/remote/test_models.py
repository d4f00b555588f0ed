"""Which of the models that a server lists is used; listings as the servers of the field send them."""

from typing import Any

import pytest

from assistant.generation.remote import Remote
from assistant.generation.remote.faults import Fault
from assistant.generation.remote.models import UNKNOWN, cards, choose
from tests.generation.remote.asking import job, reply
from tests.generation.remote.broken import END, broken_server, head, replying, said


def model(name: str, **fields: Any) -> dict[str, Any]:
    return {"id": name, "object": "model", **fields}


VLLM = [
    model("Qwen/Qwen3-4B", owned_by="vllm", root="Qwen/Qwen3-4B", parent=None, max_model_len=16384),
    model("sql", owned_by="vllm", root="/adapters/sql", parent="Qwen/Qwen3-4B", max_model_len=None),
    model("tracedoc", owned_by="vllm", root="/adapters/ours", parent="Qwen/Qwen3-4B", max_model_len=None),
]
OLLAMA = [model("nomic-embed-text:latest", owned_by="library"), model("qwen3:latest", owned_by="library")]
LLAMA = [model("/embedded/gemma-3-4b.gguf", owned_by="llamacpp", meta={"n_ctx_train": 131072})]


@pytest.mark.parametrize(
    ("rows", "wanted", "adapter", "chosen"),
    [
        (VLLM, "", "auto", ("Qwen/Qwen3-4B", "tracedoc", 16384)),
        (VLLM, "", "none", ("Qwen/Qwen3-4B", None, 16384)),
        (VLLM, "", "sql", ("Qwen/Qwen3-4B", "sql", 16384)),
        (VLLM, "sql", "auto", ("Qwen/Qwen3-4B", "sql", 16384)),
        (VLLM, "sql", "none", ("Qwen/Qwen3-4B", None, 16384)),
        (VLLM, "Qwen/Qwen3-4B", "auto", ("Qwen/Qwen3-4B", "tracedoc", 16384)),
        (VLLM[:2], "", "auto", ("Qwen/Qwen3-4B", None, 16384)),
        (OLLAMA, "", "auto", ("qwen3:latest", None, 4096)),
        (OLLAMA, "qwen3", "auto", ("qwen3:latest", None, 4096)),
        (OLLAMA, "gemma3:4b", "auto", ("gemma3:4b", None, UNKNOWN)),
        (LLAMA, "", "auto", ("/embedded/gemma-3-4b.gguf", None, UNKNOWN)),
        ([model("a", context_length=32768)], "", "auto", ("a", None, 32768)),
        ([model("a", max_model_len=True), {"id": 7}, "junk"], "", "auto", ("a", None, UNKNOWN)),
        ([], "mine", "auto", ("mine", None, UNKNOWN)),
    ],
)
def test_the_model_is_chosen(rows: list[Any], wanted: str, adapter: str, chosen: tuple[Any, ...]) -> None:
    choice = choose(cards({"object": "list", "data": rows}), wanted, adapter)
    assert (choice.base, choice.adapter, choice.context) == chosen


@pytest.mark.parametrize(
    ("rows", "adapter", "kind"),
    [([], "auto", "no_model"), (OLLAMA[:1], "auto", "no_model"), (VLLM, "other", "no_adapter")],
)
def test_where_there_is_nothing_to_choose_a_sentence_says_so(
    rows: list[Any], adapter: str, kind: str
) -> None:
    with pytest.raises(Fault) as failed:
        choose(cards({"data": rows}), "", adapter)
    assert failed.value.kind == kind


def test_the_adapter_is_switched_by_name() -> None:
    with broken_server(replying(head(), said("Hi"), END), listing={"data": VLLM}) as server:
        remote = Remote(server.url)
        for adapter in (True, False):
            reply(remote, job("Hello", adapter=adapter))
        assert [request.body["model"] for request in server.requests] == ["tracedoc", "Qwen/Qwen3-4B"]
        assert (remote.name, remote.adapter, remote.context) == ("Qwen/Qwen3-4B", "tracedoc", 16384)
        assert (remote.quantization, remote.small, remote.tools) == ("remote", False, True)


def test_llama_cpp_says_its_context_elsewhere() -> None:
    listing = {"data": LLAMA, "default_generation_settings": {"n_ctx": 12288}}  # the same for /props
    with broken_server(replying(head(), END), listing=listing) as server:
        remote = Remote(server.url)
        remote.discover()
        assert remote.context == 12288
