"""Takes the README's picture, docs/screenshot.png: `python -m tests.browser.screenshot`."""

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from assistant.settings import cache_folder
from assistant.web.words import examples
from tests.browser.conftest import FLAGS, answer, chromium
from tests.conftest import ROOT, start_server, stop_server

PICTURE = Path(os.environ.get("TRACEDOC_SCREENSHOT", ROOT / "docs" / "screenshot.png"))


def main() -> int:
    """Serves the app, asks the first example, and saves what is on the screen."""
    program = chromium()
    if not program:
        print("there is no Chromium to take a picture with", file=sys.stderr)
        return 3
    PICTURE.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = start_server(cache_folder(), Path(folder) / "data")
        try:
            browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
            page = browser.new_page(
                viewport={"width": 1280, "height": 800}, locale="en-US", color_scheme="light"
            )
            page.goto(server.address)
            page.locator("#examples button", has_text=examples()[0].labels["en"]).click()
            answer(page)
            page.locator("#source-1-1 summary").click()
            page.locator("#status p").wait_for(state="detached", timeout=300_000)
            page.evaluate("document.activeElement.blur()")
            page.wait_for_timeout(500)
            page.screenshot(path=str(PICTURE))
            browser.close()
        finally:
            stop_server(server)
    return 0


if __name__ == "__main__":
    sys.exit(main())
