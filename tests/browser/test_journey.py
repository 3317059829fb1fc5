"""A newcomer's journey in a real browser: Home, train, pause, step, scrub, reload, a second browser, the
end.
"""

from __future__ import annotations

import re
import urllib.error

import psutil
import pytest
from playwright.sync_api import Page, expect

from selfsup_core.runs.control import send
from selfsup_core.runs.folder import RunFolder, list_states, read_rows, read_state
from selfsup_core.runs.queue import submit
from selfsup_core.runs.recipes import preset_spec
from tests.browser.conftest import Server, axe_in, fits, settle, stage_value, wait_in, wait_stage
from tests.helpers import wait_for, wait_status

pytestmark = pytest.mark.browser


def start_digits(page: Page, server: Server) -> RunFolder:
    page.goto(f"{server.url}/autoencoder?data=mnist-5k")
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_test_id("stage").wait_for()
    return RunFolder(server.workspace / "runs" / stage_value(page, "run"))


def finish_all(server: Server) -> None:
    for state in list_states(server.workspace):
        assert state["status"] not in ("running", "queued"), state["run"]


def test_the_whole_journey(server, open_context, open_page, keep):
    page = open_page()
    page.goto(server.url)
    expect(page.get_by_role("heading", name="Watch a network teach itself")).to_be_visible()
    keep(page, "home")
    folder = start_digits(page, server)
    wait_stage(page, "epoch", lambda epoch: epoch.isdigit() and int(epoch) >= 1)
    keep(page, "live")

    page.get_by_test_id("stage-pause").click()
    wait_stage(page, "status", lambda status: status == "paused")
    paused_at = read_state(folder)["step"]
    page.get_by_test_id("stage-step").click()
    wait_in(
        page,
        "before => document.querySelector('[data-testid=stage-pause]').innerText.includes('Resume')"
        " && Number(document.querySelector('[data-testid=stage]').dataset.epoch) > before",
        int(stage_value(page, "epoch")),
    )
    state = wait_status(folder, "paused")
    assert paused_at < state["step"] <= paused_at + state["steps_per_epoch"]
    assert state["step"] % state["steps_per_epoch"] == 0, "a step ends with its epoch"

    page.get_by_test_id("stage-cursor").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    wait_stage(page, "epoch", lambda epoch: epoch == "1")
    expect(page).to_have_url(re.compile(r"epoch=1"))
    keep(page, "epoch-1")

    page.reload()
    page.get_by_test_id("stage").wait_for()
    wait_stage(page, "epoch", lambda epoch: epoch == "1")
    wait_stage(page, "status", lambda status: status == "paused")

    second = open_context(390, 844, color_scheme="dark").new_page()
    second.goto(page.url)
    second.get_by_test_id("stage").wait_for()
    wait_stage(second, "epoch", lambda epoch: epoch == "1")
    assert stage_value(second, "run") == folder.id
    axe_in(page)
    axe_in(second)
    fits(second)
    keep(second, "second-browser-phone-dark")

    page.get_by_test_id("stage-lr").fill("0.002")
    page.keyboard.press("Enter")
    page.get_by_test_id("stage-speed").select_option("0")
    page.get_by_test_id("stage-live").click()
    page.get_by_test_id("stage-pause").click()
    wait_stage(page, "status", lambda status: status == "finished")
    wait_stage(page, "epoch", lambda epoch: epoch == "30")
    wait_stage(second, "status", lambda status: status == "finished")
    assert stage_value(second, "epoch") == "1", "another viewer's cursor stays where it was"
    expect(page.get_by_test_id("stage-verdict")).to_contain_text("better than PCA", ignore_case=True)
    top = page.get_by_test_id("stage-verdict").bounding_box()["y"]
    assert top < page.get_by_test_id("stage-panel-loss").bounding_box()["y"], (
        "the verdict is above the panels"
    )
    expect(page.get_by_test_id("next-replay")).to_be_visible()
    changes = read_rows(folder.path / "changes.jsonl")
    assert [c["value"] for c in changes if c["name"] == "learning_rate"] == [0.002]
    keep(page, "finished")
    finish_all(server)


def test_scrubbing_and_replay(server, finished, open_page):
    page = open_page()
    page.goto(f"{server.url}/runs")
    page.goto(f"{server.url}/autoencoder?run={finished.id}")
    wait_stage(page, "epoch", lambda epoch: epoch == "30")
    page.get_by_test_id("stage-cursor").focus()
    for key, epoch in (("ArrowLeft", "29"), ("Home", "0"), ("ArrowRight", "1")):
        page.keyboard.press(key)
        expect(page).to_have_url(re.compile(rf"run={finished.id}&epoch={epoch}$"))
        settle(page)
    page.go_back()  # epochs are no pages
    expect(page).to_have_url(re.compile("/runs$"))
    page.go_forward()
    wait_stage(page, "epoch", lambda epoch: epoch == "1")
    page.get_by_test_id("stage-cursor").focus()
    page.keyboard.press("End")
    wait_stage(page, "epoch", lambda epoch: epoch == "30")
    for expected in range(29, 24, -1):
        page.keyboard.press("ArrowLeft")
        wait_stage(page, "epoch", lambda epoch, e=expected: epoch == str(e))
    page.keyboard.press("Home")
    wait_stage(page, "epoch", lambda epoch: epoch == "0")
    page.keyboard.press(" ")
    wait_stage(page, "epoch", lambda epoch: int(epoch) >= 10)
    page.keyboard.press(" ")
    held = wait_stage(page, "epoch", lambda epoch: epoch.isdigit())
    page.wait_for_timeout(500)
    assert abs(int(stage_value(page, "epoch")) - int(held)) <= 1, "space halts the replay"


