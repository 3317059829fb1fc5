"""The page Classifier in a real browser: few labels to pseudo-labels, by hand, again, and away; and one that
is used.
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import get_args

import pytest
from playwright.sync_api import expect

from selfsup_core.export.completed import Origin
from selfsup_core.runs.folder import list_states
from tests.browser.conftest import choose, settle, wait_stage
from tests.helpers import wait_for
from tests.tasks.classify_helpers import make_pets

pytestmark = pytest.mark.browser
SLOW = 40_000


def test_few_labels_to_pseudo_labels_and_away(server, open_page, keep):
    """Topics by their words, two labels per class → train → scrub → label by hand → train again → export."""
    make_pets(server.workspace, 240)
    page = open_page(1440, 900)
    page.goto(f"{server.url}/classify?data=my-pets")
    choose(page, "Classifier", "Linear on words")
    # All labels of a partly labeled set are used unless fewer are asked for.
    proposers = page.get_by_role("combobox", name="Who proposes labels")
    expect(proposers).to_have_value(
        "Classifier and similar rows, where they agree", timeout=SLOW
    )  # as this recipe begins
    settle(page)
    labels = page.get_by_role("spinbutton", name="Labels per class")
    expect(labels).to_have_value("0")
    labels.fill("2")
    labels.press("Enter")
    expect(page.get_by_text("Labels: 6 for training")).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Advanced").click()
    page.get_by_role("button", name="How good will the proposals be?").click()
    expect(page.get_by_text("(cross-validation")).to_be_visible(timeout=SLOW)
    page.keyboard.press("Escape")
    page.get_by_role("spinbutton", name="Rounds").fill("4")
    page.get_by_role("spinbutton", name="Rounds").press("Enter")
    page.get_by_role("button", name="Train", exact=True).click()
    stage = page.get_by_test_id("stage")
    wait_stage(page, "status", lambda status: status == "finished")
    expect(page.get_by_test_id("stage-verdict")).to_contain_text("twin", timeout=SLOW)
    first = re.search(r"run=([\w-]+)", page.url).group(1)
    expect(stage).to_have_attribute("data-epoch", "4", timeout=SLOW)
    page.get_by_test_id("stage-panel-flow").click()
    page.keyboard.press("ArrowLeft")
    expect(stage).to_have_attribute("data-epoch", "3")
    page.get_by_role("radio", name="Label by hand").click()
    for done in range(1, 6):
        if done < 5:
            page.get_by_role("button", name="cats Shortcut").click()
        else:  # a key does it too, though a toggle has the focus
            page.get_by_test_id("stCheckbox").get_by_text("Why?").click()
            expect(page.get_by_text("The most similar labeled rows")).to_be_visible(timeout=SLOW)
            page.keyboard.press("1")
        words = "1 label" if done == 1 else f"{done} labels"
        expect(page.get_by_text(f"{words} by hand for this data set in all")).to_be_visible(timeout=SLOW)
    page.get_by_role("radio", name="Export the labels").click()
    with page.expect_download(timeout=SLOW) as waiting:
        page.get_by_role("button", name="Your data with labels, CSV").click()
    lines = list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text())))
    assert sum(line["label_from"] == "by hand" for line in lines) == 5, "without training again"
    assert {line["label_from"] for line in lines} <= {*get_args(Origin)} - {"none"}
    page.get_by_role("radio", name="Label by hand").click()
    keep(page, "classify-hand")
    page.get_by_role("button", name="Train again with 5 labels by hand").click()
    wait_stage(page, "run", lambda run: run not in ("", first))
    wait_stage(page, "status", lambda status: status == "finished")
    assert (
        len(
            [
                s
                for s in list_states(server.workspace)
                if s.get("task") == "pseudo" and s["source"] == "my-pets"
            ]
        )
        == 2
    )
    settle(page)
    page.get_by_text("Use this classifier").click()
    page.get_by_role("textbox", name="Texts, one per line").fill("the cat and a mat")
    page.get_by_role("textbox", name="Texts, one per line").press("Control+Enter")
    page.get_by_role("button", name="Classify", exact=True).click()
    expect(page.get_by_text("1 sample classified with the weights of epoch")).to_be_visible(timeout=SLOW)
    page.get_by_text("Why this label?").click()
    expect(page.get_by_text("The most similar labeled rows")).to_be_visible(timeout=SLOW)
    keep(page, "classify-use")


@pytest.mark.parametrize(("size", "theme"), [((1440, 900), "dark"), ((390, 844), "light")])
def test_labels_only(server, open_page, keep, size, theme):
    page = open_page(*size, color_scheme=theme)
    page.goto(f"{server.url}/classify?do=train&data=wine")
    page.get_by_role("button", name="Train", exact=True).click()
    wait_stage(page, "status", lambda status: status == "finished")
    matrix = page.get_by_test_id("confusion-matrix")
    expect(matrix).to_be_visible(timeout=SLOW)
    last = matrix.inner_text()
    page.get_by_test_id("stage-panel-confusion").click()
    page.keyboard.press("Home")
    expect(page.get_by_test_id("stage")).to_have_attribute("data-epoch", "0")
    expect(matrix).not_to_have_text(last)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    keep(page, f"classify-{theme}-{size[0]}")


def test_a_press_that_falls_into_the_change_to_another_run_counts(server, open_page):
    """The button stays where it is and the same element while the run below it is replaced by another."""
    page = open_page(1440, 900)
    page.goto(f"{server.url}/classify?do=train&data=wine")
    page.get_by_role("button", name="Train", exact=True).click()
    wait_stage(page, "status", lambda status: status == "finished")
    expect(page.get_by_test_id("confusion-matrix")).to_be_visible(timeout=SLOW)
    first = re.search(r"run=([\w-]+)", page.url).group(1)
    button = page.get_by_role("button", name="Use this classifier")
    button.hover()
    page.mouse.down()
    again = page.get_by_role("button", name="Rerun, same seed")
    again.evaluate("button => button.click()")  # while the mouse is down
    expect(page).not_to_have_url(re.compile(first), timeout=SLOW)
    # For a moment the stage before stands beside the new one.
    shown = page.locator('[data-testid="stage"]')
    wait_for(
        lambda: shown.evaluate_all("all => all.length === 1 && all[0].dataset.run") not in (False, first),
        "the other run",
    )
    wait_stage(page, "status", lambda status: status == "finished")
    settle(page)
    page.mouse.up()
    expect(page).to_have_url(re.compile("do=use"), timeout=SLOW)
    assert first not in page.url


def test_texts_are_embedded_and_found(server, open_page, keep):
    if not (server.workspace / "datasets" / "my-pets").exists():
        make_pets(server.workspace, 240)
    page = open_page(390, 844, color_scheme="dark")
    page.goto(f"{server.url}/language?do=embed&data=my-pets")
    page.get_by_test_id("stButton").get_by_role("button", name="Embed").click(timeout=SLOW)
    box = page.get_by_role("textbox", name="Find texts of similar meaning")
    expect(box).to_be_visible(timeout=2 * SLOW)
    box.fill("a feline animal")
    box.press("Enter")
    expect(page.get_by_test_id("stDataFrame")).to_be_visible(timeout=SLOW)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    keep(page, "language-embed")
