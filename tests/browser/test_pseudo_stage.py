"""The stage of a run with pseudo-labels: panels that move with the cursor, a threshold to drag, truth only
with the Oracle.
"""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from safetensors import safe_open
from safetensors.numpy import save_file

from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.queue import submit
from selfsup_core.workers.supervisor import ensure_supervisor
from tests.browser.conftest import Server, axe_in, fits, wait_stage
from tests.helpers import wait_status
from tests.tasks.test_pseudo import make_table, spec_of

pytestmark = pytest.mark.browser
PANELS = ("rounds", "labels", "confidence", "flow", "errors", "map")
ROUNDS = 4
# All that can be read, heard or seen in the panels and the verdict.
SEEN = """() => {
  const stage = document.querySelector("[data-testid=stage]")
  const nodes = [...stage.querySelectorAll("*")]
  const names = ["title", "aria-label", "aria-valuetext", "style", "width", "height"]
  const said = nodes.flatMap((node) => names.map((name) => node.getAttribute(name)).filter(Boolean))
  const add = (sum, letter) => (31 * sum + letter.charCodeAt(0)) % 4294967291
  const digest = (text) => [...text].reduce(add, 7)
  const shown = (canvas) => `canvas ${canvas.className} ${digest(canvas.toDataURL())}`
  const drawn = [...stage.querySelectorAll("canvas")].map(shown)
  const words = nodes.filter((node) => !node.childElementCount).map((node) => node.textContent)
  return [...words, ...said, ...drawn]
}"""


@pytest.fixture(scope="module")
def clouds_run(server: Server) -> RunFolder:
    make_table(server.workspace, "my-stage-clouds")
    folder = submit(server.workspace, spec_of("my-stage-clouds", name="Clouds", train__epochs=ROUNDS))
    ensure_supervisor(server.workspace)
    wait_status(folder, "finished")
    return folder


def with_other_truth(run: RunFolder) -> RunFolder:
    """The same run with other true classes of the unlabeled rows, wherever a frame or a row of an epoch holds
    them.
    """
    other = RunFolder(run.path.with_name(f"{run.id[:-4]}0000"))
    shutil.copytree(run.path, other.path)
    state = json.loads(other.state.read_bytes())
    state["run"] = other.id
    state["metrics"]["pseudo_precision"] = 0.123
    other.state.write_text(json.dumps(state))
    rows = [json.loads(line) for line in other.metrics.read_text().splitlines()]
    rows = [row | {"pseudo_precision": 0.123} if "pseudo_precision" in row else row for row in rows]
    other.metrics.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    for path in other.frames.glob("*.safetensors"):
        with safe_open(path, "np") as file:
            about, arrays = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if "labeled" in arrays:
            hidden = arrays["labeled"] == 0
            arrays["labels"][hidden] = (arrays["labels"][hidden] + 1) % 3
        if "histogram" in arrays:
            arrays["mix"][0] = arrays["mix"][0][::-1] + np.array([1, 0, 5], np.int32)
            arrays["histogram"] = np.ascontiguousarray(arrays["histogram"][..., [1, 0, 2]])
            arrays["kept_confusion"] = np.ascontiguousarray(arrays["kept_confusion"][::-1])
            arrays["unsure_truth"] = (arrays["unsure_truth"] + 1) % 3
            arrays["sample_loss"] = arrays["sample_loss"] + 1
            for name in [name for name in arrays if name.startswith("mistakes_")]:
                arrays[name] = arrays[name][:1]
        save_file(arrays, path, metadata=about)
    return other


def open_run(page: Page, server: Server, run: RunFolder) -> None:
    page.goto(f"{server.url}/classify?run={run.id}")
    wait_stage(page, "epoch", lambda v: v == str(ROUNDS))
    expect(page.get_by_test_id("stage-panel-rounds").locator(".main-svg").first).to_be_visible()


def hover_map(page: Page) -> str:
    """Point at the first place of the map that has a card; what the card says."""
    canvas = page.get_by_test_id("stage-panel-map").locator("canvas.stage-map")
    canvas.scroll_into_view_if_needed()
    box, card = (
        canvas.bounding_box(),
        page.get_by_test_id("stage-panel-map").locator(".stage-card").first,
    )
    for i in range(1, 20):
        page.mouse.move(box["x"] + box["width"] * i / 20, box["y"] + box["height"] / 2)
        if card.is_visible():
            return card.inner_text()
    raise AssertionError("no card over the middle line of the map")


