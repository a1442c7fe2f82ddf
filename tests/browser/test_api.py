"""浏览器 the API's console and reference in Debian's chromium: run, err, keyboard, narrow; no foreign request at all."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Request

from tests.browser.test_enterprise import CONTRAST
from tests.serving import on_a_port
from tests.support import TrialDatabase
from tests.world import USCC, build

pytestmark = pytest.mark.browser
#: Every broken rule of the policy is an event of the document, with or without a line in the console.
WATCH = """() => { window.broken = []; document.addEventListener('securitypolicyviolation',
  event => window.broken.push(event.violatedDirective + ' ' + event.blockedURI)) }"""


@dataclass
class Watched:
    """A page, what it asked for, and what went wrong on it."""

    page: Page
    base: str
    troubles: list[str] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)

    async def faults(self) -> list[str]:
        """Console errors, script errors, broken policy, requests to another origin."""
        foreign = [one.url for one in self.asked if not one.url.startswith(self.base)]
        return self.troubles + foreign + list(await self.page.evaluate("window.broken"))

    async def told(self) -> Any:
        """The answer that stands on the page, as values."""
        await self.page.wait_for_selector("#answer span")
        return json.loads(await self.page.locator("#answer").text_content() or "null")

    async def write(self, document: str, variables: str = "") -> None:
        """Types a document and variables in place of what is there."""
        await self.page.locator("#document").fill(document)
        await self.page.locator("#variables").fill(variables)


@asynccontextmanager
async def console(opened: Browser, database: TrialDatabase, anchor: str = "", **options: Any) -> AsyncIterator[Watched]:
    """Opens the console with its facts loaded."""
    await build(database)
    async with on_a_port(database) as base:
        page = await opened.new_page(**options)
        watched = Watched(page, base)
        page.on("console", lambda line: watched.troubles.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: watched.troubles.append(str(error)))
        page.on("request", lambda asked: watched.asked.append(asked))
        await page.add_init_script(f"({WATCH})()")
        await page.goto(f"{base}/api/console{anchor}")
        await page.wait_for_selector("[data-ready]")
        yield watched
        await page.close()


async def test_an_example_runs_and_shows_its_answer_cost_and_points(database: TrialDatabase, browser: Browser) -> None:
    """The first minute of a partner: choose, run, read; nothing leaves the house."""
    async with console(browser, database, "#firm") as one:
        assert await one.page.locator("#example").input_value() == "firm"
        await one.page.locator("#variables").fill(json.dumps({"uscc": USCC}))
        await one.page.get_by_role("button", name="运行").click()
        told = await one.told()
        status = await one.page.get_by_role("status").text_content()
        meters = await one.page.locator("#meters").inner_text()
        sent = [request for request in one.asked if request.url.endswith("/graphql")][-1]
        headers = await sent.all_headers()
        faults = await one.faults()

    assert told["data"]["enterprise"]["penalties"]["totalCount"] == 3
    assert status == "200 完成"
    for words in ("毫秒", "代价", "行", "ratelimit"):
        assert words in meters
    assert "authorization" not in headers
    assert "cookie" not in headers
    assert faults == []


async def test_values_of_an_example_come_from_the_answer_before(database: TrialDatabase, browser: Browser) -> None:
    """An id or a cursor cannot stand in a file; the console fetches it as a partner's program would."""
    async with console(browser, database, "#firms") as one:
        await one.page.locator("#example").select_option("next-page")
        await one.page.wait_for_selector("[data-ready=next-page]")
        given = json.loads(await one.page.locator("#variables").input_value())
        await one.page.locator("#variables").fill(json.dumps(given | {"first": 1}))
        await one.page.get_by_role("button", name="运行").click()
        told = await one.told()
        faults = await one.faults()

    assert given["after"]
    assert "enterprises" in told["data"]
    assert faults == []


async def test_an_error_leads_to_its_place_in_the_document(database: TrialDatabase, browser: Browser) -> None:
    """Message, code, and a button that selects the wrong word."""
    async with console(browser, database) as one:
        await one.write("{\n  service {\n    todya\n  }\n}")
        await one.page.get_by_role("button", name="运行").click()
        fault = await one.page.locator("#faults li").inner_text()
        await one.page.get_by_role("button", name="第 3 行第 5 列").click()
        chosen = await one.page.evaluate(
            "window.getSelection().toString() || (d => "
            "d.value.slice(d.selectionStart, d.selectionEnd))(document.getElementById('document'))"
        )
        broken = await one.page.evaluate("window.broken")
        foreign = [request.url for request in one.asked if not request.url.startswith(one.base)]

    assert "没有字段 todya" in fault
    assert "GRAPHQL_VALIDATION_FAILED" in fault
    assert chosen == "todya"
    assert (broken, foreign) == ([], [])


@pytest.mark.parametrize(
    ("variables", "words"),
    [("{", "变量不是正确的 JSON"), ('{"uscc": 5}', "变量 $uscc 的值不合类型")],
)
async def test_wrong_variables_are_told_before_or_by_the_service(
    database: TrialDatabase, browser: Browser, variables: str, words: str
) -> None:
    """What is no JSON is not sent; what is JSON and does not fit is told by the service."""
    async with console(browser, database, "#firm") as one:
        await one.page.locator("#variables").fill(variables)
        await one.page.get_by_role("button", name="运行").click()
        await one.page.wait_for_selector("#faults li")
        fault = await one.page.locator("#faults li").inner_text()
    assert words in fault


