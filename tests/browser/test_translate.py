"""The mode Translation in a real browser: what is kept, what was hidden, and a sentence of one's own."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from selfsup_core.runs.queue import submit
from selfsup_core.workers.supervisor import ensure_supervisor
from tests.browser.conftest import axe_in, fits, settle, wait_in, wait_stage
from tests.helpers import wait_status
from tests.tasks.translate_helpers import PAIRS, make_pairs, tiny

pytestmark = pytest.mark.browser


def test_pairs_are_kept_beside_hidden_ones_and_a_sentence_is_translated(server, open_page, keep):
    make_pairs(server.workspace, PAIRS)
    folder = submit(server.workspace, tiny())
    ensure_supervisor(server.workspace)
    wait_status(folder, "finished")
    page = open_page()
    page.goto(f"{server.url}/scenarios?do=translate&run={folder.id}")
    wait_stage(page, "status", lambda status: status == "finished")
    expect(page.get_by_test_id("translation")).to_have_count(12)
    expect(page.get_by_test_id("stage-panel-scores").locator(".js-plotly-plot")).to_be_visible()
    expect(page.get_by_test_id("stage-verdict")).to_contain_text("BLEU")
    pairs = page.get_by_test_id("stage-panel-back_translations")
    expect(pairs.get_by_test_id("kept-pair").first).to_be_visible()
    expect(pairs.get_by_text("hidden source:")).to_have_count(0)
    page.get_by_test_id("stage-oracle").click()
    expect(pairs.get_by_text("hidden source:").first).to_be_visible()
    page.get_by_test_id("scores-curves").select_option("kept")
    attention = page.get_by_test_id("stage-panel-attention")
    attention.locator("select").select_option("3")
    expect(attention.locator("tbody tr").first).to_be_visible()
    axe_in(page)
    keep(page, "translate")
    page.get_by_test_id("stage").press("Home")  # to epoch 0
    wait_in(page, "location.search.includes('epoch=0')")
    expect(pairs.get_by_test_id("kept-pair")).to_have_count(0)
    settle(page)
    page.get_by_label("Sentence", exact=True).last.fill("The bus leaves on Monday at three o'clock.")
    page.get_by_role("button", name="Translate", exact=True).click()
    said = page.get_by_text(re.compile(r"Epoch 4; mean probability per token \d+%"))
    expect(said).to_be_visible(timeout=150_000)  # the network is loaded first
    settle(page)
    narrow = open_page(390, 844, "dark")
    narrow.goto(page.url)
    wait_stage(narrow, "status", lambda status: status == "finished")
    expect(narrow.get_by_test_id("translation").first).to_be_visible()
    fits(narrow)
    keep(narrow, "translate-narrow")
