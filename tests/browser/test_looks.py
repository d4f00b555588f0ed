"""Phone and desktop, light and dark, English and Chinese."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ANSWER, ask, attach
from tests.browser.test_chat import OOM

pytestmark = [pytest.mark.xdist_group("server")]

Open = Callable[..., Page]
PHONE = {"width": 390, "height": 844}


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
@pytest.mark.parametrize("width", [390, 320, 768, 1280])
def test_nothing_scrolls_sideways(open_page: Open, width: int, locale: str) -> None:
    page = open_page(viewport={"width": width, "height": 844}, locale=locale)
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) <= 0
    ask(page, OOM + "\n" + "x" * 400)
    assert page.evaluate(overflow) <= 0
    log = page.locator("#chat .panel-wrap")
    assert log.evaluate("e => e.scrollWidth - e.clientWidth") <= 0


def test_the_box_is_in_sight_on_a_phone(open_page: Open) -> None:
    page = open_page(viewport=PHONE)
    expect(page.locator("#message textarea")).to_be_in_viewport()
    ask(page, OOM)
    expect(page.locator("#message textarea")).to_be_in_viewport()
    expect(page.locator(ANSWER)).to_be_in_viewport()
    page.locator(f"{ANSWER} a[href='#source-1-1']").first.click()
    expect(page.locator("#source-1-1 summary")).to_be_in_viewport()


def test_a_chinese_browser_sees_chinese(open_page: Open, tmp_path) -> None:  # type: ignore[no-untyped-def]
    page = open_page(locale="zh-CN")
    expect(page.locator("#sources")).to_contain_text("会显示在这里")
    for place in ("#subtitle", "#examples", "#chat"):
        assert re.search(r"[\u4e00-\u9fff]", page.locator(place).inner_text()), place
    assert "粘贴" in (page.locator("#message textarea").get_attribute("placeholder") or "")
    ask(page, OOM)  # a bare paste: the browser's language
    expect(page.locator(ANSWER)).to_contain_text("显存")
    expect(page.locator("#sources")).to_contain_text("读到的信息")
    page.get_by_role("button", name="踩", exact=True).click()
    reasons = page.locator("#reasons")
    expect(reasons).to_contain_text("这个回答哪里不对")
    for button in reasons.locator("button").all():
        assert re.search(r"[\u4e00-\u9fff]", button.inner_text())
    reasons.locator("button").first.click()
    expect(page.get_by_text("已保存在本机")).to_be_visible()
    file = tmp_path / "a.exe"
    file.write_bytes(b"MZ")
    attach(page, file)
    page.press("#message textarea", "Enter")
    expect(page.locator(ANSWER).nth(1)).to_contain_text("不是我能读的文件类型")
    page.wait_for_timeout(300)
    named = page.evaluate(
        "() => [...document.querySelectorAll('button[title], button[aria-label]')].filter(e => e.offsetParent)"
        ".map(e => e.title || e.ariaLabel)"
    )
    assert [name for name in named if not re.search(r"[\u4e00-\u9fff]", name)] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(open_page: Open, scheme: str) -> None:
    """The contrast of what is said in grey, and of links, against the page: WCAG AA."""
    page = open_page(color_scheme=scheme)
    ask(page, OOM)
    page.locator("#source-1-1 summary").click()
    ratio = page.evaluate(
        """() => {
          const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(v => v / 255)
            .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const back = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
            if (!/, 0\\)|transparent/.test(c)) return c; } return 'rgb(255, 255, 255)'; };
          const of = s => { const e = document.querySelector(s), a = light(getComputedStyle(e).color), b = light(back(e));
            return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); };
          return Object.fromEntries(['#subtitle p', '#sources dt', '#sources details a', '#chat .bot p',
            '#chat a[href="#source-1-1"]', '#language label span'].map(s => [s, of(s)]));
        }"""
    )
    assert {name: value for name, value in ratio.items() if value < 4.5} == {}
