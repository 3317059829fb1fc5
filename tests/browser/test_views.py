"""The augmentation lab in a real browser: switches redraw the views, and a link shows the same ones again."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import fits, serious, settle, wait_in, wait_stage

pytestmark = pytest.mark.browser
SOURCES = "[...document.querySelectorAll('.views-grid img')].map((picture) => picture.src)"


def test_a_switch_redraws_the_views_and_a_link_shows_them_again(server, open_page, keep):
    page = open_page()
    page.goto(f"{server.url}/views?do=lab&data=emoji")
    grid = page.locator(".views-grid")
    expect(grid.locator("img")).to_have_count(24)
    before = page.evaluate(SOURCES)
    slider = page.get_by_role("slider", name="Rotation")
    slider.focus()
    for _ in range(3):  # quicker than the address follows
        slider.press("PageUp")
    wait_in(page, "location.search.includes('rotation=54')")
    expect(page.get_by_text("A 6 becomes a 9")).to_be_visible()
    settle(page)
    turned = page.evaluate(SOURCES)
    assert turned[::6] == before[::6]
    assert not set(turned) - set(turned[::6]) & set(before)
    page.get_by_role("button", name="New views").click()
    wait_in(page, f"(before) => ({SOURCES})[1] !== before[1]", turned)
    wait_in(page, "location.search.includes('rotation=54') && location.search.includes('seed=1')")
    settle(page)
    after = page.evaluate(SOURCES)
    page.get_by_role("button", name="Advanced").click()
    expect(page.get_by_role("button", name="Other samples")).to_be_visible()
    assert serious(page) == []
    keep(page, "views-lab")
    other = open_page(390, 844, "dark")
    other.goto(page.url)
    expect(other.locator(".views-grid img")).to_have_count(24)
    wait_in(other, f"(wanted) => JSON.stringify({SOURCES}) === JSON.stringify(wanted)", after)
    fits(other)
    keep(other, "views-lab-narrow")


def ask_after(page: Page, keep: Callable[..., None]) -> None:
    """Did it help? of the run that is shown, at one number of labels; and which augmentation helps, begun
    and stopped.
    """
    page.get_by_text("Did it help?", exact=True).click()
    wait_in(page, "location.search.includes('next=help')")
    page.get_by_role("button", name="Advanced").last.click()
    labels = page.get_by_role("textbox", name="Labels per class")
    labels.fill("2")
    labels.press("Enter")
    draws = page.get_by_role("spinbutton", name="Draws of labels")
    draws.fill("2")
    draws.press("Enter")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Compare", exact=True).click()
    said = page.get_by_text(re.compile("With 2 labels per class the learned encoder"))
    expect(said).to_be_visible(timeout=120_000)
    expect(page.get_by_text("An interval, and a verdict, need 3 draws").first).to_be_visible()
    assert serious(page) == []
    keep(page, "views-benefit")
    page.get_by_text("Which augmentation helps?", exact=True).click()
    wait_in(page, "location.search.includes('next=augment')")
    expect(page.get_by_role("button", name="Compare", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Compare again")).to_have_count(0)
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_text(re.compile(r"Run \d of \d+"))).to_be_visible()
    page.get_by_role("button", name="Stop", exact=True).last.click()
    expect(page.get_by_role("button", name="Continue", exact=True)).to_be_visible()
    assert serious(page) == []


BESIDE = "document.querySelector('[data-testid=beside]').dataset"
# Where the maps of both are, at one moment.
BOXES = """["intact", "broken"].map((side) =>
  document.querySelector(`[data-testid=stage-panel-beside-map-${side}]`).getBoundingClientRect().toJSON())"""


def see_beside(page: Page, open_page: Callable[..., Page], keep: Callable[..., None]) -> None:
    """A broken run and its intact one under one cursor, which a link shows again on a phone."""
    pressed = page.get_by_test_id("beside-button")
    expect(pressed).to_have_text("Beside the intact run")
    expect(pressed).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_test_id("stage-panel-map")).to_be_hidden()
    both = [page.get_by_test_id(f"stage-panel-beside-spectrum-{side}") for side in ("intact", "broken")]
    for epoch in ("3", "2", "1"):
        wait_in(page, f"(epoch) => {BESIDE}.intact === epoch && {BESIDE}.broken === epoch", epoch)
        for panel in both:
            expect(panel).to_contain_text(f"at epoch {epoch}:")
        expect(page.get_by_test_id("beside-said")).to_contain_text(
            re.compile(rf"^With one negative sample, .* at epoch {epoch} is [\d.]+ \(intact: [\d.]+\)")
        )
        page.keyboard.press("ArrowLeft")
    wait_stage(page, "epoch", lambda epoch: epoch == "0")
    page.keyboard.press("End")
    gauge = page.get_by_test_id("stage-panel-beside-useful").get_by_role("combobox", name="Gauge")
    expect(gauge).to_have_value("probe_accuracy")
    left, right = page.evaluate(BOXES)
    assert left["top"] == right["top"]
    assert left["right"] <= right["left"]
    assert serious(page) == []
    keep(page, "views-beside")
    phone = open_page(390, 844, "dark")
    phone.goto(page.url)
    expect(phone.get_by_test_id("beside-said")).to_contain_text("(intact: ")
    upper, lower = phone.evaluate(BOXES)
    assert upper["left"] == lower["left"]
    assert upper["bottom"] <= lower["top"]
    fits(phone)
    keep(phone, "views-beside-narrow")
    pressed.click()
    wait_in(page, "!location.search.includes('beside=')")
    expect(page.get_by_test_id("stage-panel-map")).to_be_visible()


def test_from_the_lab_to_a_run_that_is_broken_on_purpose(server, open_page, keep):
    page = open_page()
    page.goto(f"{server.url}/views?do=lab&data=digits")
    expect(page.locator(".views-grid img")).to_have_count(24)
    page.get_by_test_id("stSegmentedControl").or_(page.locator("[data-testid=stButtonGroup]")).get_by_text(
        "Train"
    ).click()
    wait_in(page, "location.search.includes('do=train') && location.search.includes('data=digits')")
    epochs = page.get_by_role("spinbutton", name="Epochs")
    epochs.fill("3")
    epochs.press("Enter")
    settle(page)
    page.get_by_role("button", name="Train", exact=True).click()
    wait_stage(page, "status", lambda status: status == "finished")
    wait_stage(page, "frames", lambda count: count == "4")
    intact = page.url
    expect(page.get_by_test_id("pair")).to_have_count(32)
    expect(page.get_by_test_id("stage-panel-sphere")).to_be_hidden()
    page.keyboard.press("Home")
    wait_stage(page, "epoch", lambda epoch: epoch == "0")
    expect(page.get_by_test_id("stage-guide")).to_contain_text("Epoch 0")
    expect(page.get_by_test_id("stage-panel-spectrum")).to_contain_text("at epoch 0")
    page.keyboard.press("End")
    wait_stage(page, "epoch", lambda epoch: epoch == "3")
    cells = page.get_by_test_id("similarity-cells")
    cells.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        cells.press(key)
    expect(page.get_by_test_id("similarity-cell")).to_contain_text(
        re.compile(r"Both views of sample \d+ \(0\): cosine")
    )
    wait_stage(page, "epoch", lambda epoch: epoch == "3")  # the keys were the matrix's
    assert serious(page) == []
    keep(page, "views-run")
    ask_after(page, keep)
    intact_run = wait_stage(page, "run", bool)
    page.get_by_role("button", name="Break it").click()
    page.get_by_role("button", name="With one negative sample").click()
    wait_in(page, "(intact) => location.href !== intact && location.search.includes('run=')", intact)
    wait_stage(page, "run", lambda run: run not in ("", intact_run))
    wait_stage(page, "status", lambda status: status == "finished")
    signs = page.get_by_test_id("stage-signs")
    expect(signs).to_contain_text("With one negative sample: A view is told from one other sample only")
    expect(page.get_by_text("Take one safeguard away")).to_have_count(0)
    expect(page.get_by_role("button", name="Break it")).to_have_count(0)
    see_beside(page, open_page, keep)
    keep(page, "views-broken")
    form = page.get_by_role("button", name="Train", exact=True)
    page.get_by_text("New run", exact=True).click()
    expect(form).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Open the intact run").click()
    wait_in(page, "(intact) => location.search.includes(new URL(intact).searchParams.get('run'))", intact)
    expect(form).to_be_hidden()
    dark = open_page(390, 844, "dark")
    dark.goto(intact)
    wait_stage(dark, "epoch", lambda epoch: epoch == "3")
    expect(dark.get_by_test_id("stage-panel-spectrum")).to_contain_text("at epoch 3:")
    dark.get_by_role("button", name="Break it").click()
    expect(dark.get_by_text("To see a collapse")).to_be_visible()
    assert serious(dark) == []
    keep(dark, "views-break-narrow")
