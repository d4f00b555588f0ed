"""Where a server finds itself, and whom it believes."""

import pytest

from assistant.errors import UserError
from assistant.settings import on_space
from assistant.space.note import hardware_line, page_words
from assistant.space.place import Hardware, hardware, proxies
from assistant.web.rate import visitor

VARIABLES = (
    "SPACE_ID",
    "SPACES_ZERO_GPU",
    "CPU_CORES",
    "MEMORY",
    "TRACEDOC_HARDWARE",
    "TRACEDOC_PROXIES",
    "TRACEDOC_DATABASE",
    "TRACEDOC_FEEDBACK",
)


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_a_space_says_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not on_space()
    monkeypatch.setenv("SPACE_ID", "ada/tracedoc")
    monkeypatch.setenv("CPU_CORES", "2")
    monkeypatch.setenv("MEMORY", "16Gi")
    monkeypatch.setenv("TRACEDOC_HARDWARE", "cpu")
    assert on_space()
    assert hardware() == Hardware("cpu", 2, 16.0)
    assert hardware_line(hardware(), "en") == "2 CPU cores, 16 GiB, no GPU"


def test_zerogpu_is_found_and_can_be_overruled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    assert hardware().kind == "zero"
    monkeypatch.setenv("TRACEDOC_HARDWARE", "cpu")
    assert hardware().kind == "cpu"


def test_hardware_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACEDOC_HARDWARE", "tpu")
    with pytest.raises(UserError, match="auto, cpu, gpu or zero"):
        hardware()


def test_a_gpu_that_torch_cannot_use_is_said() -> None:
    place = Hardware("cpu", 4, 15.0, unused="Tesla T4")
    assert "Tesla T4 is there" in hardware_line(place, "en")
    assert "Tesla T4" in hardware_line(place, "zh")


@pytest.mark.parametrize("kind", ["cpu", "gpu", "zero"])
def test_the_page_says_that_it_cannot_see_the_visitors_machine(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = page_words(Hardware(kind, 2, 16.0, "NVIDIA L4" if kind == "gpu" else ""))  # type: ignore[arg-type]
    assert "cannot see your machine" in said["en"]["space_note"]
    assert "看不到你的机器" in said["zh"]["space_note"]
    assert "(/tracedoc_report.py)" in said["en"]["space_note"]
    assert "Nothing leaves" not in said["en"]["subtitle"]
    assert "until the Space restarts" in said["en"]["space_note"]
    monkeypatch.setenv("TRACEDOC_FEEDBACK", "/data")
    assert "longer if you judge" in page_words(Hardware("cpu", 2, 0))["en"]["space_note"]
    monkeypatch.setenv("TRACEDOC_DATABASE", "sqlite://")
    assert "until the Space restarts" not in page_words(Hardware("cpu", 2, 0))["en"]["space_note"]


def scope(peer: str, *forwarded: str) -> dict[str, object]:
    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    return {"type": "http", "client": (peer, 1), "headers": headers}


def test_forwarded_addresses_are_believed_on_spaces_only(monkeypatch: pytest.MonkeyPatch) -> None:
    spoken = scope("10.0.0.7", "203.0.114.9, 10.1.1.1")
    assert proxies() == 0
    assert visitor(spoken, proxies()) == "10.0.0.7"
    monkeypatch.setenv("SPACE_ID", "ada/tracedoc")
    assert proxies() == 1
    assert visitor(spoken, proxies()) == "203.0.114.9"
    monkeypatch.setenv("TRACEDOC_PROXIES", "0")
    assert visitor(spoken, proxies()) == "10.0.0.7"
    monkeypatch.setenv("TRACEDOC_PROXIES", "many")
    with pytest.raises(UserError, match="whole number"):
        proxies()


@pytest.mark.parametrize(
    ("forwarded", "hops", "expected"),
    [
        (("1.2.3.4, 8.8.8.8",), 1, "8.8.8.8"),  # what a visitor wrote itself stands before
        (("1.2.3.4", "8.8.8.8, 10.0.0.1"), 1, "8.8.8.8"),
        (("9.9.9.9, 8.8.8.8",), 2, "9.9.9.9"),
        (("8.8.8.8",), 2, "8.8.8.8"),
        (("nonsense, 10.0.0.1, ",), 1, "10.9.9.9"),
        ((), 1, "10.9.9.9"),
        (("2a00:1450:4001::1",), 1, "2a00:1450:4001::1"),
    ],
)
def test_the_address_is_the_one_that_the_first_proxy_heard_from(
    forwarded: tuple[str, ...], hops: int, expected: str
) -> None:
    assert visitor(scope("10.9.9.9", *forwarded), hops) == expected
