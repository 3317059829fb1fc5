"""A practitioner's journey over several runs: sweep, compare, wipe, branch, report, ZIP, another studio."""

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
NAME = "Short digits"
RATES = ("0.001", "0.003", "0.01")


@pytest.fixture
def recipe(server: Server) -> RunFolder:
    """A run on small images, whose recipe is swept."""
    folder = submit(server.workspace, tiny_spec(train__epochs=3, name=NAME, data__source="digits"))
    ensure_supervisor(server.workspace)
    wait_status(folder, "finished")
    return folder


def sweep(page: Page, server: Server, recipe: RunFolder) -> None:
    """Three learning rates from the form, up to the end of the sweep."""
    page.goto(f"{server.url}/sweep?recipe={recipe.id}")
    settle(page)
    page.get_by_label("Values", exact=True).fill(",".join(RATES))
    page.keyboard.press("Tab")
    settle(page)
    page.get_by_label("Seeds", exact=True).fill("1")
    page.keyboard.press("Tab")
    settle(page)
    before = {state["run"] for state in list_states(server.workspace)}
    page.get_by_role("button", name="Start sweep").click()
    expect(page.get_by_text("Compare the best")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("3 of 3 runs have ended")).to_be_visible(timeout=60_000)
    made = [state for state in list_states(server.workspace) if state["run"] not in before]
    assert [state["status"] for state in made] == ["finished"] * len(RATES)


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


def test_sweep_compare_branch_and_take_away(server, recipe, open_page, keep, tmp_path: Path):
    page = open_page()
    sweep(page, server, recipe)
    keep(page, "sweep")
    page.get_by_text("Compare the best").click()
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

    page.goto(f"{server.url}/runs?search={NAME.replace(' ', '+')}")
    settle(page)
    page.get_by_text(f"Tick {NAME}", exact=True).locator("xpath=ancestor::label").click()
    settle(page)
    page.get_by_role("button", name="Branch").click()
    epochs = page.get_by_label("Train until epoch")
    epochs.fill("5")
    page.get_by_role("button", name="Start branch").click()

    def branched() -> RunFolder | None:
        parents = {state["run"]: state.get("parent") for state in list_states(server.workspace)}
        found = [run for run, parent in parents.items() if parent == recipe.id]
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
