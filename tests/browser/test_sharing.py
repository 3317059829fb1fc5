"""A visitor's journey: the tour, a preset by link, the copied link in another browser, presenter's mode."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from selfsup_core.runs.folder import list_states
from tests.browser.conftest import axe_in, fits, settle
from tests.helpers import wait_for

pytestmark = pytest.mark.browser
FORM = "autoencoder?preset=dense-64-32-16&data=wine&set=seed=7&set=model.widths=[8,2]"


def take_tour(page: Page) -> None:
    """Skip it, repeat it by the keyboard, and find it in the header."""
    invite, tour = page.get_by_test_id("invite"), page.get_by_test_id("tour")
    invite.get_by_role("button", name="Take the tour").click()
    heading = tour.get_by_role("heading")
    first = heading.inner_text()
    settle(page)
    axe_in(page)
    tour.get_by_role("button", name="Skip the tour").click()
    expect(tour).to_have_count(0)
    page.reload()
    settle(page, 120)
    invite.get_by_role("button", name="Repeat the tour").click()
    expect(heading).to_have_text(first)
    page.keyboard.press("ArrowRight")
    expect(tour.get_by_role("status")).to_have_text("Step 2 of 9")
    page.keyboard.press("ArrowLeft")
    expect(heading).to_have_text(first)
    page.keyboard.press("Escape")
    expect(tour).to_have_count(0)
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_test_id("header-tour").click()
    for _ in range(8):
        tour.get_by_role("button", name="Next").click()
    fits(page)
    box = tour.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    tour.get_by_role("button", name="Done").click()
    page.set_viewport_size({"width": 1440, "height": 900})


def shared_link(page: Page, *hidden: str) -> str:
    """What Share offers to copy."""
    page.get_by_test_id("header-share").click()
    share = page.get_by_test_id("share")
    for name in hidden:
        if not share.get_by_label(name).is_visible():
            share.get_by_text("Hide controls").click()
        share.get_by_label(name).check()
    settle(page)
    axe_in(page)
    code = share.get_by_role("img", name="QR code of the link")
    wait_for(lambda: code.evaluate("node => node.complete && node.naturalWidth > 0"), "the QR code")
    with page.expect_download() as download:
        share.get_by_role("link", name="PNG").click()
    assert np.asarray(Image.open(io.BytesIO(download.value.path().read_bytes())).convert("L")).min() == 0
    link = share.get_by_role("textbox", name="Link").input_value()
    page.keyboard.press("Escape")
    expect(share).to_be_hidden()
    return link


def form_of(page: Page) -> dict[str, str]:
    """What the form says, as it would be started."""
    command = page.get_by_test_id("stCode").filter(has_text="selfsup_core train")
    page.get_by_role("button", name="Advanced").click()
    said = command.inner_text()
    page.keyboard.press("Escape")
    return {"command": " ".join(said.split())}


def test_a_visitor_takes_the_tour_and_passes_a_link_on(server, open_context, open_page, keep):
    page = open_page()
    page.goto(server.url)
    settle(page)
    runs = len(list(list_states(server.workspace)))
    take_tour(page)
    settle(page)
    axe_in(page)
    keep(page, "home")

    page.goto(f"{server.url}/{FORM}")
    settle(page)
    expected = form_of(page)
    assert "seed=7" in json.dumps(expected)
    link = shared_link(page, "The number of epochs")

    other = open_context().new_page()
    other.goto(link)
    settle(other)
    expect(other.get_by_text("Hidden on this page: The number of epochs.")).to_be_visible()
    expect(other.get_by_role("spinbutton", name="Epochs")).to_be_hidden()
    other.get_by_role("button", name="Show all controls").click()
    expect(other.get_by_role("spinbutton", name="Epochs")).to_be_visible()
    settle(other)
    assert form_of(other) == expected
    assert "hide" not in other.url
    assert len(list(list_states(server.workspace))) == runs, "opening links starts nothing"

    page.get_by_test_id("header-present").click()
    leave = page.get_by_test_id("header-leave")
    expect(leave).to_be_visible()
    expect(page.get_by_test_id("stHeader")).to_be_hidden()
    assert "present=1" in page.url
    assert float(page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")) >= 20
    settle(page)
    axe_in(page)
    settle(page)
    page.keyboard.press("Escape")
    expect(leave).to_be_hidden()
    expect(page.get_by_test_id("stHeader")).to_be_visible()
    wait_for(lambda: "present" not in page.url, "the address without presenter's mode")
