"""The chat in a real browser: asking, reading, following up, judging."""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ANSWER, QUESTION, answer, ask, attach
from tests.conftest import Server

pytestmark = [pytest.mark.xdist_group("server")]

Open = Callable[..., Page]

OOM = """Traceback (most recent call last):
  File "/home/me/project/finetune.py", line 71, in <module>
    trainer.train()
  File "/opt/venv/lib/python3.12/site-packages/transformers/trainer.py", line 2325, in train
    return inner_training_loop(self.__init__, *args, **kwargs)
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.96 GiB. GPU 0 has a total capacity of 23.65 GiB of which 1.12 GiB is free. Including non-PyTorch memory, this process has 22.51 GiB memory in use. Of the allocated memory 21.60 GiB is allocated by PyTorch, and 462.11 MiB is reserved by PyTorch but unallocated."""


def test_a_traceback_is_answered_with_its_numbers_and_shown_as_typed(open_page: Open) -> None:
    page = open_page()
    text = ask(page, OOM)
    for said in ("1.96 GiB", "23.65 GiB", "1.12 GiB", "[1]"):
        assert said in text
    assert page.locator(f"{QUESTION} pre").inner_text().strip() == OOM
    expect(page.locator("#message textarea")).to_have_value("")
    expect(page.locator("#examples")).to_be_hidden()


def test_shift_enter_breaks_the_line(open_page: Open) -> None:
    page = open_page()
    box = page.locator("#message textarea")
    box.press_sequentially("one")
    box.press("Shift+Enter")
    box.press_sequentially("two")
    expect(box).to_have_value("one\ntwo")
    assert page.locator(QUESTION).count() == 0


def test_a_long_paste_does_not_push_the_answer_out_of_sight(open_page: Open) -> None:
    page = open_page()
    frames = "\n".join(
        f'  File "/home/me/step.py", line {n}, in step_{n}\n    return run({n})' for n in range(40)
    )
    for turn in range(2):
        ask(page, OOM.replace("    trainer.train()", f"    trainer.train()\n{frames}"))
        page.wait_for_timeout(400)
        box = page.locator(ANSWER).nth(turn).bounding_box()
        chat = page.locator("#chat").bounding_box()
        assert box
        assert chat
        assert chat["y"] <= box["y"] <= chat["y"] + chat["height"] / 2


def test_a_follow_up_in_chinese_keeps_the_context(open_page: Open) -> None:
    page = open_page()
    ask(page, OOM)
    text = ask(page, "如果我用 LoRA 呢？")
    assert any("\u4e00" <= letter <= "\u9fff" for letter in text)
    assert "LoRA" in text
    expect(page.locator("#sources")).to_contain_text("回答的来源")
    expect(page.locator("#sources")).to_contain_text("23.65")


def test_a_citation_opens_its_source(open_page: Open) -> None:
    page = open_page()
    ask(page, OOM)
    source = page.locator("#source-1-1")
    expect(source.locator(".passage")).to_be_hidden()
    page.locator(f"{ANSWER} a[href='#source-1-1']").first.click()
    expect(source.locator(".passage")).to_be_visible()
    assert source.locator("a").get_attribute("href").startswith("https://")  # type: ignore[union-attr]
    source.locator("summary").press("Enter")  # by keyboard, too
    expect(source.locator(".passage")).to_be_hidden()


def test_what_was_read_is_shown(open_page: Open) -> None:
    page = open_page()
    ask(page, OOM)
    facts = page.locator("#sources dl")
    for fact in ("OutOfMemoryError", "23.65", "finetune.py:71"):
        expect(facts).to_contain_text(fact)


def test_the_language_can_be_switched(open_page: Open) -> None:
    page = open_page()
    page.locator("#language").get_by_text("中文").click()
    assert "显存" in ask(page, OOM)
    page.locator("#language").get_by_text("English").click()
    assert "Cause" in ask(page, "如果我用 LoRA 呢？")
    expect(page.locator("#sources")).to_contain_text("Sources of the answer")


def test_a_cake_is_not_covered(open_page: Open) -> None:
    assert "isn't covered" in ask(open_page(), "How do I bake a chocolate cake?")


def test_examples_are_answered_at_a_click(open_page: Open) -> None:
    page = open_page()
    assert page.locator("#examples button").count() >= 6
    page.locator("#examples button").first.click()
    assert "1.96 GiB" in answer(page)


