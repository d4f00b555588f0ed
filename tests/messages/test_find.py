"""Messages of libraries lead to the check in the library's own source; other software's do not."""

import json
import tomllib
import traceback
from pathlib import Path

import pytest

from assistant.messages import Index, explain, find
from assistant.messages.fitting import fit
from assistant.reading import read
from tests.messages.scoring import lookups

OUTSIDE = Path(__file__).parent.parent / "cases" / "outside.jsonl"


def test_a_real_error_leads_to_its_own_line(small_index: Index) -> None:
    from huggingface_hub.utils import validate_repo_id

    with pytest.raises(ValueError, match="Repo id") as raised:
        validate_repo_id("too/many/parts")
    shown = "".join(traceback.format_exception(raised.value))
    frame = read(shown).main.frames[-1]  # type: ignore[union-attr]
    (found,) = [each for each in lookups(small_index, shown) if each]
    assert (found[0].site.file, found[0].by_frame) == ("huggingface_hub/utils/_validators.py", True)
    assert found[0].site.line <= (frame.line or 0) <= found[0].site.end
    assert found[0].site.exception == "HFValidationError"
    assert found[0].values == {"repo_id": "too/many/parts"}


def test_without_frames_the_text_decides_and_holes_are_named(small_index: Index) -> None:
    message = "Target modules {'qq_proj'} not found in the base model. Please check the target modules and try again."
    match = find(small_index, message, "ValueError")[0]
    assert match.site.package == "peft"
    assert match.exact
    assert "{'qq_proj'}" in match.values.values()


@pytest.mark.parametrize(
    "change", [lambda m: m[:70], lambda m: m.replace(" ", "\n", 3), lambda m: m + "\nAny ideas?"]
)
def test_cut_wrapped_and_followed_texts_are_known(small_index: Index, change: object) -> None:
    message = (
        "Target modules {'q'} not found in the base model. Please check the target modules and try again."
    )
    assert find(small_index, change(message), "ValueError")  # type: ignore[operator]


@pytest.mark.parametrize(
    "message",
    [
        "invalid argument",
        "list index out of range",
        "not found",
        "is not supported",
        "",
        "…",
        "x" * 50_000,
        "{}" * 3000,
    ],
)
def test_generic_and_hostile_texts_match_nothing(small_index: Index, message: str) -> None:
    assert find(small_index, message, "ValueError") == ()


def test_a_text_raised_in_other_software_is_not_the_libraries(small_index: Index) -> None:
    shown = "Traceback (most recent call last):\n  File \"/venv/lib/python3.11/site-packages/vllm/lora.py\", line 3, in load\n    raise ValueError(m)\nValueError: Target modules {'q'} not found in the base model. Please check the target modules and try again."
    assert not any(lookups(small_index, shown))


def test_other_softwares_errors_match_nothing(small_index: Index) -> None:
    rows = [json.loads(line) for line in OUTSIDE.read_text(encoding="utf-8").splitlines()]
    texts = [row["input"] for row in rows if row["topic"] == "out-of-scope"]
    assert len(texts) > 50
    assert [text for text in texts if any(lookups(small_index, text))] == []


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_explanation_says_check_values_place_and_version(small_index: Index, lang: str) -> None:
    message = "Target modules {'qq`_proj'} not found in the base model. Please check the target modules and try again."
    match = find(small_index, message, "ValueError")[0]
    said = explain(match, lang, {"peft": "0.4.0"})
    assert f"{match.site.line}" in said.where
    assert match.site.file in said.where
    assert said.checked
    assert said.satisfies
    assert "{'qq_proj'}" in said.values
    assert "0.4.0" in said.version
    assert match.version in said.version
    assert "raise ValueError" in said.code
    assert not explain(match, lang, {"peft": match.version}).version


def test_fits_tell_whole_started_cut_and_contained_texts_apart() -> None:
    parts = ["cannot load", None, "from the hub"]
    extents = {
        text: (found.extent if (found := fit(parts, text)) else None)
        for text in (
            "cannot load x from the hub",
            "cannot load x from the hub. Thanks",
            "ERROR: cannot load x from the hub",
            "cannot load x from elsewhere",
        )
    }
    assert list(extents.values()) == ["whole", "start", "inside", None]
    assert (
        fit(["a long sentence that goes on", None, "for a while"], "a long sentence that goes").extent
        == "cut"
    )  # type: ignore[union-attr]


def test_what_python_and_other_software_say_is_not_the_libraries(small_index: Index) -> None:
    table = tomllib.loads((Path(__file__).parent / "elsewhere.toml").read_text(encoding="utf-8"))
    for message in table["messages"]:
        kind, _, text = message.partition(": ")
        assert find(small_index, text, kind) == (), message
        assert not any(lookups(small_index, message)), message
