import pytest

from assistant.errors import UserError
from assistant.generation.remote import is_address, parse_address


@pytest.mark.parametrize(
    ("url", "base", "name", "model"),
    [
        ("http://localhost:8000", "http://localhost:8000/v1", "localhost:8000", ""),
        ("http://localhost:8000/", "http://localhost:8000/v1", "localhost:8000", ""),
        ("localhost:8000", "http://localhost:8000/v1", "localhost:8000", ""),
        (" HTTP://GPU.local:8000/v1/ ", "http://gpu.local:8000/v1", "gpu.local:8000", ""),
        ("https://llm.example.com/v1/chat/completions", "https://llm.example.com/v1", "llm.example.com", ""),
        ("https://example.com/openai", "https://example.com/openai/v1", "example.com", ""),
        ("https://example.com/v1beta/openai/", "https://example.com/v1beta/openai", "example.com", ""),
        ("http://[::1]:8000", "http://[::1]:8000/v1", "[::1]:8000", ""),
        ("http://gpu:8000#Qwen/Qwen3-4B", "http://gpu:8000/v1", "gpu:8000", "Qwen/Qwen3-4B"),
        ("http://gpu:11434/v1#qwen3:4b", "http://gpu:11434/v1", "gpu:11434", "qwen3:4b"),
        ("http://me:secret@gpu:8000", "http://gpu:8000/v1", "gpu:8000", ""),
    ],
)
def test_an_address_is_read_as_people_write_it(url: str, base: str, name: str, model: str) -> None:
    address = parse_address(url)
    assert (address.base, address.name, address.model) == (base, name, model)
    assert "secret" not in repr(address)


def test_a_login_is_kept_apart() -> None:
    assert parse_address("https://me:p%40ss@gpu").login == ("me", "p@ss")
    assert parse_address("https://gpu").login is None


@pytest.mark.parametrize(
    "url",
    ["", "http://", "ftp://gpu/", "http://gpu:99999", "http://gpu:port", "http://a b/", "http://[::1", "http://gpu:0", "file:///etc/passwd", "http://me:secret@"],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(UserError, match="cannot be read") as failed:
        parse_address(url)
    assert failed.value.code == 2
    assert "secret" not in str(failed.value)


def test_proxies_are_not_for_this_machine() -> None:
    assert all(
        parse_address(url).local for url in ("http://127.0.0.1:1", "http://localhost", "http://[::1]:1")
    )
    assert not parse_address("http://gpu.local").local


def test_a_model_s_name_is_no_address() -> None:
    assert is_address("http://gpu:8000")
    assert is_address("HTTPS://gpu")
    assert not any(map(is_address, ["Qwen/Qwen3-4B", "./folder", "none", "auto"]))
