"""A room in real browsers: somebody joins on a phone, the teacher sees, asks, pauses, and deletes all."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.people import Served
from selfsup_core.room import wall
from selfsup_core.room.people import shown_code
from selfsup_core.runs.access import app_token
from selfsup_core.runs.examples import MARK
from selfsup_core.runs.queue import submit
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.shared import people_workspaces
from selfsup_core.workers.supervisor import ensure_supervisor
from tests.browser.conftest import axe_in, fits, settle
from tests.helpers import wait_for
from tests.room.served import room_served

pytestmark = pytest.mark.browser
LONG = {"data.source": "digits", "train.epochs": 100_000}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with room_served(tmp_path_factory.mktemp("class") / "workspace") as served:
        yield served


@pytest.fixture
def opened(chromium: Browser, watch) -> Iterator:
    """`opened(390, 844, "dark")`: a page of a browser that has not been here before."""
    contexts = []

    def make(width: int, height: int, scheme: str) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", watch)
        page.on("console", watch)
        return page

    yield make
    for context in contexts:
        context.close()


def look_well(page: Page) -> None:
    axe_in(page)
    fits(page)


def test_a_class_from_the_code_to_the_last_button(served, opened, errors, keep):
    code = shown_code(served.room.read()["code"])
    phone = opened(390, 844, "dark")
    phone.goto(f"{served.url}/?room={code}")
    expect(phone.get_by_label("Room code")).to_have_value(code)
    look_well(phone)
    keep(phone, "room-door")
    phone.get_by_label("Nickname").fill("Zoë")
    phone.get_by_role("button", name="Join").click()
    expect(phone.get_by_text("You are Zoë, resume code")).to_be_visible()
    phone.reload()
    expect(phone.get_by_text("You are Zoë, resume code")).to_be_visible()
    errors.clear()  # 401 is what the door answers first

    (place,) = people_workspaces(served.workspace)
    (place / MARK).touch()
    desk = opened(1440, 900, "light")
    desk.goto(f"{served.url}/room?token={app_token(served.workspace)}")
    card = desk.locator(".room-card", has_text="Zoë")
    expect(card).to_contain_text("no run yet")
    run = submit(place, preset_spec("dense-64-32-16", LONG))
    ensure_supervisor(served.workspace)
    expect(card).to_contain_text("running")
    expect(card).to_contain_text("loss 0.")
    look_well(desk)
    keep(desk, "room-wall")
    desk.get_by_role("button", name="Pause all").click()
    expect(card).to_contain_text("paused")
    desk.get_by_role("button", name="Resume all").click()
    expect(card).to_contain_text("running")
    desk.get_by_role("button", name="Spotlight", exact=True).click()
    expect(desk.get_by_role("button", name="End the spotlight")).to_be_visible()
    desk.get_by_label("Question").fill("Up or down?")
    desk.get_by_label("Answers, one a line").fill("up\ndown")
    desk.get_by_role("button", name="Ask everybody").click()
    expect(desk.get_by_text("0 of 1 person voted.")).to_be_visible()

    phone.goto(f"{served.url}/room")
    expect(phone.get_by_text(re.compile("In the spotlight: Zoë"))).to_be_visible()
    phone.get_by_role("button", name="down").click()
    expect(phone.get_by_text("You can change your answer")).to_be_visible()
    look_well(phone)
    keep(phone, "room-mine")
    expect(desk.get_by_text("1 of 1 person voted.")).to_be_visible()
    desk.get_by_role("button", name="Reveal").click()
    expect(phone.get_by_text("down: 1 vote · your answer")).to_be_visible()

    settle(phone)  # the list above has grown by the votes: a click might land where the button was
    phone.get_by_role("button", name="Open the stage").click()
    stage = phone.get_by_test_id("stage")
    expect(stage).to_have_attribute("data-watched", "true")
    expect(stage).to_have_attribute("data-epoch", re.compile(r"\d"))
    expect(phone.get_by_test_id("stage-replay")).to_be_visible()
    for steers in ("stage-pause", "stage-stop", "stage-repeat", "stage-lr", "map-umap", "lab-tab-explore"):
        expect(phone.get_by_test_id(steers)).to_be_hidden()
    look_well(phone)
    keep(phone, "room-watch")
    phone.reload()
    expect(stage).to_have_attribute("data-epoch", re.compile(r"\d"))
    desk.get_by_role("button", name="End the spotlight").click()
    expect(phone.get_by_text("The teacher shows no run at the moment.")).to_be_visible()
    expect(stage).to_have_count(0)
    errors.clear()  # 404 is what the stage was told last

    desk.get_by_role("button", name="Delete everything").click()
    desk.get_by_label("Type “delete”").fill("delete")
    desk.get_by_label("Type “delete”").press("Enter")
    desk.get_by_role("button", name="Delete everything").last.click()
    expect(desk.get_by_text("Nobody has joined yet.")).to_be_visible()
    assert not place.exists()
    assert shown_code(served.room.read()["code"]) != code
    assert wall.overview(served.room) == []
    phone.goto(f"{served.url}/runs")
    expect(phone.get_by_role("heading", name="Join the room")).to_be_visible()
    wait_for(lambda: not run.path.exists(), "the end of the worker that had the folder")
    errors.clear()  # 401 again
