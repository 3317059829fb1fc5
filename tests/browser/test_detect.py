"""The mode Detection in a real browser: the confidence handle, what was hidden, a picture of one's own."""

from __future__ import annotations

import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from selfsup_core.runs.queue import submit
from selfsup_core.workers.supervisor import ensure_supervisor
from tests.browser.conftest import axe_in, fits, settle, wait_stage
from tests.helpers import wait_status
from tests.tasks.detect_helpers import make_data, scenes, tiny

pytestmark = pytest.mark.browser


def test_boxes_follow_the_handle_and_a_picture_is_looked_at(server, open_page, keep, tmp_path):
    make_data(server.workspace)
    folder = submit(server.workspace, tiny())
    ensure_supervisor(server.workspace)
    wait_status(folder, "finished")
    page = open_page()
    page.goto(f"{server.url}/scenarios?do=detect&run={folder.id}")
    wait_stage(page, "status", lambda status: status == "finished")
    found = page.get_by_test_id("stage-panel-detections")
    expect(found.get_by_test_id("detections-picture")).to_have_count(12)
    counts = page.get_by_test_id("detections-counts")
    expect(counts).to_contain_text("From 6% on")
    page.get_by_test_id("detections-threshold").fill("1")
    expect(counts).to_contain_text("From 100% on: 0 boxes")
    pool = page.get_by_test_id("stage-panel-pseudo_boxes")
    expect(pool.get_by_test_id("pseudo_boxes-picture").first).to_be_visible()
    expect(pool.get_by_text(re.compile(r"\d found"))).to_have_count(0)
    page.get_by_test_id("stage-oracle").click()
    expect(pool.get_by_text(re.compile(r"\d found")).first).to_be_visible()
    axe_in(page)
    keep(page, "detect")
    path = tmp_path / "mine.png"
    Image.fromarray(scenes().pictures[0]).save(path)
    page.locator("input[type=file]").last.set_input_files(path)
    settle(page)
    expect(page.get_by_text(re.compile(r"mine\.png: "))).to_be_visible()
    narrow = open_page(390, 844, "dark")
    narrow.goto(page.url)
    wait_stage(narrow, "status", lambda status: status == "finished")
    expect(narrow.get_by_test_id("detections-picture").first).to_be_visible()
    fits(narrow)
    keep(narrow, "detect-narrow")
