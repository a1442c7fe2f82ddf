"""浏览器 the form for persons in Debian's chromium: sent by a keyboard without script, and no number in any address."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Request

from schema.nodes import global_id
from server.identifiers.certificates import person_key
from tests.browser.test_enterprise import CONTRAST, watched
from tests.serving import on_a_port
from tests.support import SECRET, TrialDatabase
from tests.test_person_form import SHOWN, UNKNOWN, people

pytestmark = pytest.mark.browser


async def test_a_person_is_asked_for_by_keyboard_and_the_number_goes_nowhere_else(
    database: TrialDatabase, browser: Browser
) -> None:
    """The browser itself says that the form is ours; history, addresses and what the next page is told hold no number."""
    await people(database)
    asked: list[Request] = []
    async with on_a_port(database) as base:
        page = await watched(browser, [], base, java_script_enabled=False)
        page.on("request", lambda request: asked.append(request))
        await page.goto(f"{base}/practitioner")
        await page.get_by_label("证件号码").focus()
        await page.keyboard.type(UNKNOWN)
        await page.keyboard.press("Enter")
        await page.get_by_role("status").wait_for()
        unknown = await page.get_by_role("status").text_content()
        kept = await page.get_by_label("证件号码").input_value()
        await page.get_by_label("证件号码").fill(SHOWN)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/practitioner/*")
        address = page.url
    key = person_key(SECRET, "身份证", SHOWN)
    person = await database.as_owner("SELECT id FROM xintu.practitioner WHERE certificate_key = $1", key)

    told = [value for request in asked for value in (request.url, *(await request.all_headers()).values())]
    posted = [request for request in asked if request.method == "POST"]
    assert address == f"{base}/practitioner/{global_id('PR', person)}"
    assert (kept, "没有查到" in (unknown or "")) == ("", True)
    assert [request.headers["origin"] for request in posted] == [base, base]
    assert not any(number in one for one in told for number in (SHOWN, UNKNOWN))


async def test_the_form_and_its_answers_hold_on_a_narrow_screen(database: TrialDatabase, browser: Browser) -> None:
    """Drivers look with an old phone; the choice of papers has long names."""
    async with on_a_port(database) as base:
        for scheme in ("light", "dark"):
            page = await watched(browser, [], base, viewport={"width": 320, "height": 640}, color_scheme=scheme)
            for path, typed in (("/practitioner", ""), ("/practitioner", "1"), ("/practitioner", UNKNOWN), ("/no", "")):
                await page.goto(base + path)
                if typed:
                    await page.get_by_label("证件号码").fill(typed)
                    await page.keyboard.press("Enter")
                    await page.locator(".summary").wait_for()
                assert await page.evaluate("document.documentElement.scrollWidth") == 320, (scheme, path, typed)
                assert await page.evaluate(CONTRAST) == [], (scheme, path, typed)
