"""The HTTP API of a real server."""

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import Server

pytestmark = [pytest.mark.xdist_group("server")]

OOM = (
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.96 GiB. GPU 0 has a total capacity of "
    "23.65 GiB of which 1.12 GiB is free."
)


def post(server: Server, path: str, body: object) -> httpx.Response:
    return httpx.post(f"{server.address}{path}", json=body, timeout=30)


def test_ask_answers_with_the_contract(server: Server) -> None:
    answer = post(server, "/api/ask", {"input": OOM, "id": "x"}).json()
    assert set(answer) >= {
        "id", "lang", "kind", "topic", "confidence", "abstained", "answer", "basis", "citations", "facts",
        "preset", "ms", "lm",
    }  # fmt: skip
    assert (answer["id"], answer["topic"], answer["abstained"], answer["lm"]) == ("x", "A.1", False, None)
    assert "1.96 GiB" in answer["answer"]
    assert {"n", "passage", "text", "section", "title", "source"} <= set(answer["citations"][0])


def test_turns_are_one_conversation(server: Server) -> None:
    answer = post(server, "/api/ask", {"turns": [OOM, "如果我用 LoRA 呢？"]}).json()
    assert answer["lang"] == "zh"
    assert not answer["abstained"]
    assert "23.65" in json.dumps(answer["facts"])


def test_options_are_taken(server: Server) -> None:
    assert post(server, "/api/ask", {"input": OOM, "lang": "zh"}).json()["lang"] == "zh"
    full, short = (
        post(server, "/api/ask", {"input": OOM, "length": each}).json() for each in ("full", "short")
    )
    assert len(short["answer"]) < len(full["answer"])
    assert post(server, "/api/ask", {"input": OOM, "preset": "creative"}).json()["preset"] == "creative"
    assert (
        post(server, "/api/ask", {"input": OOM, "machine": "GPU: RTX 4090", "model": "none"}).status_code
        == 200
    )


def test_search_finds_passages(server: Server) -> None:
    found = post(server, "/api/search", {"query": "gradient checkpointing saves memory", "k": 3}).json()
    assert len(found["hits"]) == 3
    assert {"passage", "entry", "topic", "lang", "score", "text", "source"} == set(found["hits"][0])


SCRIPT = 'args = TrainingArguments(output_dir="x", fp16=True, bf16=True)\n'
T4 = "| NVIDIA-SMI 535.0  Driver Version: 535.0  CUDA Version: 12.2 |\n|   0  Tesla T4  On | 0 |\n| N/A 35C P0 26W / 70W | 3MiB / 15109MiB | 0% Default |"


def test_check_finds_what_is_wrong(server: Server) -> None:
    found = post(server, "/api/check", {"input": SCRIPT, "file": "train.py"}).json()
    assert found["file"] == "train.py"
    assert {"rule", "severity", "line", "message", "fix", "diff", "source"} <= set(found["findings"][0])
    chinese = post(server, "/api/check", {"input": SCRIPT, "lang": "zh"}).json()
    assert chinese["findings"][0]["message"] != found["findings"][0]["message"]


def test_check_knows_the_machine_that_is_reported(server: Server) -> None:
    body = {"input": 'args = TrainingArguments(output_dir="x", bf16=True)\n'}
    rules = [
        {each["rule"] for each in post(server, "/api/check", {**body, **machine}).json()["findings"]}
        for machine in ({}, {"machine": T4})
    ]
    assert rules[0] < rules[1]


@pytest.mark.parametrize("body", [{}, {"input": ""}, {"input": "a: [", "file": "x.yaml"}])
def test_what_cannot_be_checked_is_one_sentence(server: Server, body: dict[str, str]) -> None:
    answer = post(server, "/api/check", body)
    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")


def test_plan_and_doctor_answer_beside_it(server: Server) -> None:
    plan = post(
        server, "/api/plan", {"model": "Qwen/Qwen2.5-7B", "method": "qlora", "gpu": "RTX 3060"}
    ).json()
    assert plan["verdict"] in ("fits", "borderline", "does not fit")
    assert post(server, "/api/doctor", {"input": T4}).json()["gpus"][0]["name"] == "Tesla T4"


