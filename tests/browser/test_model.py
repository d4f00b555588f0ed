"""The embedded language model in a real browser: its reply streams under the answer, stops, goes on,
follows up in Chinese, with the adapter or without; and what a hostile server sends does nothing."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ANSWER, QUESTION, opened_pages
from tests.conftest import Server

pytestmark = [pytest.mark.xdist_group("lm")]

Open = Callable[..., Page]

QUESTIONS = ("What does LoRA r do?", "generate() repeats the same sentence", "Which preset for stories?")
OOM = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.96 GiB. I have an RTX 3060."
FIGURES = re.compile(r"Gemma 3 270M.*\d+ (?:tokens|个 token)")


@pytest.fixture
def open_lm_page(browser: Browser, lm_server: Server) -> Iterator[Open]:
    yield from opened_pages(browser, lm_server)


def send(page: Page, text: str) -> None:
    asked = page.locator(QUESTION).count()
    page.fill("#message textarea", text)
    page.press("#message textarea", "Enter")
    expect(page.locator(QUESTION)).to_have_count(asked + 1)


def wait_until_written(page: Page) -> str:
    """The text of the last reply, once it is whole."""
    page.locator("#message .submit-button").wait_for(timeout=120_000)
    return said_last(page)


def said_last(page: Page) -> str:
    """The text of the last message of ours, folded or not."""
    return page.locator(ANSWER).last.get_attribute("aria-label") or ""


def set_limit(page: Page, tokens: int) -> None:
    page.locator("#model button").first.click()
    page.get_by_label("Own values").check()
    box = page.locator("#numbers input[type=number]").last
    box.fill(str(tokens))
    box.press("Enter")
    page.locator("#model button").first.click()


def test_a_reply_streams_under_the_answer(open_lm_page: Open) -> None:
    page = open_lm_page()
    send(page, OOM)
    expect(page.locator(ANSWER).first).to_contain_text("[1]")
    expect(page.locator(ANSWER).nth(1)).to_have_attribute(
        "aria-label", re.compile("Gemma 3 270M"), timeout=60_000
    )
    text = wait_until_written(page)
    assert FIGURES.search(text), text


def test_a_question_in_chinese_follows_up(open_lm_page: Open) -> None:
    page = open_lm_page()
    send(page, OOM)
    wait_until_written(page)
    send(page, "为什么梯度检查点能省显存？")
    text = wait_until_written(page)
    assert FIGURES.search(text), text
    assert re.search(r"[\u4e00-\u9fff]", text)


def test_stop_acts_at_once_and_keeps_the_answer(open_lm_page: Open) -> None:
    for _ in range(4):  # a reply may have ended before the click
        page = open_lm_page()
        send(page, OOM)
        expect(page.locator(ANSWER).nth(1)).to_have_attribute(
            "aria-label", re.compile("Gemma 3 270M"), timeout=60_000
        )
        page.locator("#message .stop-button").click()
        page.locator("#message .submit-button").wait_for(timeout=5_000)
        if "Stopped." in said_last(page):
            break
    assert "Stopped." in said_last(page)
    expect(page.locator(ANSWER).first).to_contain_text("[1]")


def test_a_reply_that_hit_its_limit_goes_on(open_lm_page: Open) -> None:
    page = open_lm_page()
    set_limit(page, 16)
    for question in QUESTIONS:  # a model may end by itself before the limit
        send(page, question)
        if "16 tokens" in wait_until_written(page):
            break
    expect(page.locator("#go-on")).to_be_visible()
    page.locator("#go-on").click()
    page.locator("#message .stop-button").wait_for()
    assert "16 tokens" in wait_until_written(page)


def test_the_adapter_can_be_switched_off(open_lm_page: Open) -> None:
    page = open_lm_page()
    page.locator("#model button").first.click()
    page.get_by_label("Adapter").uncheck()
    page.locator("#model button").first.click()
    send(page, OOM)
    text = wait_until_written(page)
    assert FIGURES.search(text)
    assert "Gemma 3 270M +" not in text


def test_what_cannot_be_a_model_is_said_in_a_sentence(open_lm_page: Open) -> None:
    page = open_lm_page()
    page.locator("#model button").first.click()
    box = page.locator("#choice input")
    box.fill("no such model")
    box.press("Enter")
    page.locator("#use").click()
    expect(page.get_by_text("is no model")).to_be_visible()
