"""The lab in a real browser: every tab, drag to decode, repair by hand, a class left out, a family under one
cursor.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from selfsup_core.inspection.model_at import Kits
from selfsup_core.runs.family import MEMBERS
from selfsup_core.runs.folder import RunFolder, read_state
from selfsup_core.runs.queue import submit
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.workers.supervisor import ensure_supervisor
from tests.browser.conftest import SCREENS, Server, axe_in, stage_value, wait_stage
from tests.helpers import wait_status
from tests.inspection.asking import ask_run

pytestmark = pytest.mark.browser

TABS = {
    "explore": "explore-traversal",
    "repair": "repair-words",
    "unexplained": "unexplained-wall",
    "useful": "useful-table",
    "family": "family",
    "inside": "inside-activations",
    "code": "code-text",
}
PIXELS = """canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data)
    .filter((_, i) => i % 4 === 0)"""


def train(server: Server, preset: str, **settings) -> RunFolder:
    spec = preset_spec(preset, {k.replace("__", "."): v for k, v in settings.items()})
    folder = submit(server.workspace, spec, preset=preset)
    ensure_supervisor(server.workspace)
    wait_status(folder, "finished")
    return folder


@pytest.fixture(scope="module")
def two(server: Server) -> RunFolder:
    """A variational run with a code of two numbers."""
    return train(server, "vae-two-numbers", train__epochs=6, objective__warmup_epochs=2)


@pytest.fixture(scope="module")
def small(server: Server) -> RunFolder:
    """A table: done in a second."""
    return train(server, "dense-table", train__epochs=4)


def open_run(page: Page, server: Server, folder: RunFolder) -> None:
    page.goto(f"{server.url}/autoencoder?run={folder.id}")
    wait_stage(page, "epoch", lambda epoch: epoch == str(read_state(folder)["epoch"]))
    page.get_by_test_id("lab").wait_for()


def open_tab(page: Page, tab: str) -> Locator:
    page.get_by_test_id(f"lab-tab-{tab}").click()
    shown = page.get_by_test_id(TABS[tab])
    shown.wait_for()
    return shown


def middle(page: Page) -> tuple[float, float]:
    page.locator(".stage-map").scroll_into_view_if_needed()
    box = page.locator(".stage-map").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def card_ready(page: Page) -> Locator:
    card = page.get_by_test_id("decode-card")
    card.locator("canvas").wait_for()
    return card


def changed(page: Page, read: Callable[[], object], before: object) -> object:
    for _ in range(300):
        if (now := read()) != before:
            return now
        page.wait_for_timeout(20)
    raise AssertionError("nothing changed in six seconds")


@pytest.mark.parametrize(("size", "theme"), SCREENS)
def test_every_tab_shows_what_it_promises(server, finished, open_page, keep, theme, size):
    page = open_page(*size, color_scheme=theme)
    open_run(page, server, finished)
    for tab in TABS:
        shown = open_tab(page, tab)
        expect(shown).not_to_be_empty()
        expect(page.locator(".lab .is-old")).to_have_count(0)
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, tab
        shown.scroll_into_view_if_needed()
        keep(page, f"lab-{tab}-{theme}-{size[0]}")
    expect(page.locator(".lab-problem:visible")).to_have_count(0)


def test_tabs_are_walked_by_arrow_keys_and_the_choice_stays(server, finished, open_page):
    page = open_page()
    open_run(page, server, finished)
    page.get_by_test_id("lab-tab-explore").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_test_id("lab-tab-repair")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("End")
    expect(page.get_by_test_id("lab-tab-code")).to_be_focused()
    assert stage_value(page, "epoch") == "30", "arrows on the tabs do not move the cursor"
    page.reload()
    expect(page.get_by_test_id("lab-tab-code")).to_have_attribute("aria-selected", "true")


def test_drag_decodes_the_very_place(server, two, open_page, keep):
    page = open_page()
    open_run(page, server, two)
    x, y = middle(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y - 40, steps=4)
    card = card_ready(page)
    seen = card.locator("canvas").evaluate(PIXELS)
    page.mouse.move(x - 70, y + 30, steps=6)
    page.mouse.up()
    changed(page, lambda: card.locator("canvas").evaluate(PIXELS), seen)
    page.wait_for_timeout(500)
    place = [float(v) for v in page.locator(".stage-map").get_attribute("data-probe").split(",")]
    expected = ask_run(Kits(server.workspace), two.id, "decode", {"points": [place]})
    found = np.array(card.locator("canvas").evaluate(PIXELS))
    # The attribute has four digits.
    assert np.abs(found - expected.arrays["images"].reshape(-1).astype(int)).max() <= 2
    assert "code itself" in page.get_by_test_id("stage-panel-map").inner_text()
    keep(page, "decode")


def test_the_map_is_decoded_by_keys_too(server, two, open_page):
    page = open_page()
    open_run(page, server, two)
    canvas = page.locator(".stage-map")
    canvas.focus()
    page.keyboard.press("Enter")
    card_ready(page)
    before = canvas.get_attribute("data-probe")
    for _ in range(5):
        page.keyboard.press("ArrowUp")
    after = changed(page, lambda: canvas.get_attribute("data-probe"), before)
    assert float(after.split(",")[0]) == float(before.split(",")[0])
    assert float(after.split(",")[1]) > float(before.split(",")[1])
    assert stage_value(page, "epoch") == "6", "arrows on the map do not move the cursor"
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("decode-card")).to_be_hidden()
    # Left while a wish still waits for its turn.
    page.evaluate(
        """() => {
            const map = document.querySelector('.stage-map')
            for (const key of ['Enter', 'ArrowUp', 'ArrowUp', 'ArrowUp', 'Escape'])
                map.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))
        }"""
    )
    page.wait_for_timeout(500)
    expect(page.get_by_test_id("decode-card")).to_be_hidden()


def test_lattice_and_posterior_ellipse(server, two, open_page, keep):
    page = open_page()
    open_run(page, server, two)
    bare = page.locator(".scatter-behind").evaluate(PIXELS)
    with page.expect_response("**/tools/decode") as answer:
        page.get_by_test_id("map-lattice").click()
    assert answer.value.ok
    changed(page, lambda: page.locator(".scatter-behind").evaluate(PIXELS), bare)
    with page.expect_response("**/tools/posterior") as answer:
        page.mouse.click(*middle(page))
    assert answer.value.ok
    page.wait_for_timeout(300)
    keep(page, "lattice")
    page.get_by_test_id("map-lattice").click()
    expect(page.get_by_test_id("map-lattice")).to_have_attribute("aria-pressed", "false")


def test_a_larger_code_says_how_a_place_becomes_a_code(server, finished, open_page):
    page = open_page()
    open_run(page, server, finished)
    page.mouse.click(*middle(page))
    card_ready(page)
    expect(page.locator(".stage-how")).to_contain_text("the other 14 stay at their mean")


def test_what_is_explored_follows_the_cursor(server, finished, open_page):
    page = open_page()
    open_run(page, server, finished)
    first = open_tab(page, "explore").locator("canvas").first
    late = first.evaluate(PIXELS)
    page.get_by_test_id("stage-cursor").fill("1")
    early = changed(page, lambda: first.evaluate(PIXELS), late)
    page.get_by_test_id("stage-cursor").fill("30")
    assert changed(page, lambda: first.evaluate(PIXELS), early) == late
    page.get_by_role("button", name="two at random").click()
    strip = page.get_by_role("region", name="From A to B")
    expect(strip.locator("canvas")).to_have_count(11)
    samples = page.get_by_test_id("explore-samples").locator("canvas").first
    before = samples.evaluate(PIXELS)
    page.get_by_role("button", name="Draw again").click()
    changed(page, lambda: samples.evaluate(PIXELS), before)


def test_it_is_said_when_weights_of_another_epoch_answer(server, open_page):
    folder = train(server, "dense-64-32-16", train__epochs=9, frames__weights_megabytes=1.0)
    page = open_page()
    open_run(page, server, folder)
    open_tab(page, "explore")
    expect(page.get_by_test_id("lab-kept")).to_be_hidden()
    said = []
    for epoch in range(1, 9):
        page.get_by_test_id("stage-cursor").fill(str(epoch))
        wait_stage(page, "epoch", lambda shown, e=epoch: shown == str(e))
        page.wait_for_timeout(400)
        if page.get_by_test_id("lab-kept").is_visible():
            said.append(page.get_by_test_id("lab-kept").inner_text())
    assert 0 < len(said) < 8, "some epochs have weights of their own"
    assert "closest to epoch" in said[0]


def test_repair_by_hand(server, finished, open_page, keep):
    page = open_page()
    open_run(page, server, finished)
    words = open_tab(page, "repair")
    amount = page.get_by_test_id("repair-amount")
    amount.fill("0")
    expect(words).to_contain_text("Nothing was damaged")
    paint = page.get_by_test_id("repair-paint")
    paint.scroll_into_view_if_needed()
    box = paint.bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.5 * box["height"], steps=6)
    page.mouse.up()
    expect(words).to_contain_text(re.compile("The network reduced|farther from the original"))
    page.get_by_role("button", name="Draw one").click()
    page.wait_for_timeout(300)
    box = page.get_by_test_id("repair-paint").bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.8 * box["height"], steps=10)
    page.mouse.up()
    expect(words).to_contain_text("Nothing was damaged")
    restored = page.locator(".lab-grow canvas").nth(1).evaluate(PIXELS)
    assert max(restored) > 100, "a drawn line comes back as something bright"
    keep(page, "repair-drawn")


def test_a_class_that_is_left_out(server, small, open_page, keep):
    page = open_page()
    open_run(page, server, small)
    open_tab(page, "unexplained")
    page.get_by_label("Class to leave out").select_option(index=1)
    page.get_by_test_id("unexplained-leave-out").click()
    wait_stage(page, "run", lambda run: run not in ("", small.id))
    wait_stage(page, "status", lambda status: status == "finished")
    shown = page.get_by_test_id("unexplained-auroc")
    expect(shown).to_contain_text(re.compile(r"AUROC .* \d\.\d{3}"))
    keep(page, "left-out")


def test_a_family_under_one_cursor(server, small, open_page, keep):
    page = open_page()
    open_run(page, server, small)
    open_tab(page, "family")
    page.get_by_test_id("family-train").dblclick()
    cards = page.locator(".lab-member")
    expect(cards).to_have_count(len(MEMBERS))
    facts = page.locator(".lab-member .lab-facts dd:nth-of-type(1)")
    expect(facts).to_have_text(["4"] * len(MEMBERS), timeout=60_000)
    kinds = [cards.nth(i).get_attribute("data-objective") for i in range(len(MEMBERS))]
    assert sorted(kinds) == sorted(MEMBERS)
    assert cards.locator(".lab-map").count() == len(MEMBERS)
    page.get_by_test_id("stage-cursor").fill("1")
    expect(facts).to_have_text(["1"] * len(MEMBERS))
    keep(page, "family")
    cards.get_by_role("button", name="Sparse").click()
    wait_stage(page, "run", lambda run: run not in ("", small.id))
    expect(page.locator(".lab-member strong", has_text="Sparse (this run)")).to_be_visible()


def test_inside_and_code(server, finished, open_page, tmp_path):
    page = open_page()
    open_run(page, server, finished)
    detail = open_tab(page, "inside")
    page.locator(".lab-layer", has=page.locator("[data-code]")).click()
    expect(detail).to_contain_text("Code: dense 32 → 16")
    page.get_by_label("Dimension of the code").fill("5")
    expect(page.get_by_text("Captum")).to_be_visible()
    expect(open_tab(page, "code")).to_contain_text("import torch")
    page.get_by_role("button", name="Keras").click()
    expect(page.get_by_test_id("code-text")).to_contain_text("import keras")
    with page.expect_download() as download:
        page.get_by_test_id("code-zip").click()
    download.value.save_as(tmp_path / "script.zip")
    with zipfile.ZipFile(tmp_path / "script.zip") as archive:
        assert archive.testzip() is None
        assert any(name.endswith("data.npz") for name in archive.namelist())


def test_the_lab_while_it_trains(server, open_page):
    page = open_page()
    spec = preset_spec("dense-64-32-16", {"train.epochs": 120, "train.epochs_per_second": 2.0})
    folder = submit(server.workspace, spec, preset="dense-64-32-16")
    page.goto(f"{server.url}/autoencoder?run={folder.id}")
    wait_stage(page, "epoch", lambda epoch: epoch.isdigit() and int(epoch) >= 2)
    first = open_tab(page, "explore").locator("canvas").first
    before = first.evaluate(PIXELS)
    changed(page, lambda: first.evaluate(PIXELS), before)
    for tab in TABS:
        open_tab(page, tab)
    axe_in(page)
    at = int(stage_value(page, "epoch"))
    wait_stage(page, "epoch", lambda epoch: int(epoch) > at)
    page.get_by_test_id("stage-stop").click()
    wait_stage(page, "status", lambda status: status == "stopped")


def test_a_masked_run_offers_no_decoding(server, open_page, keep):
    folder = train(
        server,
        "masked",
        train__epochs=1,
        model__size=32,
        model__depth=1,
        model__decoder_size=16,
        data__validation=0.4,
        data__test=0.5,
    )
    page = open_page()
    open_run(page, server, folder)
    expect(page.get_by_test_id("lab-tab-repair")).to_be_visible()
    for tab in ("explore", "family"):
        expect(page.get_by_test_id(f"lab-tab-{tab}")).to_be_hidden()
    expect(page.get_by_test_id("map-lattice")).to_be_hidden()
    page.mouse.click(*middle(page))
    expect(page.get_by_test_id("decode-card")).to_be_hidden()
    open_tab(page, "repair")
    keep(page, "masked")