def test_a_pasted_report_counts_for_the_conversation(server: Server) -> None:
    answer = post(server, "/api/ask", {"input": OOM, "machine": T4}).json()
    assert answer["facts"]["gpu"] == "T4"
    assert "driver" in answer["facts"]["versions"]


def test_health_is_ready(server: Server) -> None:
    answer = httpx.get(f"{server.address}/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


@pytest.mark.parametrize("path", ["/api/ask", "/api/search"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"null",
        b"1",
        b'{"input": 5, "query": 5}',
        b'{"turns": []}',
        b'{"turns": [1]}',
        b'{"turns": "x"}',
        b"{}",
        b"\xff\xfe\xfa",
        b'{"input": "\xff"}',
        b'{"input": "x", "lang": "fr", "query": "x", "k": "3"}',
        b'{"input": "x", "lang": [], "query": "x", "k": 0}',
        b'{"input": "x", "length": 5, "query": "x", "k": true}',
        b'{"input": "x", "preset": "wild", "query": "x", "k": 1e3}',
        b'{"input": "x", "machine": 5, "query": " "}',
        b'{"input": "x", "model": "gpt", "query": "x", "k": 101}',
        b'{"input": "x", "id": {}, "query": null}',
        b'{"input":' + b"[" * 100_000,
        b"[" * 1_000_000,
    ],
)
def test_bad_input_gets_one_sentence(server: Server, path: str, body: bytes) -> None:
    answer = httpx.post(f"{server.address}{path}", content=body, timeout=30)
    assert answer.status_code == 400
    sentence = answer.json()["error"]
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert "Traceback" not in sentence


@pytest.mark.parametrize(
    "text", ["a\0b", "\ud800", "\U0001f600" * 10, "", "   ", "\u202e\u0000", "%s{0}{{x}}"]
)
def test_odd_texts_are_answered(server: Server, text: str) -> None:
    for path, key in (("/api/ask", "input"), ("/api/search", "query")):
        content = json.dumps({key: text}).encode()
        answer = httpx.post(f"{server.address}{path}", content=content, timeout=30)
        assert answer.status_code == (400 if key == "query" and not text.strip() else 200), answer.text


def test_too_large_states_the_limit(server: Server) -> None:
    answer = httpx.post(f"{server.address}/api/ask", content=b"x" * (21 << 20), timeout=60)
    assert answer.status_code == 413
    assert "20 MB" in answer.json()["error"]


def test_wrong_paths_and_methods_are_said(server: Server) -> None:
    assert httpx.get(f"{server.address}/api/ask").status_code == 405
    missing = post(server, "/api/nothing", {})
    assert missing.status_code == 404
    assert "/api/ask" in missing.json()["error"]


def test_many_clients_at_once_are_all_answered(server: Server) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(
            pool.map(lambda n: post(server, "/api/ask", {"input": OOM, "id": n}).json(), range(48))
        )
    assert [answer["id"] for answer in answers] == list(range(48))
    assert {answer["topic"] for answer in answers} == {"A.1"}


def test_the_log_has_no_traceback(server: Server) -> None:
    assert "Traceback" not in server.log.read_text(encoding="utf-8", errors="replace")


def test_metrics_count_what_was_asked(server: Server) -> None:
    def count() -> float:
        text = httpx.get(f"{server.address}/metrics", timeout=30).text
        families = {each.name: each for each in text_string_to_metric_families(text)}
        assert "OutOfMemory" not in text
        assert {"tracedoc_answer_seconds", "tracedoc_index_ready", "process_resident_memory_bytes"} <= set(
            families
        )
        samples = families["tracedoc_answers"].samples if "tracedoc_answers" in families else []
        return sum(
            each.value
            for each in samples
            if each.labels.get("basis") == "signature" and each.labels["lang"] == "en"
        )

    before = count()
    post(server, "/api/ask", {"input": OOM})
    assert count() == before + 1
