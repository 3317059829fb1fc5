"""The Room page through AppTest: the wall, the spotlight on the whole stage, votes, and why a run waits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from pages.parts.shared import viewer
from selfsup_core.files import write_json
from selfsup_core.room import spotlight, votes
from selfsup_core.room.line import FILE
from selfsup_core.room.viewer import cookie_for
from selfsup_core.runs.access import app_token, cookie_of
from selfsup_core.runs.queue import submit
from tests.helpers import ROOT, make_run, run_here, tiny_spec
from tests.pages.test_pages import buttons
from tests.room.helpers import joined, opened, place_of


class Visit:
    """Pages of a room, as somebody whose cookie is `cookie`."""

    def __init__(self, workspace: Path) -> None:
        self.room = opened(workspace)
        self.ada, self.ben = joined(self.room, "Ada"), joined(self.room, "Ben")
        self.cookie = ""

    def page(self, script: str, person: Any = None, **query: str) -> AppTest:
        """The teacher's page where no person is given."""
        token = cookie_of(self.room.host, app_token(self.room.host))
        self.cookie = cookie_for(self.room, person["id"]) if person else token
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        app.switch_page(script)
        app.run()
        assert not app.exception, [e.value for e in app.exception]
        return app


@pytest.fixture
def visit(studio, workspace, monkeypatch) -> Visit:
    made = Visit(workspace)
    access = viewer.Access(workspace=workspace, room=made.room)
    monkeypatch.setattr(viewer, "access", access)
    monkeypatch.setattr("pages.parts.room.wall.ensure_supervisor", lambda workspace: None)
    name = viewer.cookie_name(st.get_option("server.port"))
    monkeypatch.setattr(type(st.context), "cookies", property(lambda self: {name: made.cookie}))
    monkeypatch.setattr(type(st.context), "headers", property(lambda self: {}))
    begin = PagesManager.__init__

    def begin_with_app(self: PagesManager, *args: Any, **more: Any) -> None:
        """Because of the folder pages/ AppTest would run a page without app.py before it."""
        begin(self, *args, **more)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", begin_with_app)
    return made


def said(app: AppTest) -> str:
    return " ".join(str(getattr(node, "proto", "")) for node in app.main)


def links(app: AppTest) -> list[str]:
    return [link.proto.label for link in app.get("page_link")]


def test_the_teacher_can_end_the_spotlight_whoever_is_chosen(visit):
    run = make_run(place_of(visit.room, visit.ada), tiny_spec(name="Run of Ada"))
    run_here(run)
    assert "Run of Ada" not in said(visit.page("pages/room.py", visit.ben, do="watch"))
    wall = visit.page("pages/room.py")
    buttons(wall)["room-spotlight"].click()
    wall.run()
    assert spotlight.in_spotlight(visit.room) == ("Ada", run)
    wall.selectbox(key="room-chosen").select(visit.ben["id"]).run()
    assert "room-spotlight-off" in buttons(wall), "whoever is chosen"


def test_everybody_can_watch_the_run_in_the_spotlight_until_the_teacher_ends_it(visit):
    run = make_run(place_of(visit.room, visit.ada), tiny_spec(name="Run of Ada"))
    run_here(run)
    spotlight.put_on(visit.room, visit.ada["id"], run.id)
    announced = "The teacher shows a run of **Ada**: watch it"
    assert announced in links(visit.page("pages/runs.py", visit.ben))
    assert announced not in links(visit.page("pages/runs.py")), "the teacher knows"
    watched = visit.page("pages/room.py", visit.ben, do="watch")
    assert "In the spotlight: Ada" in said(watched)
    assert len(watched.get("plotly_chart")) == 2, "loss and map"
    assert "watch-end" not in buttons(watched)
    assert "This is your run" not in said(watched)
    assert "This is your run" in said(visit.page("pages/room.py", visit.ada, do="watch"))

    teachers = visit.page("pages/room.py", do="watch")
    buttons(teachers)["watch-end"].click()
    teachers.run()
    assert spotlight.in_spotlight(visit.room) is None
    over = visit.page("pages/room.py", visit.ben, do="watch")
    assert "The teacher shows no run at the moment." in over.info[0].value
    assert "Ada" not in said(over)
    assert announced not in links(visit.page("pages/runs.py", visit.ben))


def test_a_vote_counts_once_however_often_it_is_clicked(visit):
    question = votes.ask(visit.room, {"text": "Up?", "choices": ("yes", "no")})["id"]
    page = visit.page("pages/room.py", visit.ben)
    for choice in (0, 0, 1):
        buttons(page)[f"vote-{question}-{choice}"].click()
        page.run()
    assert votes.list_questions(visit.room)[-1]["votes"] == {visit.ben["id"]: 1}
    votes.reveal(visit.room, question)
    buttons(page)[f"vote-{question}-0"].click()  # sent before the page has heard of it
    page.run()
    assert votes.list_questions(visit.room)[-1]["votes"] == {visit.ben["id"]: 1}


def test_a_run_that_waits_says_why_in_the_list_on_its_page_and_on_the_wall(visit):
    place = place_of(visit.room, visit.ada)
    run = submit(place, tiny_spec())
    where = {"position": 4, "seconds": None, "why": "paused", "paused": 2}
    line = {"is_paused": False, "places": {f"{place.name}/{run.id}": where}}
    (visit.room.host / "supervisor").mkdir()
    write_json(visit.room.host / "supervisor" / FILE, line)
    words = "2 of your runs are paused, and each keeps its memory"
    assert words in said(visit.page("pages/runs.py", visit.ada))
    assert words in said(visit.page("pages/autoencoder.py", visit.ada, run=run.id))
    assert "number 4, after one of 2 paused runs" in said(visit.page("pages/room.py"))


def test_who_is_chosen_stays_chosen_when_others_join(visit):
    wall = visit.page("pages/room.py")
    wall.selectbox(key="room-chosen").select(visit.ben["id"]).run()
    joined(visit.room, "Aaron")
    wall.run()
    chosen = wall.selectbox(key="room-chosen")
    assert (chosen.value, len(chosen.options)) == (visit.ben["id"], 3)
    visit.room.remove(visit.ben["id"])
    wall.run()
    assert not wall.exception
    assert wall.selectbox(key="room-chosen").value == visit.ada["id"]
