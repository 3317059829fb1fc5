"""The mode Speech in a real browser: letters under their sound, what is kept, a recording of one's own."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect
from scipy.io import wavfile

from selfsup_core.runs.queue import submit
from selfsup_core.workers.supervisor import ensure_supervisor
from tests.browser.conftest import axe_in, fits, settle, wait_in, wait_stage
from tests.helpers import wait_status
from tests.tasks.transcribe_helpers import RATE, make_clips, tiny

pytestmark = pytest.mark.browser


def test_letters_are_heard_beside_hidden_transcripts_and_a_file_is_written_down(
    server, open_page, keep, tmp_path
):
    make_clips(server.workspace)
    folder = submit(server.workspace, tiny())
    ensure_supervisor(server.workspace)
    wait_status(folder, "finished")
    page = open_page()
    page.goto(f"{server.url}/scenarios?do=speech&run={folder.id}")
    wait_stage(page, "status", lambda status: status == "finished")
    expect(page.get_by_test_id("transcript")).to_have_count(8)
    expect(page.get_by_test_id("stage-verdict")).to_contain_text("Word error rate")
    heard = page.get_by_test_id("stage-panel-heard")
    page.get_by_test_id("heard-clip").select_option("3")
    expect(heard.locator("canvas")).to_have_attribute("aria-label", re.compile("is heard as"))
    # The clip is a sound that the browser can read.
    expect(heard.locator("audio")).to_have_attribute("src", re.compile("^blob:"))
    expect(heard.locator("audio")).to_have_js_property("readyState", 4)
    clips = page.get_by_test_id("stage-panel-pseudo_transcripts")
    expect(clips.get_by_test_id("kept-clip").first).to_be_visible()
    expect(clips.get_by_text(re.compile("hidden transcript"))).to_have_count(0)
    page.get_by_test_id("stage-oracle").click()
    expect(clips.get_by_text(re.compile("hidden transcript")).first).to_be_visible()
    axe_in(page)
    keep(page, "speech")
    page.get_by_test_id("stage").press("Home")  # to epoch 0
    wait_in(page, "location.search.includes('epoch=0')")
    expect(clips.get_by_test_id("kept-clip")).to_have_count(0)
    settle(page)
    clip = tmp_path / "say.wav"
    wavfile.write(clip, RATE, (9000 * np.sin(np.arange(RATE) / 3)).astype(np.int16))
    page.locator('input[type="file"]').last.set_input_files(str(clip))
    expect(page.get_by_text(re.compile(r"say\.wav: 1\.0 s; epoch 5, mean probability \d+%"))).to_be_visible()
    settle(page)
    narrow = open_page(390, 844, "dark")
    narrow.goto(page.url)
    wait_stage(narrow, "status", lambda status: status == "finished")
    expect(narrow.get_by_test_id("transcript").first).to_be_visible()
    fits(narrow)
    keep(narrow, "speech-narrow")
