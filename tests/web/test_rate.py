"""The limit of requests per address and minute."""

from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.web.rate import RateLimit, limit_rate


def app(per_minute: int) -> TestClient:
    made = FastAPI()
    made.post("/api/ask")(lambda: {"ok": True})
    made.get("/health")(lambda: {"ok": True})
    limit_rate(made, per_minute)
    return TestClient(made)


def test_one_too_many_is_told_when_to_come_back() -> None:
    client = app(2)
    assert [client.post("/api/ask").status_code for _ in range(3)] == [200, 200, 429]
    refused = client.post("/api/ask")
    assert "2 a minute" in refused.json()["error"]
    assert 1 <= int(refused.headers["retry-after"]) <= 61
    assert client.get("/health").status_code == 200


def test_zero_is_no_limit() -> None:
    client = app(0)
    assert {client.post("/api/ask").status_code for _ in range(20)} == {200}


def test_addresses_are_counted_apart_and_a_minute_passes() -> None:
    now = [0.0]
    limit = RateLimit(FastAPI(), per_minute=1, clock=lambda: now[0])
    assert limit.wait("a") == 0
    assert limit.wait("b") == 0
    assert limit.wait("a") > 0
    now[0] = 60.0
    assert limit.wait("a") == 0


def test_memory_is_bounded() -> None:
    limit = RateLimit(FastAPI(), per_minute=1)
    for n in range(10_050):
        limit.wait(str(n))
    assert len(limit._seen) <= 10_000
