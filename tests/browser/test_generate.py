"""The mode Generate in a real browser: watch images come, play a way, draw another one by class."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from selfsup_core.runs.queue import submit
from selfsup_core.workers.supervisor import ensure_supervisor
from tests.browser.conftest import axe_in, choose, fits, settle, wait_in, wait_stage
from tests.helpers import wait_status
from tests.tasks.generate_helpers import tiny

pytestmark = pytest.mark.browser
PIXELS = """(place) => {
  const canvas = document.querySelectorAll('[data-testid=made-tile] canvas')[place]
  return [...canvas.getContext('2d').getImageData(0, 0, 8, 8).data].join()
}"""


def test_noise_becomes_images_and_another_one_is_drawn(server, open_page, keep):
    folder = submit(server.workspace, tiny())
    ensure_supervisor(server.workspace)
    wait_status(folder, "finished")
    page = open_page()
    page.goto(f"{server.url}/scenarios?do=generate&run={folder.id}")
    wait_stage(page, "status", lambda status: status == "finished")
    tiles = page.get_by_test_id("stage-panel-drawn").get_by_test_id("made-tile")
    expect(tiles).to_have_count(12)
    expect(page.get_by_test_id("stage-panel-frechet").locator(".js-plotly-plot")).to_be_visible()
    expect(page.get_by_test_id("copy")).to_have_count(12)
    after = page.evaluate(PIXELS, 3)
    tiles.nth(3).click()
    way = page.get_by_test_id("stage-panel-way")
    expect(way.get_by_text("Image 4, 3: stage 4 of 4")).to_be_visible()
    page.get_by_test_id("way-play").click()
    expect(way.get_by_text("Image 4, 3: stage 4 of 4")).to_be_visible()
    way.get_by_role("button", name="Stage 1 of 4").click()
    expect(way.get_by_text("stage 1 of 4")).to_be_visible()
    page.get_by_test_id("stage").press("Home")  # to epoch 0
    wait_in(page, f"(after) => ({PIXELS})(3) !== after", after)
    wait_in(page, "location.search.includes('epoch=0')")
    settle(page)
    choose(page, "Class", "7")
    settle(page)
    page.get_by_role("button", name="Draw another").click()
    expect(page.get_by_text("Weights of epoch 0, seed 1, 7.")).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Draw another").click()
    expect(page.get_by_text("seed 2, 7.")).to_be_visible()
    axe_in(page)
    keep(page, "generate")
    page.get_by_text("Beside autoencoders of the same data").click()
    expect(page.get_by_text(re.compile("There is no finished VQ autoencoder"))).to_be_visible()
    narrow = open_page(390, 844, "dark")
    narrow.goto(page.url)
    wait_stage(narrow, "status", lambda status: status == "finished")
    expect(narrow.get_by_test_id("made-tile").first).to_be_visible()
    fits(narrow)
    keep(narrow, "generate-narrow")
