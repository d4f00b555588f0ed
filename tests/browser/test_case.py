"""What is known of the user's case, beside the chat: shown with its origin, corrected, and the answer changes."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ANSWER, ask

pytestmark = [pytest.mark.xdist_group("server")]

Open = Callable[..., Page]

ASKED = "How much memory does LoRA of Qwen/Qwen2.5-14B need on my RTX 3090, does it fit?"


def test_facts_have_their_origin_and_the_run_its_picture(open_page: Open) -> None:
    page = open_page()
    text = ask(page, ASKED)
    assert "does not fit" in text
    panel = page.locator("#sources")
    expect(panel.locator("dd", has_text="RTX 3090")).to_contain_text("said")
    expect(panel.locator("dd", has_text=re.compile(r"^24"))).to_contain_text("assumed")
    expect(panel.locator(".plan svg")).to_be_visible()


def test_a_correction_changes_the_answer(open_page: Open) -> None:
    page = open_page()
    ask(page, ASKED)
    page.locator("#case button").first.click()
    page.fill("#fact-vram textarea, #fact-vram input", "80")
    page.click("#apply-facts")
    expect(page.locator(ANSWER).last).to_contain_text("It fits")
    expect(page.locator("#sources dd", has_text=re.compile(r"^80"))).to_contain_text("set by you")


def test_the_script_for_another_machine_is_offered(open_page: Open) -> None:
    page = open_page()
    page.locator("#other-machine button").first.click()
    with page.expect_download() as download:
        page.click("#other-machine a")
    text = download.value.path().read_text(encoding="utf-8")
    compile(text, "tracedoc_report.py", "exec")


def test_this_machine_is_measured_where_it_is_meant(open_page: Open) -> None:
    page = open_page()
    ask(page, "RuntimeError: CUDA error: no kernel image is available for execution on the device")
    page.locator("#case button").first.click()
    page.locator("#use-here input").check()
    page.click("#apply-facts")
    expect(page.locator("#sources dl")).to_contain_text("measured here")


def test_the_fields_are_chinese_in_a_chinese_browser(open_page: Open) -> None:
    page = open_page(locale="zh-CN")
    page.locator("#case button").first.click()
    expect(page.locator("#case")).to_contain_text("每卡批大小")
    expect(page.locator("#other-machine")).to_contain_text("另一台机器")