def test_the_cursor_does_not_fall_back_to_where_it_rested_before(server, finished, open_page):
    """Python answers a rested cursor one rerun late; that answer is not a wish."""
    page = open_page()
    page.goto(f"{server.url}/autoencoder?run={finished.id}")
    wait_stage(page, "epoch", lambda epoch: epoch == "30")
    for wanted in (26, 10, 20):
        page.get_by_test_id("stage-cursor").fill(str(wanted))
        expect(page).to_have_url(re.compile(f"epoch={wanted}"))
        page.wait_for_timeout(1200)
        assert stage_value(page, "epoch") == str(wanted)


def test_zoom_and_elements_stay_while_it_trains(server, open_page):
    page = open_page()
    folder = start_digits(page, server)
    wait_stage(page, "epoch", lambda epoch: epoch.isdigit() and int(epoch) >= 2)
    page.wait_for_selector(".stage-plot .main-svg")
    page.evaluate("document.querySelector('.stage-plot .main-svg').dataset.mark = 'mine'")
    box = page.locator(".stage-plot .nsewdrag").first.bounding_box()
    page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.8 * box["height"], steps=5)
    page.mouse.up()
    axis = "document.querySelector('.stage-plot').layout.xaxis.range.map(Number)"
    low, high = page.evaluate(axis)
    assert 0 < low < high < 20, "the drag zoomed in"
    page.locator(".stage-map").click()
    page.locator(".stage-map").hover()
    page.mouse.wheel(0, -400)
    zoom = page.locator(".stage-map").get_attribute("data-zoom")
    assert float(zoom) > 1.2
    before = int(stage_value(page, "epoch"))
    wait_stage(page, "epoch", lambda epoch: int(epoch) >= before + 3)
    assert page.evaluate("document.querySelector('.stage-plot .main-svg').dataset.mark") == "mine"
    assert page.evaluate(axis) == [low, high]
    assert page.locator(".stage-map").get_attribute("data-zoom") == zoom
    page.get_by_test_id("stage-stop").click()
    wait_stage(page, "status", lambda status: status == "stopped")
    assert read_state(folder)["stop_reason"] == "stopped by hand"


def test_rubbish_is_answered_in_words(server, open_page):
    page = open_page()
    start_digits(page, server)
    for rubbish in ("abc", "-1", "0", "1e9", ""):
        page.get_by_test_id("stage-lr").fill(rubbish)
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert").filter(has_text="learning rate")).to_be_visible()
    wait_stage(page, "epoch", lambda epoch: epoch.isdigit())  # a run without epochs has none to go on with
    page.get_by_test_id("stage-stop").click()
    wait_stage(page, "status", lambda status: status == "stopped")
    page.goto(f"{server.url}/autoencoder?run=%3Cscript%3Ealert(1)%3C/script%3E&epoch=-5")
    expect(page.get_by_text("There is no run")).to_be_visible()
    run = next(list_states(server.workspace))["run"]
    page.goto(f"{server.url}/autoencoder?run={run}&epoch=999999")
    expect(page.get_by_text("This run has no epoch '999999'")).to_be_visible()
    page.get_by_role("button", name="Show the newest epoch").click()
    page.get_by_test_id("stage").wait_for()
    wait_stage(page, "epoch", lambda epoch: epoch.isdigit())
    settings_stay_in_the_address(page, server)


def settings_stay_in_the_address(page: Page, server: Server) -> None:
    """Refused ones are left out with a click; changed ones are there after a reload, and Back undoes them."""
    page.goto(f"{server.url}/autoencoder?preset=denoising&set=train.epochs=0")
    expect(page.get_by_text("train.epochs must be at least 1 and at most 100000; found 0.")).to_be_visible()
    axe_in(page)
    fits(page)
    page.get_by_role("button", name="Go on without it").click()
    epochs, noise = page.get_by_label("Epochs", exact=True), page.get_by_label("Amount of noise", exact=True)
    expect(epochs).to_have_value("30")
    epochs.fill("6")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"set=train\.epochs%3D6$"))
    page.go_back()  # at once
    expect(epochs).to_have_value("30")
    expect(page).to_have_url(re.compile("preset=denoising$"))
    epochs.fill("5")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"set=train\.epochs%3D5$"))
    expect(epochs).to_be_focused()
    for is_again in (False, True):  # what a closed popover holds is drawn when it opens
        page.get_by_role("button", name="Advanced").click()
        page.get_by_role("tab", name="Objective").click()
        expect(noise).to_have_value("0.25" if is_again else "0.5")
        if not is_again:
            noise.fill("0.25")
            page.keyboard.press("Enter")
            expect(page).to_have_url(re.compile(r"&set=objective\.amount%3D0\.25$"))
            expect(page.get_by_text("--set objective.amount=0.25")).to_be_visible()
            page.reload()
            expect(epochs).to_have_value("5")
    axe_in(page)
    fits(page)
    page.go_back()
    expect(page).to_have_url(re.compile(r"set=train\.epochs%3D5$"))
    expect(noise).to_have_value("0.5")
    page.go_back()
    expect(epochs).to_have_value("30")