async def test_a_dry_run_tells_the_cost_and_reads_nothing(database: TrialDatabase, browser: Browser) -> None:
    """The cost before the bill."""
    async with console(browser, database, "#firm") as one:
        await one.page.locator("#variables").fill(json.dumps({"uscc": USCC}))
        await one.page.get_by_role("button", name="只算代价").click()
        told = await one.told()
        meters = await one.page.locator("#meters").inner_text()
        faults = await one.faults()

    assert told["data"] is None
    assert told["extensions"]["cost"]["rows"] > 0
    assert "最大的部分" in meters
    assert faults == []


async def test_a_key_goes_to_the_service_only_and_is_kept_nowhere(database: TrialDatabase, browser: Browser) -> None:
    """A key in a browser's store would be the next user's."""
    async with console(browser, database, "#viewer") as one:
        await one.page.get_by_text("操作名与密钥").click()
        await one.page.get_by_label("密钥", exact=False).fill("xintu_wrong")
        await one.page.get_by_role("button", name="运行").click()
        await one.page.wait_for_selector("#faults li")
        fault = await one.page.locator("#faults li").inner_text()
        sent = [request for request in one.asked if request.url.endswith("/graphql")][-1]
        key = (await sent.all_headers()).get("authorization")
        stored = await one.page.evaluate("localStorage.length + sessionStorage.length + document.cookie.length")
        await one.page.reload()
        after = await one.page.locator("#key").input_value()

    assert "UNAUTHENTICATED" in fault
    assert key == "Bearer xintu_wrong"
    assert (stored, after) == (0, "")


async def test_the_console_works_by_keyboard_alone(database: TrialDatabase, browser: Browser) -> None:
    """No trap: Tab leaves the editor, Enter keeps the indent, Ctrl+Enter runs from any field."""
    async with console(browser, database) as one:
        await one.page.locator("#example").focus()
        await one.page.keyboard.press("Tab")
        first = await one.page.evaluate("document.activeElement.id")
        await one.page.keyboard.press("Control+a")
        await one.page.keyboard.type("{\n")
        await one.page.keyboard.type("service {\n")
        await one.page.keyboard.type("today\n")
        text = await one.page.locator("#document").input_value()
        await one.page.keyboard.type("} }")
        await one.page.keyboard.press("Tab")
        second = await one.page.evaluate("document.activeElement.id")
        await one.page.keyboard.press("Control+Enter")
        told = await one.told()
        faults = await one.faults()

    assert (first, second) == ("document", "variables")
    assert text == "{\n  service {\n    today\n    "
    assert told["data"]["service"]["today"] == "2026-06-15"
    assert faults == []


async def test_the_fields_at_hand_follow_the_cursor_and_are_written_by_a_click(
    database: TrialDatabase, browser: Browser
) -> None:
    """The pane knows the type at the cursor, through aliases, arguments, fragments and strings."""
    before = (
        'query A($a: Int) { enterprise(uscc: "}{") { # {\n other: licences(first: $a) { edges { node {',
        "{ node(id: 5) { ... on Penalty @include(if: true) {",
        "fragment F on Rating {",
        "{ service { today } ",
    )
    async with console(browser, database) as one:
        places = []
        for text in before:
            await one.write("")
            await one.page.locator("#document").focus()
            await one.page.keyboard.insert_text(text)
            places.append(await one.page.locator("#docs b").inner_text())
        await one.write("{\n  ")
        await one.page.locator("#document").press("Control+End")
        await one.page.locator("#docs").get_by_role("button", name="enterprise", exact=True).click()
        written = await one.page.locator("#document").input_value()
        inside = await one.page.locator("#docs b").inner_text()
        await one.page.get_by_label("查找字段").fill("罚款金额")
        found = await one.page.locator("#docs").inner_text()
        faults = await one.faults()

    assert places == ["Licence", "Penalty", "Rating", "Query"]
    assert written == "{\n  enterprise(uscc: ) {\n    \n  }"
    assert inside == "Enterprise"
    assert "Penalty.fineYuan" in found
    assert faults == []


async def test_the_console_and_the_reference_hold_on_a_narrow_screen(database: TrialDatabase, browser: Browser) -> None:
    """320 pixels, light and dark: nothing sticks out, nothing fades, also with an answer on the page."""
    viewport = {"width": 320, "height": 640}
    async with console(browser, database, "#service", viewport=viewport) as one:
        for scheme in ("light", "dark"):
            await one.page.emulate_media(color_scheme=scheme)
            await one.page.goto(f"{one.base}/api/console#service")
            await one.page.wait_for_selector("[data-ready]")
            await one.page.get_by_role("button", name="运行").click()
            await one.told()
            assert await one.page.evaluate("document.documentElement.scrollWidth") == 320
            assert await one.page.evaluate(CONTRAST) == [], scheme
            for path in ("", "/queries", "/types", "/types/Enterprise", "/enums", "/examples/firm", "/changelog"):
                await one.page.goto(f"{one.base}/api{path}")
                assert await one.page.evaluate("document.documentElement.scrollWidth") == 320, path
                assert await one.page.evaluate(CONTRAST) == [], (scheme, path)
        assert await one.faults() == []


async def test_without_script_the_console_says_what_to_do_instead(database: TrialDatabase, browser: Browser) -> None:
    """A desk whose browser runs no script still finds the command line."""
    async with on_a_port(database) as base:
        page = await browser.new_page(java_script_enabled=False)
        await page.goto(f"{base}/api/console")
        told = await page.locator("main").inner_text()
        shown = await page.locator("#console").is_visible()
        await page.get_by_role("link", name="示例").last.click()
        await page.wait_for_url("**/api/examples")

    assert "curl" in told
    assert not shown
