"""Presenter's mode and hidden controls: the address asks for them, the session keeps them, a click ends
them.
"""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from pages.parts.shared import assets, routes, viewer
from pages.parts.shared.header import reached
from pages.parts.shared.qr import qr_routes
from pages.parts.shared.showing import PLACES
from pages.parts.shared.tour import STOPS
from selfsup_core.lessons.link import HIDDEN
from selfsup_core.places import ASSETS
from selfsup_core.runs.folder import list_states

# What app.py does around each page; `AppTest` itself runs pages without it.
SCRIPT = """
import streamlit as st
from pages.parts.shared import showing
from pages.parts.shared.address import begin_address, end_address, wish

page = st.session_state.get("page", "autoencoder")
begin_address(page)
try:
    showing.follow_address()
    st.title(f"The page {page}")
    st.button("Present", key="present", on_click=showing.present, kwargs={"on": True})
    st.button("Leave", key="leave", on_click=showing.present, kwargs={"on": False})
finally:
    showing.keep()
    end_address(page)
"""


@pytest.fixture
def shown(studio):
    """`shown(hide="data")`: a page with that address."""

    def open_page(**query: str) -> AppTest:
        studio("pages/learn.py")
        app = AppTest.from_string(SCRIPT, default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception
        return app

    return open_page


def styles(app: AppTest) -> str:
    return "\n".join(str(one.proto.body) for one in app.get("html"))


def address(app: AppTest) -> dict[str, list[str]]:
    return {name: value if isinstance(value, list) else [value] for name, value in app.query_params.items()}


def test_hidden_controls_are_named_and_shown_again_by_a_click(shown):
    app = shown(hide="advanced,data", preset="emoji")
    assert "display: none" in styles(app)
    assert PLACES["data"] in styles(app)
    assert PLACES["epochs"] not in styles(app)
    assert app.caption[0].value.endswith("Hidden on this page: Advanced settings, The choice of data.")
    app.button(key="show-hidden").click().run()
    assert "display: none" not in styles(app)
    assert not app.caption
    assert address(app) == {"preset": ["emoji"]}


def test_what_is_hidden_stays_so_on_the_next_page(shown):
    app = shown(hide="advanced")
    app.session_state["page"] = "data"
    app.query_params.clear()
    app.run()
    assert PLACES["advanced"] in styles(app)
    assert address(app) == {"hide": ["advanced"]}


def test_presenters_mode_comes_with_the_address_and_goes_by_a_click(shown):
    sheet = (ASSETS / "present.css").read_text("utf-8")
    app = shown()
    assert sheet not in styles(app)
    app.button(key="present").click().run()
    assert sheet in styles(app)
    assert address(app) == {"present": ["1"]}
    app.button(key="leave").click().run()
    assert sheet not in styles(app)
    assert address(app) == {}
    assert sheet in styles(shown(present="1"))
    assert sheet not in styles(shown(present="0"))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"hide": "advanced,bananas"}, "The address asks to hide 'bananas'. Known: pages"),
        ({"hide": "<script>"}, "Known: pages"),
        ({"present": "yes"}, "The address asks for present='yes'. 1 turns presenter's mode on"),
    ],
)
def test_bad_values_are_refused_and_the_page_goes_on_without_them(shown, query, said):
    app = shown(**query, preset="emoji")
    assert said in app.error[0].value.replace("\\", "")
    assert "display: none" not in styles(app)
    (name,) = query
    app.button(key=f"{name}-go-on").click().run()
    assert not app.error
    assert address(app) == {"preset": ["emoji"]}


def test_each_group_of_controls_has_a_place():
    assert PLACES.keys() == HIDDEN.keys()


def test_opening_a_link_starts_nothing(studio, workspace):
    query = {"preset": "emoji", "data": "emoji", "set": "seed=5", "hide": "data", "present": "1"}
    studio("pages/autoencoder.py", **query)
    studio("pages/classify.py", do="pseudo", preset="pseudo-image")
    assert list(list_states(workspace)) == []


def test_links_carry_the_address_that_others_reach(studio, monkeypatch):
    studio()
    assert "this machine only" in reached()["note"]
    monkeypatch.setattr(viewer, "reachable", ["http://192.168.1.20:8501"])
    found = reached()
    assert found["addresses"] == ["http://192.168.1.20:8501"]
    assert "token" in found["note"]


def test_the_route_draws_addresses_and_nothing_else():
    client = TestClient(Starlette(routes=qr_routes()))
    link = {"text": "http://localhost:8501/?hide=data"}
    svg, png = client.get("/studio/qr.svg", params=link), client.get("/studio/qr.png", params=link)
    assert svg.headers["content-type"].startswith("image/svg+xml")
    assert png.content.startswith(b"\x89PNG")
    for text in ("", "javascript:alert(1)", "hello"):
        assert client.get("/studio/qr.svg", params={"text": text}).status_code == 422
    long = client.get("/studio/qr.svg", params={"text": "http://a/" + "x" * 2000})
    assert long.status_code == 422
    assert "Copy the link" in long.json()["error"]
    assert client.get("/studio/qr.gif", params=link).status_code == 404


def test_each_stop_of_the_tour_has_its_moving_and_its_still_picture():
    total = 0
    for stop in STOPS:
        moving = assets.stage_files()[f"previews/{stop.picture}.webp"]
        assert moving[8:12] == b"WEBP"
        assert len(moving) <= 200_000
        total += len(moving) + len(assets.stage_files()[f"previews/{stop.picture}-still.webp"])
    assert total <= 1_200_000
    assert len(STOPS) <= 9
    words = " ".join(f"{stop.title} {stop.text}" for stop in STOPS).split()
    assert len(words) <= 260, "more than a minute to read"


def test_previews_are_served_for_good_and_not_packed_again(workspace):
    client = TestClient(Starlette(routes=routes.routes()))
    url = f"/studio/assets/{assets.assets_digest()}/previews/map.webp"
    found = client.get(url, headers={"Accept-Encoding": "gzip"})
    assert (found.status_code, found.headers["content-type"]) == (200, "image/webp")
    assert "immutable" in found.headers["cache-control"]
    assert "content-encoding" not in found.headers
