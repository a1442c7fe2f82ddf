"""浏览器 the one box and its results in Debian's chromium: keyboard, filters, narrow, dark, print; nothing goes elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser

from tests.browser.test_enterprise import CONTRAST, watched
from tests.serving import on_a_port
from tests.test_person_form import UNKNOWN as PERSON
from tests.test_search_page import FIRM, write_city

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
async def base(trial_database: Any) -> AsyncIterator[str]:
    """One service for all: its pages are only read."""
    async with trial_database() as database:
        await write_city(database)
        async with on_a_port(database) as address:
            yield address


async def test_a_firm_is_found_narrowed_and_opened_by_keyboard_alone(base: str, browser: Browser) -> None:
    """No script, no mouse: type, choose a county, open; and back again by the box of the firm's own page."""
    troubles: list[str] = []
    page = await watched(browser, troubles, base, java_script_enabled=False)
    await page.goto(base)
    await page.get_by_label("名称、代码或车牌号").focus()
    await page.keyboard.type("顺达")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/search?*")
    found = await page.locator(".hits li").count()
    await page.get_by_text("按地区、经营领域筛选").press("Enter")
    await page.get_by_label("地区").select_option("370403")
    await page.get_by_role("button", name="筛选").press("Enter")
    await page.wait_for_url("**division=370403*")
    narrowed = await page.locator(".hits li").count()
    await page.get_by_role("navigation", name="按种类筛选").get_by_role("link", name="企业", exact=True).press("Enter")
    await page.wait_for_url("**kind=ENTERPRISE*")
    chosen = await page.get_by_label("地区").input_value()
    await page.locator(".hits a").press("Enter")
    await page.wait_for_url(f"**/enterprise/{FIRM}")
    await page.get_by_label("查企业、个体工商户、车辆").fill("众合")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/search?*")
    await page.get_by_role("link", name="下一页").press("Enter")
    await page.wait_for_url("**after=*")

    assert (found, narrowed, chosen) == (3, 2, "370403")
    assert await page.get_by_role("link", name="回到第一页").count() == 1
    assert troubles == []


async def test_a_persons_number_does_not_stay_in_the_address_bar(base: str, browser: Browser) -> None:
    """The next at the counter sees the bar and the list of pages visited."""
    page = await watched(browser, [], base, java_script_enabled=False)
    await page.goto(base)
    await page.get_by_label("名称、代码或车牌号").fill(PERSON)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/practitioner?from=search")
    told = await page.get_by_role("status").text_content()
    await page.go_back()

    assert "没有用来查询，也没有记录" in (told or "")
    assert page.url == f"{base}/"


async def test_the_results_hold_on_a_narrow_screen_in_light_and_dark(base: str, browser: Browser) -> None:
    """Long names, many filters and the tallest list: nothing sticks out, fades or is too small to be hit."""
    troubles: list[str] = []
    words = (
        "",
        "众合",
        "顺达&division=370403",
        "鲁D12345",
        "枣庄市顺哒物流有限公司",
        "没有这个名字",
        f"{FIRM[:-1]}A",
        "长" * 100,
    )
    for scheme in ("light", "dark"):
        page = await watched(browser, troubles, base, viewport={"width": 320, "height": 640}, color_scheme=scheme)
        for typed in words:
            await page.goto(f"{base}/search?q={typed}")
            assert await page.evaluate("document.documentElement.scrollWidth") == 320, (scheme, typed)
            assert await page.evaluate(CONTRAST) == [], (scheme, typed)
            small = (
                "[...document.querySelectorAll('main button, main input:not([type=hidden]), main select, .choice a')]"
            )
            heights = await page.evaluate(f"{small}.map(e => e.getBoundingClientRect().height)")
            assert min(heights) >= 36, (scheme, typed)
    assert troubles == []


async def test_the_list_prints_without_its_form(base: str, browser: Browser) -> None:
    """An office files the list of what it found."""
    page = await watched(browser, [], base)
    await page.goto(f"{base}/search?q=顺达")
    await page.emulate_media(media="print")
    hidden = [await page.locator(part).is_visible() for part in (".search", ".filters", ".choice", ".top nav")]

    assert hidden == [False] * 4
    assert await page.locator(".hits li").count() == 3
