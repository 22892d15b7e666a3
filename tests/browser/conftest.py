"""A real Chromium before the real panel, which is a process of its own."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright

from tests.fakes.command_line import COMMAND, environment

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where it is; without one the journey is skipped, but never where everything is installed for the tests."""
    found = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if found is None:
        why = "no chromium was found; install Debian's package chromium"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(why)
    return found


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[str]:
    """A one-time link to a panel on rows of its own."""
    settings = {"YAMABIKO_PANEL__PORT": "0", "YAMABIKO_GENERATION__THREADS": "1"}
    surroundings = {**environment(), **settings, "LC_ALL": "C.UTF-8"}
    surroundings.pop("OMP_NUM_THREADS", None)  # the real base wants every core
    process = subprocess.Popen(
        [*COMMAND, "panel"],
        cwd=tmp_path,
        env=surroundings,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background job ignores Ctrl-C
    )
    assert process.stderr is not None
    try:
        link = next(found[0] for line in process.stderr if (found := re.search(r"http://\S+", line)))
        yield link
    finally:
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert "Traceback" not in told, told[-3000:]


@pytest.fixture
async def page(chromium: str, panel: str) -> AsyncIterator[Page]:
    """Signed in, in English, with a window that is large enough."""
    async with async_playwright() as playwright:
        # A container's own walls forbid Chromium to build its sandbox, and it shows nobody's pages but ours.
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = await browser.new_context(locale="en-GB", viewport={"width": 1180, "height": 860})
        page = await context.new_page()
        page.set_default_timeout(60_000)
        await page.goto(panel)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_text("Try a persona out").wait_for()
        yield page
        await browser.close()
