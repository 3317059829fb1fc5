"""The page "Language model" in a real browser, with the model that comes along."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
SLOW = 30_000  # a model on a busy machine


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_read_and_write(server, open_context, keep, theme, size):
    page = open_context(*size, color_scheme=theme).new_page()
    page.goto(f"{server.url}/language")
    expect(page.get_by_text("What could come next?")).to_be_visible(timeout=4 * SLOW)
    bars = page.locator(".js-plotly-plot")
    expect(bars).to_have_count(2, timeout=4 * SLOW)
    expect(page.get_by_text("Perplexity")).to_be_visible()
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0
    keep(page, f"language-{theme}-{size[0]}")
    if theme == "dark" or size[0] < 1000:
        return
    box = page.get_by_label("Text", exact=True)
    box.fill("The opposite of hot is")
    box.press("Control+Enter")
    labels = page.locator(".js-plotly-plot").nth(1).locator(".ytick text")
    expect(labels.filter(has_text="cold")).to_have_count(1, timeout=SLOW)
    page.get_by_role("spinbutton", name="Temperature").fill("0")
    page.get_by_role("spinbutton", name="Temperature").press("Enter")
    page.get_by_role("button", name="Write a token").click()
    expect(box).to_have_value(re.compile("The opposite of hot is cold"), timeout=SLOW)
    page.get_by_role("button", name="Write 20 tokens").click()
    expect(box).to_have_value(
        re.compile(r"The opposite of hot is cold.{20,}", re.DOTALL), timeout=SLOW
    )
    expect(page.locator(".js-plotly-plot")).to_have_count(2, timeout=SLOW)
    page.get_by_text("What does each token look at?").click()
    expect(page.locator(".js-plotly-plot")).to_have_count(3, timeout=SLOW)
    expect(page.get_by_text("30 layers with 9 heads")).to_be_visible()
    page.get_by_text("30 layers with 9 heads").scroll_into_view_if_needed()
    keep(page, "language-attention")
