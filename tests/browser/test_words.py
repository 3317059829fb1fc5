"""A newcomer asks what there is to see: sentences follow the cursor, "?" and its terms work by keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import axe_in, fits, stage_value, wait_stage

pytestmark = pytest.mark.browser


def test_sentences_follow_the_cursor_and_a_panel_explains_itself(server, finished, open_page, keep):
    page = open_page()
    page.goto(f"{server.url}/autoencoder?run={finished.id}")
    wait_stage(page, "epoch", lambda epoch: epoch == "30")
    panel = page.get_by_test_id("stage-panel-reconstructions")
    said = panel.get_by_test_id("stage-said")
    expect(said).to_contain_text("more than PCA with 16 numbers")
    height = panel.locator(".stage-body").bounding_box()
    page.get_by_test_id("stage-cursor").focus()
    page.keyboard.press("Home")
    wait_stage(page, "epoch", lambda epoch: epoch == "0")
    expect(said).to_contain_text("Before training, the output is the same for all images")
    assert panel.locator(".stage-body").bounding_box()["height"] == height["height"], "nothing jumps"
    page.keyboard.press("ArrowRight")
    wait_stage(page, "epoch", lambda epoch: epoch == "1")
    expect(said).to_contain_text(re.compile(r"explains \d+% of the variance .* less than PCA"))

    button = panel.locator(".why-button")
    button.focus()
    page.keyboard.press("Enter")
    body = panel.get_by_test_id("why-body")
    expect(body.locator("svg")).to_be_visible()
    axe_in(page)
    page.keyboard.press("Tab")
    expect(body.get_by_role("button", name="validation set")).to_be_focused()
    expect(body.locator(".term-means")).to_contain_text("never learns from")
    body.get_by_role("button", name="bottleneck").click()
    expect(body.locator(".term-means")).to_contain_text("narrowest layer")
    axe_in(page)
    keep(page, "explained")
    page.keyboard.press("Escape")
    expect(body).to_be_hidden()
    expect(button).to_be_focused()
    wait_stage(page, "epoch", lambda epoch: epoch == "1")

    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    button.press("Space")
    expect(body.locator("svg")).to_be_visible()
    page.wait_for_timeout(500)
    assert stage_value(page, "epoch") == "1", "the space bar opens; elsewhere it starts the replay"
    axe_in(page)
    fits(page)
    keep(page, "explained-phone-dark")
