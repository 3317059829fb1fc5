"""The mode Answers in a real browser: where answers start and end, what is kept, a question of one's own."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from selfsup_core.runs.queue import submit
from selfsup_core.workers.supervisor import ensure_supervisor
from tests.browser.conftest import axe_in, fits, settle, wait_in, wait_stage
from tests.helpers import wait_status
from tests.tasks.answer_helpers import make_passages, rows_of, tiny

pytestmark = pytest.mark.browser


def test_where_answers_start_is_shaded_and_a_question_is_answered(server, open_page, keep):
    make_passages(server.workspace)
    folder = submit(server.workspace, tiny(train__epochs=3, train__steps_per_epoch=2))
    ensure_supervisor(server.workspace)
    wait_status(folder, "finished")
    page = open_page()
    page.goto(f"{server.url}/scenarios?do=answers&run={folder.id}")
    wait_stage(page, "status", lambda status: status == "finished")
    expect(page.get_by_test_id("answer")).to_have_count(8)
    expect(page.get_by_test_id("stage-verdict")).to_contain_text("Exact match")
    passage = page.get_by_test_id("passage-text")
    expect(passage).to_contain_text("The old tower of")
    expect(passage.locator(".scenario-token").first).to_be_visible()
    expect(passage.locator(".scenario-found")).to_have_count(1)
    before = passage.inner_text()
    page.get_by_test_id("passage-question").select_option("7")
    expect(passage).not_to_have_text(before)
    pool = page.get_by_test_id("stage-panel-pseudo_questions")
    expect(pool.get_by_text(re.compile("made of: ")).first).to_be_visible()
    hidden = pool.get_by_text(re.compile("hidden question asks|people asked for it too"))
    expect(hidden).to_have_count(0)
    page.get_by_test_id("stage-oracle").click()
    expect(hidden.first).to_be_visible()
    axe_in(page)
    keep(page, "answers")
    page.get_by_test_id("stage").press("Home")  # to epoch 0
    wait_in(page, "location.search.includes('epoch=0')")
    expect(pool.get_by_test_id("other-cloze")).to_have_count(0)
    settle(page)
    page.get_by_label("Passage", exact=True).last.fill(rows_of()[0].passage)
    page.get_by_label("Question", exact=True).last.fill("Where is the tower?")
    page.get_by_role("button", name="Answer", exact=True).click()
    said = page.get_by_text(re.compile(r"Epoch 3; probability (under )?\d+%"))
    expect(said).to_be_visible(timeout=150_000)  # MiniLM is loaded first
    settle(page)
    narrow = open_page(390, 844, "dark")
    narrow.goto(page.url)
    wait_stage(narrow, "status", lambda status: status == "finished")
    expect(narrow.get_by_test_id("answer").first).to_be_visible()
    fits(narrow)
    keep(narrow, "answers-narrow")
