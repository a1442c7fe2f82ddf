"""浏览器 the browser that all tests of this folder open their pages in. Not for what the pages must hold."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests of a module; each opens pages of its own."""
    # Not above: where the browser is missing, that module ends its own collection and says why.
    from tests.browser.test_enterprise import ARGUMENTS, CHROMIUM

    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        await opened.close()
