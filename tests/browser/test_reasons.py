"""浏览器 the pages of subjects and of single records in Debian's chromium: narrow to wide, light and dark, keyboard, print."""

from __future__ import annotations

from datetime import date

import pytest
from playwright.async_api import Browser, Page

from schema.nodes import global_id
from tests import factory as make
from tests.browser.test_enterprise import CONTRAST, watched
from tests.serving import on_a_port
from tests.support import TrialDatabase
from tests.world import USCC, World, build

pytestmark = pytest.mark.browser
#: Texts that reach beyond their own box: a long number or name that does not break.
CUT = """() => [...document.querySelectorAll('main *')].filter(e => e.scrollWidth > e.clientWidth + 1
    && e.clientWidth > 1 && getComputedStyle(e).display !== 'inline').map(e => e.className + ':' + e.textContent.slice(0, 30))"""
#: Links that stand by themselves and summaries, too low for an unsteady finger (WCAG 2.5.8).
SMALL = """() => [...document.querySelectorAll('.overview a, .plates a, .explain a, .turn a, .related a, summary')]
    .filter(e => e.getBoundingClientRect().height < 24).map(e => e.textContent.slice(0, 30))"""


def paths(world: World) -> list[str]:
    """One page of each kind."""
    ids = {tag: global_id(tag, row) for tag, row in world.ids.items() if len(tag) == 2}
    subjects = [f"/enterprise/{USCC}", f"/individual-business/id/{ids['IB']}", f"/practitioner/{ids['PR']}"]
    return [*subjects, "/vehicle/鲁A00002/yellow", *(f"/why/{ids[tag]}" for tag in ("PE", "RA", "LE", "LI", "EN"))]


async def test_the_pages_hold_from_narrow_to_wide(database: TrialDatabase, browser: Browser) -> None:
    """320 pixels in both schemes, 360 and 1280: nothing sticks out, fades, or is too small to hit; one heading each."""
    world = await build(database)
    troubles: list[str] = []
    async with on_a_port(database, public_points=1_000_000_000) as base:
        for width, scheme in ((320, "light"), (320, "dark"), (360, "light"), (1280, "light")):
            view = {"width": width, "height": 800}
            page = await watched(browser, troubles, base, viewport=view, color_scheme=scheme)
            for path in paths(world):
                await page.goto(base + path)
                at = (width, scheme, path)
                assert await page.evaluate("document.documentElement.scrollWidth") == width, at
                assert await page.evaluate(CUT) == [], at
                assert await page.evaluate(SMALL) == [], at
                assert await page.locator("h1").count() == 1, at
                assert await page.locator("section:not([aria-label]):not([aria-labelledby])").count() == 0, at
                if width == 320:
                    assert await page.evaluate(CONTRAST) == [], at
            await page.close()
    assert troubles == []


async def heading(page: Page) -> str:
    """What the page says first."""
    return await page.locator("h1").inner_text()


async def test_a_reader_goes_from_the_firm_to_a_penaltys_reasons_and_back_by_keyboard(
    database: TrialDatabase, browser: Browser
) -> None:
    """The way of every complaint: which firm, which decision, until when — without script and without a mouse."""
    world = await build(database)
    async with make.sample_write(database) as write:
        until = make.penalty(world.agency, "罚键盘", enterprise_id=world.enterprise, disclosed_until=date(2026, 11, 20))
        await make.put(write, "penalty", until)
    troubles: list[str] = []
    async with on_a_port(database) as base:
        page = await watched(browser, troubles, base, java_script_enabled=False)
        await page.goto(f"{base}/enterprise/{USCC}#penalties")
        link = page.locator("#penalties .record", has_text="罚键盘").get_by_role("link", name="为什么公示")
        await link.focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/why/*")
        first = await heading(page)
        days = await page.locator(".days li").all_inner_texts()
        await page.get_by_role("navigation", name="位置").get_by_role("link").nth(1).focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/enterprise/*")
        back = await heading(page)

    assert first.startswith("行政处罚")
    assert "2026年11月20日 停止公示：当日起不再显示" in [" ".join(day.split()) for day in days]
    assert [" ".join(day.split()) for day in days].index("2026年6月15日 今天") == 2
    assert "有限公司" in back
    assert troubles == []


async def test_a_rating_and_its_points_are_printed_open(database: TrialDatabase, browser: Browser) -> None:
    """What is folded on the screen must not be missing on paper, nor may the links to nowhere be on it."""
    world = await build(database)
    async with on_a_port(database) as base:
        page = await watched(browser, [], base)
        await page.goto(f"{base}/why/{global_id('RA', world.ids['RA'])}")
        await page.emulate_media(media="print")
        table = await page.locator("table").is_visible()
        crumbs = await page.locator(".crumbs").is_visible()
        await page.goto(f"{base}/enterprise/{USCC}")
        links = await page.locator(".explain:visible").count()

    assert (table, crumbs, links) == (True, False, 0)
