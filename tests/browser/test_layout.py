"""What a narrow screen, and one at 200% zoom, must show: data before forms, names of runs and maps in
full.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from selfsup_core.runs.queue import submit
from tests.helpers import tiny_spec, wait_for, wait_status

pytestmark = pytest.mark.browser
SLOW = 40_000
NARROW = [(390, 844), (720, 450)]


@pytest.mark.parametrize("size", NARROW)
def test_a_runs_name_has_a_line_of_its_own(server, open_page, keep, size):
    title = f"Wines on a map of two numbers, seen {size[0]} pixels wide"
    wait_status(submit(server.workspace, tiny_spec(name=title, train__epochs=1)), "finished")
    page = open_page(*size)
    page.goto(f"{server.url}/runs")
    name = page.get_by_role("link", name=title)
    expect(name).to_be_visible(timeout=SLOW)
    share = """node => {
        const row = node.closest('[data-testid="stHorizontalBlock"]')
        const column = node.closest('[data-testid="stColumn"]')
        return column.getBoundingClientRect().width / row.getBoundingClientRect().width
    }"""
    wait_for(lambda: name.evaluate(share) >= 0.95, "the name on a line of its own")
    keep(page, f"runs-{size[0]}")


def test_data_are_seen_at_once_on_a_phone(server, open_page):
    page = open_page(390, 844)
    page.goto(f"{server.url}/data?data=digits")
    gallery = page.get_by_role("tab", name="Preview")
    expect(gallery).to_be_visible(timeout=SLOW)
    assert gallery.bounding_box()["y"] < 500
    page.goto(f"{server.url}/data?add=files")
    expect(page.get_by_test_id("stFileUploader").first).to_be_visible(timeout=SLOW)


def test_titles_of_maps_are_not_cut(server, open_page):
    page = open_page()
    page.goto(f"{server.url}/latent?space=data:digits&map=pca")
    expect(page.get_by_test_id("space-count")).to_contain_text("points", timeout=SLOW)
    for width, height in ((1440, 900), *NARROW):
        page.set_viewport_size({"width": width, "height": height})
        cut = page.evaluate(
            """() => {
                const title = document.querySelector(".space-title")
                title.hidden = false
                title.textContent = "A quite long title of a map ".repeat(12)
                return title.scrollWidth > title.clientWidth || title.scrollHeight > title.clientHeight
            }"""
        )
        assert not cut, width