def test_a_double_click_starts_one_run(server, open_page):
    page = open_page()
    page.goto(server.url)
    before = {state["run"] for state in list_states(server.workspace)}
    page.locator(".st-key-card-pseudo button").first.dblclick()
    page.get_by_test_id("stage").wait_for()
    page.wait_for_timeout(1000)
    new = {state["run"] for state in list_states(server.workspace)} - before
    assert len(new) == 1
    page.get_by_test_id("stage-stop").click()
    wait_stage(page, "status", lambda status: status in ("stopped", "finished"))


def test_asking_stops_when_the_run_has_ended(server, finished, open_page):
    page = open_page()
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url) if "/live" in r.url else None)
    page.goto(f"{server.url}/autoencoder?run={finished.id}")
    wait_stage(page, "status", lambda status: status == "finished")
    page.wait_for_timeout(500)
    count = len(asked)
    page.wait_for_timeout(2500)
    assert len(asked) == count > 0


def test_the_server_is_killed_and_the_page_comes_back(server, open_page, errors):
    page = open_page()
    folder = start_digits(page, server)
    wait_stage(page, "epoch", lambda epoch: epoch.isdigit() and int(epoch) >= 2)
    errors.clear()
    send(folder, "set", name="epochs_per_second", value=0.5)  # it must not end while the server starts
    server.kill()
    at_kill = read_state(folder)["epoch"]
    expect(page.get_by_text("Connection lost")).to_be_visible()
    try:
        wait_for(
            lambda: read_state(folder)["epoch"] > at_kill, "training that goes on without the server", 60
        )
    except AssertionError:
        server.start()  # the other journeys of this session need it
        raise
    server.start()
    wait_stage(page, "epoch", lambda epoch: int(epoch) > at_kill + 2)
    expect(page.get_by_text("Connection lost")).to_be_hidden()
    page.get_by_test_id("stage-stop").click()
    wait_stage(page, "status", lambda status: status == "stopped")
    errors.clear()  # the refused connections while the server was gone


def test_same_start_gives_the_same_curve(server, open_page):
    page = open_page()
    spec = preset_spec("dense-table", {"train.epochs": 5})
    folder = submit(server.workspace, spec, preset="dense-table")
    page.goto(f"{server.url}/autoencoder?run={folder.id}")
    wait_stage(page, "status", lambda status: status == "finished")
    page.get_by_test_id("stage-repeat").click()
    wait_stage(page, "run", lambda run: run not in ("", folder.id))
    again = RunFolder(server.workspace / "runs" / stage_value(page, "run"))
    wait_stage(page, "status", lambda status: status == "finished")
    losses = [[row.get("val_loss") for row in read_rows(f.metrics)] for f in (folder, again)]
    assert losses[0] == losses[1]
    assert len(losses[0]) > 5


def test_without_the_modules_the_figures_still_stand(server, finished, open_context, errors, keep):
    context = open_context()
    context.route("**/studio/assets/**", lambda route: route.abort())
    page = context.new_page()
    page.goto(f"{server.url}/autoencoder?run={finished.id}")
    expect(page.get_by_text("The live view could not load")).to_be_visible()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    errors.clear()  # the aborted requests
    keep(page, "without-modules")


def test_the_runs_page_deletes_and_undoes(server, finished, open_page, keep):
    page = open_page()
    page.goto(f"{server.url}/runs")
    expect(page.get_by_role("button", name="Restore")).to_have_count(0)
    expect(page.get_by_alt_text(re.compile("Map at epoch")).first).to_be_visible()
    count = len(list(list_states(server.workspace)))
    page.locator("[class*='st-key-delete-runs-'] button:enabled").first.click()
    expect(page.get_by_role("button", name="Restore")).to_be_visible()
    assert len(list(list_states(server.workspace))) == count - 1
    keep(page, "runs")
    page.reload()
    settle(page)
    page.get_by_text("Deleted runs (1)").click()
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_role("button", name="Restore")).to_have_count(0)
    assert len(list(list_states(server.workspace))) == count


def test_security_headers_and_localhost_only(server, open_page):
    page = open_page()
    answer = page.goto(server.url)
    headers = answer.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    with pytest.raises(urllib.error.HTTPError, match="404"):
        server.ask("/_stcore/metrics")
    with pytest.raises(urllib.error.HTTPError, match="400"):
        server.ask(Host="studio.example")
    listening = {
        c.laddr for c in psutil.Process(server.process.pid).net_connections("tcp") if c.status == "LISTEN"
    }
    assert [(place.ip, place.port) for place in listening] == [("127.0.0.1", server.port)]
