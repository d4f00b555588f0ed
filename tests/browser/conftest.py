"""A real Chromium, and what one does in the chat."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.conftest import Server

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ANSWER = '#chat [data-testid="bot"]'
QUESTION = '#chat [data-testid="user"]'


def chromium() -> str | None:
    """The system's Chromium, or TRACEDOC_CHROMIUM."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("TRACEDOC_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = chromium()
    if not program:
        pytest.skip("there is no Chromium: install one (`apt-get install chromium`) or set TRACEDOC_CHROMIUM")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser: Browser, server: Server) -> Iterator[Callable[..., Page]]:
    """Opens the chat in a browser of its own: `locale`, `viewport` and the like as Playwright has them."""
    yield from opened_pages(browser, server)


def opened_pages(browser: Browser, server: Server) -> Iterator[Callable[..., Page]]:
    """What opens pages of a server; they are closed at the end."""
    contexts = []

    def opened(**options: object) -> Page:
        context = browser.new_context(
            **{"locale": "en-US", "viewport": {"width": 1280, "height": 900}, **options}
        )  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
        page.goto(server.address)
        page.wait_for_selector("#message textarea")
        return page

    yield opened
    for context in contexts:
        context.close()


def ask(page: Page, text: str) -> str:
    """Pastes a text, sends it, and returns the answer that comes."""
    before = page.locator(ANSWER).count()
    page.fill("#message textarea", text)
    page.press("#message textarea", "Enter")
    return answer(page, before)


def answer(page: Page, before: int = 0) -> str:
    """The text of the answer after so many earlier ones, once it is complete."""
    page.locator(ANSWER).nth(before).wait_for()
    page.locator("#message .submit-button").wait_for()
    return page.locator(ANSWER).nth(before).inner_text()


def attach(page: Page, *files: Path) -> None:
    page.set_input_files("#message input[type=file]", [str(file) for file in files])
    page.locator("#message .thumbnail-item, #message .thumbnails button").nth(len(files) - 1).wait_for()
