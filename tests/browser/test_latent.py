"""The page Latent space in a real browser: lassos by mouse, what is answered, two panes, replay, offline
file; both themes.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from selfsup_core.inspection.space.layouts import read_layout, read_rows
from selfsup_core.inspection.space.selections import read_selection, save_selection
from selfsup_core.runs.access import sign
from tests.browser.conftest import axe_in, fits, settle, wait_in

pytestmark = pytest.mark.browser
SLOW = 60_000

MOVE_UNDER_THE_POINTER = """
() => {
  const over = document.querySelector(".scatter-over")
  for (const kind of ["pointermove", "pointerleave"])
    over.addEventListener(kind, () => { document.body.dataset.toldOfMove = "yes" })
  document.querySelector(".space-pane").style.marginTop = "-40px"
}
"""


def open_space(page: Page, server, query: str) -> None:
    page.goto(f"{server.url}/latent?{query}")
    wait_ready(page)


def wait_ready(page: Page) -> None:
    expect(page.get_by_test_id("space")).to_have_attribute("data-ready", "true", timeout=SLOW)


def over(page: Page, pane: int = 0):
    return page.locator(".scatter-over").nth(pane)


def lasso(page: Page, x: float, y: float, radius: float, *, pane: int = 0, keys: str = "") -> None:
    """A circle by mouse around a place in shares of the plot."""
    page.get_by_test_id("space-lasso").click()
    box = over(page, pane).bounding_box()
    cx, cy = box["x"] + box["width"] * x, box["y"] + box["height"] * y
    if keys:
        page.keyboard.down(keys)
    page.mouse.move(cx + radius, cy)
    page.mouse.down()
    for step in range(1, 33):
        angle = 2 * math.pi * step / 32
        page.mouse.move(cx + radius * math.cos(angle), cy + radius * math.sin(angle))
    page.mouse.up()
    if keys:
        page.keyboard.up(keys)


def inside(points: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """Reference: the winding number of the polygon around each point, by the sum of angles."""
    turned = np.zeros(len(points))
    for a, b in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        u, v = a - points, b - points
        cross = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
        turned += np.arctan2(cross, (u * v).sum(axis=1))
    return np.abs(turned) > np.pi


def key_of(page: Page) -> str:
    return page.locator(".space-pane").first.get_attribute("data-key")


def test_a_lasso_is_exact_and_answered_kept_and_shared(server, open_context, open_page, keep):
    context = open_context(1440, 900)
    page = context.new_page()
    open_space(page, server, "space=data:digits&map=pca")
    lasso(page, 0.4, 0.45, 110)
    expect(page.get_by_text("What sets them apart")).to_be_visible(timeout=SLOW)
    polygon = np.array(json.loads(over(page).get_attribute("data-polygon"))).reshape(-1, 2)
    points = read_layout(server.workspace, key_of(page)).astype(np.float64)
    wanted = set(np.flatnonzero(inside(points, polygon)).tolist())
    page.get_by_role("radio", name="Export").click()
    page.get_by_role("textbox", name="Name of the selection").fill("left part")
    page.get_by_role("textbox", name="Name of the selection").press("Enter")
    page.get_by_role("button", name="Save selection", exact=True).click()
    expect(page).to_have_url(re.compile("pick=left"), timeout=SLOW)
    shared = page.url
    rows = read_rows(server.workspace, key_of(page))
    found = {
        int(np.flatnonzero(rows == row)[0]) for row in read_selection(server.workspace, "digits", "left part")
    }
    # Points are sent with 16 bits: one on the very line may fall on its other side.
    assert len(found ^ wanted) <= 2
    assert len(found) > 50
    # Taken away with Alt, added with Shift.
    before = int(over(page).get_attribute("data-selected"))
    lasso(page, 0.4, 0.45, 60, keys="Alt")
    expect(over(page)).not_to_have_attribute("data-selected", str(before))
    fewer = int(over(page).get_attribute("data-selected"))
    assert 0 < fewer < before
    lasso(page, 0.4, 0.45, 60, keys="Shift")
    expect(over(page)).to_have_attribute("data-selected", str(before))
    keep(page, "latent-act")
    axe_in(page)
    # Somebody else opens the address.
    other = open_page(1440, 900, color_scheme="dark")
    other.goto(shared)
    wait_ready(other)
    expect(over(other)).to_have_attribute("data-selected", str(len(found)), timeout=SLOW)
    expect(other.get_by_role("radio", name="Export")).to_be_checked()  # the panel stands in the address, too
    other.get_by_role("radio", name="Why together?").click()
    expect(other.get_by_text("What sets them apart")).to_be_visible(timeout=SLOW)
    keep(other, "latent-dark")
    axe_in(other)
    # A selection of one's own is no longer the one of the address.
    expect(other).to_have_url(re.compile("pick=left"))
    lasso(other, 0.6, 0.5, 40)
    expect(other).not_to_have_url(re.compile("pick="), timeout=SLOW)


def test_umap_comes_in_pieces_groups_are_named_and_pictures_seen(server, open_page, keep):
    page = open_page(1440, 900)
    page.goto(f"{server.url}/latent?space=data:digits")  # PCA at once, then UMAP by itself
    expect(page).to_have_url(re.compile("map=umap"), timeout=SLOW)
    # Seen while it comes, unless it is there at once; the work goes on without the page.
    come = page.locator('[data-testid="space-job"]:not([hidden]), [data-testid="space"][data-ready="true"]')
    expect(come.first).to_be_attached(timeout=SLOW)
    page.reload()
    wait_ready(page)
    expect(page.get_by_test_id("space-job")).to_be_hidden()
    page.get_by_role("radio", name="Groups").click()
    page.get_by_role("button", name="Find groups").click()
    expect(page.get_by_text("adjusted Rand index")).to_be_visible(timeout=SLOW)
    expect(page.get_by_test_id("space-by")).to_have_value("cluster", timeout=SLOW)
    expect(page.get_by_test_id("space-legend").get_by_role("button").first).to_contain_text("%")
    # The legend isolates a class; what is shown can be taken.
    page.get_by_test_id("space-by").select_option("class")
    chip = page.get_by_test_id("space-legend").get_by_role("button", name="3", exact=True)
    at = over(page).bounding_box()
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "true")
    assert over(page).bounding_box() == at, "a choice in the legend leaves the map where it is"
    page.get_by_role("button", name="Select shown").click()
    expect(over(page)).to_have_attribute("data-selected", "183")
    # By keyboard: to a point, what it is, and closer until pictures are seen.
    over(page).focus()
    page.keyboard.press("Escape")
    expect(over(page)).to_have_attribute("data-selected", "0")
    settle(page)
    at = over(page).bounding_box()
    page.mouse.move(at["x"] + at["width"] / 2, at["y"] + at["height"] - 5)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".space-card")).to_contain_text("row", timeout=SLOW)
    # What is drawn again moves under a pointer at rest, which the browser tells as a move.
    page.evaluate(MOVE_UNDER_THE_POINTER)
    wait_in(page, "document.body.dataset.toldOfMove === 'yes'")
    expect(page.locator(".space-card")).to_be_visible()
    page.keyboard.press(" ")
    expect(over(page)).to_have_attribute("data-selected", "1")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nearest neighbors in the space itself")).to_be_visible(timeout=SLOW)
    for _ in range(9):
        page.keyboard.press("+")
    expect(over(page)).to_have_attribute("data-pictures", re.compile(r"[1-9]"), timeout=SLOW)
    keep(page, "latent-pictures")


def test_two_maps_have_one_selection_and_epochs_are_played(server, open_page, finished, keep):
    page = open_page(1440, 900)
    open_space(page, server, f"space=run:{finished.id}&map=pca")
    page.get_by_role("radio", name="Compare").click()
    page.get_by_role("button", name="Show beside").click()
    expect(page.locator(".space-pane")).to_have_count(2, timeout=SLOW)
    wait_ready(page)
    expect(page.locator(".space-pane").nth(1)).to_have_attribute(
        "data-points", re.compile(r"\d+"), timeout=SLOW
    )
    lasso(page, 0.5, 0.5, 60, pane=0)
    expect(over(page, 0)).not_to_have_attribute("data-selected", "0")
    count = over(page, 0).get_attribute("data-selected")
    expect(over(page, 1)).to_have_attribute("data-selected", count)
    expect(page.get_by_text("rows that both have")).to_be_visible(timeout=SLOW)
    keep(page, "latent-two")
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".space-pane")).to_have_count(1, timeout=SLOW)
    settle(page)
    page.get_by_text("Play all epochs").click()
    slider = page.locator(".space-replay").get_by_role("slider")  # below, "Its epoch" is that of another run
    # The map before stands there until the new one is drawn.
    expect(page.locator(".space-replay:not([hidden])")).to_have_count(1, timeout=SLOW)
    expect(page.locator(".space-pane")).to_have_count(1, timeout=SLOW)
    wait_ready(page)
    pane = page.locator(".space-pane").first
    last = pane.get_attribute("data-epoch")
    settle(page)
    slider.press("Home")
    expect(pane).to_have_attribute("data-epoch", "0", timeout=SLOW)
    page.get_by_role("button", name="Play the epochs").click()
    expect(pane).to_have_attribute("data-epoch", re.compile(r"[1-9]"), timeout=SLOW)
    assert int(last) > 0


def test_without_webgl_a_canvas_draws_and_selects(server, open_page):
    page = open_page(390, 844, color_scheme="dark")
    open_space(page, server, "space=data:wine&map=pca&renderer=canvas")
    assert page.locator(".space-pane").get_attribute("data-renderer") == "canvas"
    painted = page.evaluate("""() => {
        const canvas = document.querySelector(".scatter-points")
        const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
        let count = 0
        for (let i = 3; i < data.length; i += 4) count += data[i] > 0
        return count }""")
    assert painted > 500
    over(page).scroll_into_view_if_needed()
    lasso(page, 0.5, 0.5, 140)
    expect(over(page)).not_to_have_attribute("data-selected", "0")
    axe_in(page)
    fits(page)


def test_webgl_paints_points_in_their_colors(server, open_page):
    page = open_page(1000, 800)
    open_space(page, server, "space=data:wine&map=pca&renderer=webgl")
    assert page.locator(".space-pane").get_attribute("data-renderer") == "webgl2"
    page.wait_for_timeout(300)
    shot = page.locator(".space-plot").screenshot()
    import io

    from PIL import Image

    pixels = np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).reshape(-1, 3).astype(int)
    for color in ((0, 114, 178), (230, 159, 0), (0, 158, 115)):  # of the three classes
        assert (np.abs(pixels - color).max(axis=1) < 40).sum() > 60, color


def test_a_text_is_found_and_placed_and_a_bad_one_answered(server, open_page):
    from tests.tasks.classify_helpers import make_pets

    if not (server.workspace / "datasets" / "my-pets").exists():  # another test's
        make_pets(server.workspace, 240)
    page = open_page(1440, 900)
    open_space(page, server, "space=data:my-pets&map=pca")
    page.get_by_role("radio", name="Search").click()
    page.get_by_role("textbox", name="Search for").fill("cats purr")
    page.get_by_role("textbox", name="Search for").press("Enter")
    expect(page.get_by_text("The cross marks its place")).to_be_visible(timeout=SLOW)
    expect(over(page)).to_have_attribute("data-selected", "50")
    page.get_by_role("radio", name="Text contains").click()
    page.get_by_placeholder("part of a text").fill("qqqq")
    page.get_by_placeholder("part of a text").press("Enter")
    expect(page.get_by_text("Nothing on this map matches")).to_be_visible(timeout=SLOW)


def test_the_offline_file_draws_and_selects_without_a_server(server, open_context, tmp_path: Path):
    save_selection(server.workspace, "wine", "some", np.arange(10))
    context = open_context(1200, 800, accept_downloads=True)
    page = context.new_page()
    open_space(page, server, "space=data:wine&map=pca")
    page.get_by_role("radio", name="Export").click()
    page.get_by_role("button", name="HTML map").click()
    with page.expect_download(timeout=SLOW) as waiting:
        page.get_by_role("button", name="Download HTML map").click()
    target = tmp_path / "map.html"
    waiting.value.save_as(target)
    context.set_offline(True)
    page.goto(target.as_uri())
    expect(page.locator(".scatter-over")).to_have_attribute("data-frames", re.compile(r"\d+"))
    page.locator("#lasso").click()
    box = page.locator(".scatter-over").bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    for x, y in ((box["width"] - 5, 5), (box["width"] - 5, box["height"] - 5), (5, box["height"] - 5)):
        page.mouse.move(box["x"] + x, box["y"] + y)
    page.mouse.up()
    expect(page.locator("#said")).to_have_text("178 selected")
    page.locator("#legend button").first.click()
    assert page.locator("#legend button").count() == 3


def test_routes_of_maps_ask_for_their_token(server, open_page):
    page = open_page(1200, 800)
    open_space(page, server, "space=data:wine&map=pca")
    key = key_of(page)
    request = page.context.request
    for path in ("about", "layout?epoch=0", "rows"):
        assert request.get(f"{server.url}/studio/maps/{key}/{path}").status == 403
    assert request.post(f"{server.url}/studio/maps/{key}/ask/color", data="{}").status == 403
    headers = {"x-studio-token": "0" * 64}
    assert request.get(f"{server.url}/studio/maps/{key}/about", headers=headers).status == 403
    # A half-made layout that is gone, since the map is finished, is no fault; a finished one that is not
    # there is.
    headers = {"x-studio-token": sign(server.workspace, f"map-{key}")}
    assert request.get(f"{server.url}/studio/maps/{key}/layout?partial=1", headers=headers).status == 204
    assert request.get(f"{server.url}/studio/maps/{key}/layout?epoch=9", headers=headers).status == 404


def test_the_stage_s_map_turns_into_umap_and_back(server, finished, open_page, errors):
    page = open_page()
    page.goto(f"{server.url}/autoencoder?run={finished.id}")
    panel = page.get_by_test_id("stage-panel-map")
    expect(panel.locator(".stage-note")).to_contain_text("PCA", timeout=SLOW)
    before = panel.locator(".stage-note").inner_text()
    page.get_by_test_id("map-umap").click()
    expect(panel.locator(".stage-note")).to_contain_text("UMAP", timeout=2 * SLOW)
    expect(page.get_by_test_id("map-lattice")).to_be_hidden()
    page.get_by_test_id("map-umap").click()
    expect(panel.locator(".stage-note")).to_have_text(before)
