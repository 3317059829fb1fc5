"""The augmentation lab in a real browser: switches redraw the views, and a link shows the same ones again."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import fits, serious, wait_in

pytestmark = pytest.mark.browser
RESTS = "document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'"
SOURCES = "[...document.querySelectorAll('.views-grid img')].map((picture) => picture.src)"


def test_a_switch_redraws_the_views_and_a_link_shows_them_again(server, open_page, keep):
    page = open_page()
    page.goto(f"{server.url}/views?data=emoji")
    grid = page.locator(".views-grid")
    expect(grid.locator("img")).to_have_count(24)
    before = page.evaluate(SOURCES)
    slider = page.get_by_role("slider", name="Rotation")
    slider.focus()
    for _ in range(3):  # quicker than the address follows
        slider.press("PageUp")
    wait_in(page, "location.search.includes('rotation=54')")
    expect(page.get_by_text("A 6 becomes a 9")).to_be_visible()
    wait_in(page, RESTS)
    turned = page.evaluate(SOURCES)
    assert turned[::6] == before[::6]
    assert not set(turned) - set(turned[::6]) & set(before)
    page.get_by_role("button", name="New views").click()
    wait_in(page, f"(before) => ({SOURCES})[1] !== before[1]", turned)
    wait_in(page, "location.search.includes('rotation=54') && location.search.includes('seed=1')")
    wait_in(page, RESTS)
    after = page.evaluate(SOURCES)
    page.get_by_role("button", name="Advanced").click()
    expect(page.get_by_role("button", name="Other samples")).to_be_visible()
    assert serious(page) == []
    keep(page, "views-lab")
    other = open_page(390, 844, "dark")
    other.goto(page.url)
    expect(other.locator(".views-grid img")).to_have_count(24)
    wait_in(other, f"(wanted) => JSON.stringify({SOURCES}) === JSON.stringify(wanted)", after)
    fits(other)
    keep(other, "views-lab-narrow")