def test_retry_undo_edit_and_clear(open_page: Open) -> None:
    page = open_page()
    ask(page, OOM)
    page.get_by_role("button", name="Retry", exact=True).click()
    page.wait_for_timeout(500)
    assert "1.96 GiB" in answer(page)
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.locator("#message textarea")).to_have_value(OOM)
    expect(page.locator(QUESTION)).to_have_count(0)
    page.press("#message textarea", "Enter")
    answer(page)
    page.locator("#chat .user-row").get_by_role("button", name="Edit").click()
    editor = page.locator("#chat textarea.edit-textarea")
    editor.fill(editor.input_value().replace("1.96 GiB", "3.21 GiB"))
    page.locator("#chat .user-row").get_by_role("button", name="Submit").click()
    expect(page.locator(ANSWER)).to_contain_text("3.21 GiB")
    expect(page.locator(QUESTION)).to_contain_text("3.21 GiB")
    expect(page.locator(QUESTION)).not_to_contain_text("```")
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.locator(QUESTION)).to_have_count(0)
    expect(page.locator("#examples")).to_be_visible()


def test_judgements_are_kept_with_a_reason(open_page: Open, server: Server) -> None:
    page = open_page()
    message = f"{OOM}\nbatch size {time.time_ns()}"
    ask(page, message)
    page.get_by_role("button", name="Dislike", exact=True).click()
    page.locator("#reasons").get_by_text("Wrong cause").click()
    expect(page.get_by_text("Stored on this machine")).to_be_visible()
    expect(page.locator("#reasons")).to_be_hidden()
    with sqlite3.connect(server.data / "tracedoc.sqlite") as database:
        found = database.execute(
            "SELECT value, entry, passages, turns FROM judgements JOIN turns ON turns.id = turn_id ORDER BY judgements.id"
        ).fetchall()
    found = [row for row in found if message.rsplit(" ", 1)[1] in row[3]]
    assert [row[0] for row in found] == ["bad", "wrong_cause"]
    assert found[0][1]
    assert found[0][2] != "[]"


@pytest.mark.slow
def test_a_large_log_is_read(open_page: Open, tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    with log.open("w") as file:
        for step in range(52_000):
            file.write(f"2026-01-01 00:00:00 | INFO | step {step} loss {2.5 - step / 1e5:.4f} lr 0.0001\n")
        file.write(OOM)
    assert log.stat().st_size > 3e6
    page = open_page()
    attach(page, log)
    page.press("#message textarea", "Enter")
    assert "1.96 GiB" in answer(page)
    expect(page.locator("#sources")).to_contain_text("23.65")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("model.exe", b"MZ\0", "not a kind of file"),
        ("train.log", b"\0\1\2\3" * 100, "is binary"),
        ("a.ipynb", b"{broken", "not a notebook"),
        ("big.log", b"x" * (20 * 2**20 + 1), "larger than 20 MB"),
    ],
)
def test_a_bad_file_is_one_sentence_and_nothing_is_lost(
    open_page: Open, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    page = open_page()
    ask(page, OOM)
    file = tmp_path / name
    file.write_bytes(content)
    attach(page, file)
    assert said in ask(page, "what is this?")
    expect(page.locator(QUESTION).first).to_contain_text("1.96 GiB")
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.locator("#message textarea")).to_have_value("what is this?")


def test_markup_stays_text(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    evil = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    log = tmp_path / "<img src=x onerror=document.title='owned'>.log"
    log.write_text(OOM)
    attach(page, log)
    ask(page, f"{evil} [x](javascript:alert(1)) model: {evil} `{evil}`")
    trace = OOM.replace("finetune.py", f"{evil.replace('/', '')}.py").replace(
        "OutOfMemoryError", f"OutOfMemoryError{evil}"
    )
    ask(page, f"{trace}\nGPU: {evil}\nmodel_name = '{evil}'\ntransformers=={evil}")
    ask(page, f"KeyError: '{evil}'")
    page.wait_for_timeout(500)
    assert page.title() == "Tracedoc"
    assert page.locator("#chat img[src='x'], #sources img, #chat script, #sources script").count() == 0
    assert page.locator("#chat a[href^='javascript:']").count() == 0


def test_the_page_is_usable_by_keyboard_and_has_labels(open_page: Open) -> None:
    page = open_page()
    expect(page.locator("#message textarea")).to_be_focused()
    page.locator("#message textarea[aria-label]").wait_for()
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('button, input, textarea, summary')].filter(e =>
            e.offsetParent && !(e.innerText || e.ariaLabel || e.title || e.labels?.length)).map(e => e.outerHTML)"""
    )
    assert unnamed == []
    assert page.locator("h1").inner_text() == "Tracedoc"
