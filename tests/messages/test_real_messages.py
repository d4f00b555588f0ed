"""Hundreds of real messages, made by calling the libraries wrongly: the site that said each comes first."""

import json
import tomllib
from pathlib import Path

import pytest

from assistant.messages.background import make
from assistant.messages.store import Index, opened
from tests.messages.real_errors import Said, real_messages
from tests.messages.scoring import lookups, outcomes

OUTSIDE = Path(__file__).parent.parent / "cases" / "outside.jsonl"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    file = make(tmp_path_factory.mktemp("all-messages"))
    assert file is not None
    return opened(file)


@pytest.fixture(scope="module")
def messages() -> list[Said]:
    return real_messages()


@pytest.mark.slow
def test_the_right_site_comes_first(index: Index, messages: list[Said]) -> None:
    assert len(messages) >= 300
    results = list(outcomes(index, messages))
    wrong = [result.said for result in results if not result.right]
    assert len(wrong) <= 0.03 * len(results), [(said.file, said.line, said.shown[-200:]) for said in wrong]


@pytest.mark.slow
def test_other_softwares_texts_match_nothing(index: Index) -> None:
    table = tomllib.loads((Path(__file__).parent / "elsewhere.toml").read_text(encoding="utf-8"))
    rows = [json.loads(line) for line in OUTSIDE.read_text(encoding="utf-8").splitlines()]
    texts = [*table["messages"], *(row["input"] for row in rows if row["topic"] == "out-of-scope")]
    assert [text for text in texts if any(lookups(index, text))] == []


@pytest.mark.slow
def test_without_frames_the_text_is_still_known(index: Index, messages: list[Said]) -> None:
    results = list(outcomes(index, messages, frames=False))
    assert sum(bool(result.found) for result in results) >= 0.85 * len(results)
