"""浏览器 the first pages in Debian's chromium: narrow, keyboard, dark, print; no error and no other origin."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from tests.serving import on_a_port
from tests.support import TrialDatabase
from tests.world import USCC, build

pytestmark = pytest.mark.browser
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MISSING = f"needs Debian's chromium at {CHROMIUM}: apt-get install chromium fonts-noto-cjk"
if not Path(CHROMIUM).exists():
    if os.environ.get("CI"):
        raise RuntimeError(MISSING)
    pytest.skip(MISSING, allow_module_level=True)

#: Contrast of text against what is behind it, by WCAG's formula; text without its own colour behind takes its parent's.
CONTRAST = """() => {
  const rgb = c => c.match(/[\\d.]+/g).map(Number);
  const light = c => { const [r, g, b] = rgb(c).map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b };
  const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if ((rgb(c)[3] ?? 1) > 0) return c } return 'rgb(255,255,255)' };
  return [...document.querySelectorAll('body *')].filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())
      && e.getClientRects().length && !e.classList.contains('skip') && !e.classList.contains('unseen'))
    .map(e => { const a = light(getComputedStyle(e).color), b = light(behind(e));
      return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e.className + ':' + e.textContent.slice(0, 20)] })
    .filter(([ratio]) => ratio < 4.5) }"""


async def watched(browser: Browser, troubles: list[str], base: str, **options: Any) -> Page:
    """Opens a page that notes every console error and every request to another origin."""
    page = await browser.new_page(**options)
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith(base) else troubles.append(asked.url))
    return page


async def test_the_pages_hold_on_a_narrow_screen_in_light_and_dark(database: TrialDatabase, browser: Browser) -> None:
    """320 pixels is a phone of an old driver, or a desk screen at 400 %: nothing may stick out or fade."""
    await build(database)
    troubles: list[str] = []
    async with on_a_port(database) as base:
        for scheme in ("light", "dark"):
            page = await watched(browser, troubles, base, viewport={"width": 320, "height": 640}, color_scheme=scheme)
            for path in ("/", f"/enterprise/{USCC}"):
                await page.goto(base + path)
                assert await page.evaluate("document.documentElement.scrollWidth") == 320, (scheme, path)
                assert await page.evaluate(CONTRAST) == [], (scheme, path)
                size = await page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
                assert size >= 18
    assert troubles == []


async def test_the_search_works_by_keyboard_alone_and_tells_a_wrong_code(
    database: TrialDatabase, browser: Browser
) -> None:
    """Skip link first, a visible focus, the fault beside the field, and the firm's page at the end."""
    await build(database)
    troubles: list[str] = []
    async with on_a_port(database) as base:
        page = await watched(browser, troubles, base, java_script_enabled=False)
        await page.goto(base)
        await page.keyboard.press("Tab")
        first = await page.locator(":focus").text_content()
        await page.get_by_label("名称、代码或车牌号").focus()
        await page.keyboard.type(USCC[:-1] + "A")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/search?*")
        fault = await page.get_by_role("alert").text_content()
        value = await page.get_by_label("名称、代码或车牌号").input_value()
        await page.get_by_label("名称、代码或车牌号").fill(USCC)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/enterprise/*")
        heading = await page.locator("h1").text_content()

    assert first == "跳到主要内容"
    assert "校验码" in (fault or "")
    assert value == USCC[:-1] + "A"
    assert "有限公司" in (heading or "")
    assert troubles == []


async def test_the_firms_page_prints_its_records_without_the_site_around_them(
    database: TrialDatabase, browser: Browser
) -> None:
    """Offices print this page for their files."""
    await build(database)
    async with on_a_port(database) as base:
        page = await watched(browser, [], base)
        await page.goto(f"{base}/enterprise/{USCC}")
        await page.emulate_media(media="print")
        hidden = [await page.locator(part).is_visible() for part in (".overview", ".crumbs", ".top nav")]
        shown = await page.locator("#penalties .record").count()

    assert hidden == [False, False, False]
    assert shown == 3