def seen(page: Page) -> list[str]:
    said = hover_map(page)
    page.wait_for_timeout(300)  # the map has come to rest
    return [said, *page.evaluate(SEEN)]


def said(page, panel):
    """The sentence under a panel's title."""
    return page.get_by_test_id(f"stage-panel-{panel}").get_by_test_id("stage-said")


def test_panels_move_and_truth_needs_the_oracle(server, open_page, errors, keep, clouds_run):
    page = open_page()
    open_run(page, server, clouds_run)
    for panel in PANELS:
        expect(page.get_by_test_id(f"stage-panel-{panel}")).to_be_visible()
    axe_in(page)
    expect(said(page, "rounds")).to_contain_text("twin")
    expect(page.get_by_test_id("flow-words")).to_contain_text(re.compile(r"[1-9]\d* stayed"))

    # The threshold: by mouse, then by keys.
    handle, words = (
        page.get_by_test_id("confidence-threshold"),
        page.get_by_test_id("confidence-words"),
    )
    handle.scroll_into_view_if_needed()
    chart = page.locator(".pl-chart")
    box = chart.bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 40, steps=3)
    low = words.inner_text()
    page.mouse.move(box["x"] + box["width"], box["y"] + 40, steps=3)
    page.mouse.up()
    assert kept(words.inner_text()) < kept(low)
    assert float(chart.get_attribute("data-ms")) < 200
    expect(handle).to_have_attribute("aria-valuenow", "1.00")
    assert kept(words.inner_text()) == 0
    handle.press("ArrowLeft")
    expect(handle).to_have_attribute("aria-valuenow", "0.99")
    wait_stage(page, "epoch", lambda v: v == str(ROUNDS))
    expect(page.get_by_test_id("confidence-use")).to_have_text("Train with threshold 0.99")

    # The cursor moves all of them.
    page.get_by_test_id("stage-cursor").focus()
    page.keyboard.press("Home")
    wait_stage(page, "epoch", lambda v: v == "0")
    expect(said(page, "rounds")).to_contain_text("Before the first round")
    expect(page.get_by_test_id("flow-words")).to_contain_text("Before the first round")
    page.keyboard.press("End")
    wait_stage(page, "epoch", lambda v: v == str(ROUNDS))

    # With the Oracle the truth is there, and stays for this run.
    verdict = page.get_by_test_id("stage-verdict")
    expect(verdict).not_to_contain_text("of these correct")
    page.get_by_test_id("stage-oracle").click()
    expect(verdict).to_contain_text("of these correct")
    expect(page.locator(".pl-labels thead")).to_contain_text("truth")
    handle.press("Home")
    expect(words).to_contain_text("of them are correct")
    page.get_by_test_id("errors-classes").click()
    expect(page.get_by_test_id("errors-matrix")).to_contain_text("precision")
    page.get_by_test_id("map-color").select_option("truth")
    assert "the student predicts" in hover_map(page)
    keep(page, "pseudo-oracle")
    page.reload()
    wait_stage(page, "epoch", lambda v: v == str(ROUNDS))
    expect(verdict).to_contain_text("of these correct")


def kept(text: str) -> int:
    """How many rows the what-if threshold would keep, as the panel says it."""
    return int(re.search(r"\(([\d,]+) of", text)[1].replace(",", ""))


def test_without_the_oracle_other_truth_looks_the_same(server, open_page, keep, clouds_run):
    page = open_page(390, 844, color_scheme="dark")
    open_run(page, server, clouds_run)
    axe_in(page)
    fits(page)
    before = seen(page)
    keep(page, "pseudo-dark-390")
    other = with_other_truth(clouds_run)
    open_run(page, server, other)
    differ = [pair for pair in zip(before, seen(page), strict=True) if pair[0] != pair[1]]
    assert differ == []
    page.get_by_test_id("stage-oracle").click()
    expect(page.get_by_test_id("stage-verdict")).to_contain_text("of these correct 12.3%")
    assert seen(page) != before
