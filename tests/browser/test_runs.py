"""A practitioner's journey over several runs: compare, wipe, branch, report, ZIP, and another studio."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from selfsup_core.export.take_away import OFFERS
from selfsup_core.runs.folder import RunFolder, list_states
from selfsup_core.runs.queue import submit
from selfsup_core.runs.unpack import unpack_run
from selfsup_core.workers.supervisor import ensure_supervisor
from tests.browser.conftest import Server, axe_in, choose, fits, settle
from tests.helpers import tiny_spec, wait_for, wait_status

pytestmark = pytest.mark.browser
NAMES = ("Rate of 0.001", "Rate of 0.01")


@pytest.fixture
def pair(server: Server) -> list[RunFolder]:
    """Two runs on the same images that differ in their learning rate."""
    made = []
    for name in NAMES:
        changes = {"train__learning_rate": float(name.split()[-1]), "name": name, "data__source": "digits"}
        made.append(submit(server.workspace, tiny_spec(train__epochs=3, **changes)))
    ensure_supervisor(server.workspace)
    for folder in made:
        wait_status(folder, "finished")
    return made


def fetch(page: Page, what: str, folder: Path) -> Path:
    """Prepare a file on the page of a run, and download it."""
    choose(page, "What", OFFERS[what].title)
    settle(page)
    page.get_by_role("button", name="Prepare").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download").click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def test_compare_branch_and_take_away(server, pair, open_page, keep, tmp_path: Path):
    page = open_page()
    page.goto(f"{server.url}/runs?search=Rate+of")
    for name in NAMES:
        settle(page)
        page.get_by_text(f"Tick {name}").locator("xpath=ancestor::label").click()
    settle(page)
    page.get_by_role("button", name="Compare").click()
    compare = page.get_by_test_id("compare")
    expect(compare).to_have_attribute("data-ready", "true")
    expect(compare).to_have_attribute("data-epoch", "3")
    expect(page.get_by_test_id("compare-table")).to_contain_text(re.compile("best", re.IGNORECASE))
    axe_in(page)
    fits(page)
    keep(page, "compare")

    page.get_by_test_id("compare-cursor").focus()
    page.keyboard.press("Home")
    expect(compare).to_have_attribute("data-epoch", "0")
    page.wait_for_url(re.compile("epoch=0"))
    picture = page.get_by_test_id("compare-wipe")
    before = picture.evaluate("(canvas) => canvas.toDataURL()")
    page.get_by_test_id("compare-wipe-at").fill("90")
    wait_for(
        lambda: picture.evaluate("(canvas) => canvas.toDataURL()") != before,
        "the wipe to show more of one run",
    )

    page.goto(f"{server.url}/runs?search=Rate+of+0.01")
    settle(page)
    page.get_by_text(f"Tick {NAMES[1]}").locator("xpath=ancestor::label").click()
    settle(page)
    page.get_by_role("button", name="Branch").click()
    epochs = page.get_by_label("Train until epoch")
    epochs.fill("5")
    page.get_by_role("button", name="Start branch").click()

    def branched() -> RunFolder | None:
        parents = {state["run"]: state.get("parent") for state in list_states(server.workspace)}
        found = [run for run, parent in parents.items() if parent == pair[1].id]
        return RunFolder(server.workspace / "runs" / found[0]) if found else None

    child = wait_for(branched, "the branch")
    assert wait_status(child, "finished")["epoch"] == 5

    page.goto(f"{server.url}/autoencoder?run={child.id}")
    page.get_by_text("Export this run").click()
    report = fetch(page, "report", tmp_path)
    assert "from epoch 3" in report.read_text("utf-8")
    packed = fetch(page, "pack", tmp_path)
    opened = unpack_run(tmp_path / "elsewhere", packed)
    assert (opened.is_new, opened.folder.metrics.read_bytes()) == (True, child.metrics.read_bytes())
