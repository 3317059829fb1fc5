"""The page Latent space through AppTest, with the spaces in this process: controls, answers, acting, what
goes wrong.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pages.parts.shared import routes
from pages.parts.space import map as space_map
from pages.parts.space import routes as routes_space
from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.desk import Desk
from selfsup_core.inspection.space.layouts import read_map
from selfsup_core.inspection.space.selections import list_selections, pack_rows, save_selection
from selfsup_core.inspection.subject import Subject
from selfsup_core.runs.recipes import preset_spec
from tests.helpers import make_run, run_here
from tests.pages.test_pages import buttons, texts


class Here:
    """Answers as the process for maps does, without it."""

    def __init__(self, workspace: Path) -> None:
        self.desk = Desk(workspace)

    def ask(self, subject: Subject, tool: str, values: dict[str, Any]) -> Answer:
        if tool == "start":
            values = values | {"wait": True}
        return self.desk.ask(subject, tool, values)


@pytest.fixture
def latent(studio, workspace: Path, monkeypatch):
    here = Here(workspace)
    monkeypatch.setattr(routes_space, "client", lambda: here)
    monkeypatch.setattr("selfsup_core.inspection.client.warm", lambda *_: None)
    return lambda **query: studio("pages/latent.py", **query)


def select(page: Any, places: np.ndarray) -> None:
    """As a lasso does in the browser."""
    key = page.session_state["space-key"]
    rows = np.arange(1797)[places]
    page.session_state["space-selection"] = {"key": key, "bits": pack_rows(places), "rows": rows}
    page.run()


def test_at_most_eight_controls_and_each_is_explained(latent):
    page = latent(space="data:digits", map="pca")
    shown = [
        w
        for w in [*page.selectbox, *page.text_input, *page.number_input, *page.button, *page.select_slider]
        if not str(w.key).startswith("advanced-")
    ]
    assert len(shown) <= 8, [w.key for w in shown]
    assert all(w.help for w in shown), [w.key for w in shown if not w.help]
    assert "1,797 points of 64 numbers each" in texts(page)
    assert "Select points" in texts(page)
    assert "PCA shows the directions in which they vary most" in texts(page)


def test_a_selection_is_explained_kept_and_told_to_the_data(latent, workspace: Path):
    page = latent(space="data:digits")
    select(page, np.arange(40))
    assert "40 of 1,797 points" in texts(page)
    assert "Most typical" in texts(page)
    page.session_state["space-panel"] = "act"
    page.run()
    page.text_input(key="space-name-it").set_value("../no").run()
    buttons(page)["space-keep"].click().run()
    assert page.error
    assert "space-make-csv" in buttons(page)  # a refused name takes nothing away
    page.text_input(key="space-name-it").set_value("first ones").run()
    buttons(page)["space-keep"].click().run()
    assert list_selections(workspace, "digits") == {"first ones": 40}
    assert page.query_params["pick"] == "first ones"
    buttons(page)["space-make-csv"].click().run()
    page.session_state["space-panel"] = "edit"
    page.run()
    buttons(page)["space-act-hand"].click().run()
    assert "No label is chosen" in page.error[0].value
    page.selectbox(key="space-label-digits").select("3").run()
    buttons(page)["space-act-hand"].click().run()
    assert "40 hand labels saved" in page.success[0].value
    assert not page.exception


@pytest.mark.parametrize("panel", ["why", "point", "search", "groups", "trust", "compare", "edit", "act"])
@pytest.mark.parametrize("space", ["data:digits", "data:wine"])
def test_every_panel_answers_with_and_without_a_selection(latent, space, panel):
    page = latent(space=space, map="pca")
    page.session_state["space-panel"] = panel
    page.run()
    assert not page.exception
    select(page, np.arange(12))
    assert not page.exception
    assert not page.error, [e.value for e in page.error]


def test_a_search_selects_what_it_finds(latent):
    page = latent(space="data:wine")
    page.session_state["space-panel"] = "search"
    page.run()
    page.segmented_control(key="space-way").set_value("label").run()
    page.text_input(key="space-text-label").set_value("class_2").run()
    assert "48 found" in texts(page)
    assert len(page.session_state["space-selection"]["rows"]) == 48
    page.text_input(key="space-text-label").set_value("beer").run()
    assert "Nothing on this map" in page.error[0].value


def test_groups_are_found_and_compared(latent):
    page = latent(space="data:wine", map="umap")
    page.session_state["space-panel"] = "groups"
    page.run()
    buttons(page)["space-groups-go"].click().run()
    assert "groups" in texts(page)
    assert "adjusted Rand index" in texts(page)
    assert page.session_state["space-wish"]["by"] == "cluster"


def test_a_run_at_an_epoch_of_the_address(latent, workspace: Path):
    changed = {"data.source": "digits", "train.epochs": 3, "train.device": "cpu", "train.threads": 1}
    folder = make_run(workspace, preset_spec("dense-two-numbers", changed))
    run_here(folder)
    page = latent(space=f"run:{folder.id}", epoch="1", map="code")
    about = read_map(workspace, page.session_state["space-key"])
    assert about["epochs"] == [1]
    assert about["config"]["kind"] == "code"
    assert about["config"]["dimensions"] == 2
    # A selection goes along to another map of the same data.
    select(page, np.arange(9))
    page.selectbox(key="space-kind").select("pca").run()
    assert len(page.session_state["space-selection"]["rows"]) == 9


def test_a_kept_selection_is_an_address(latent, workspace: Path):
    save_selection(workspace, "wine", "reds", np.arange(5, 20))
    page = latent(space="data:wine", pick="reds")
    assert "15 of 178 points" in texts(page)
    page = latent(space="data:wine", pick="nobody")
    assert "no selection 'nobody'" in page.error[0].value.replace("\\", "")


@pytest.fixture
def run_of_digits(workspace: Path) -> str:
    changed = {"data.source": "digits", "train.epochs": 2, "train.device": "cpu", "train.threads": 1}
    folder = make_run(workspace, preset_spec("dense-two-numbers", changed))
    run_here(folder)
    return folder.id


def test_panel_and_color_stand_in_the_address(latent):
    page = latent(space="data:wine", map="pca", panel="search", color="proline")
    assert page.pills(key="space-panel").value == "search"
    assert page.selectbox(key="advanced-space-by").value == "proline"
    page.pills(key="space-panel").set_value("groups").run()
    page.selectbox(key="advanced-space-by").select("hue").run()
    assert (page.query_params["panel"], page.query_params["color"]) == ("groups", "hue")
    page.pills(key="space-panel").set_value("why").run()
    assert "panel" not in page.query_params


def test_a_panel_and_a_color_that_are_not_there_are_refused(latent):
    page = latent(space="data:wine", map="pca", panel="oracle", color="taste")
    for _ in range(2):
        assert "There is no panel 'oracle'" in texts(page)
        assert "This map cannot be colored by 'taste'. It can by class" in texts(page)
        assert page.pills(key="space-panel").value is None
        assert not page.get("plotly_chart")
        page.run()
    page.pills(key="space-panel").set_value("trust").run()
    buttons(page)["advanced-space-by-go-on"].click().run()
    assert not page.error
    assert page.query_params["panel"] == "trust"


def test_settings_of_a_map_stand_in_the_address(latent):
    def seed(page: Any) -> Any:
        return next(one for one in page.number_input if one.label == "Seed")

    page = latent(space="data:wine", map="random", set="seed=5")
    assert seed(page).value == 5
    seed(page).set_value(7).run()
    assert page.query_params["set"] == "seed=7"
    page.query_params["set"] = ["seed=5"]
    page.run()
    assert seed(page).value == 5
    del page.query_params["set"]
    page.run()
    assert seed(page).value == 0
    assert "set" not in page.query_params


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("pca", "neighbors=5", "PCA has no setting 'neighbors'"),
        ("umap", "neighbors=1", "neighbors"),
        ("umap", "neighbors", "is not an assignment"),
    ],
)
def test_settings_that_a_map_cannot_have_are_refused(latent, kind, text, said):
    page = latent(space="data:wine", map=kind, set=text)
    assert not page.exception
    assert said in page.error[0].value.replace("\\", "")
    next(one for one in page.button if one.key == "set-go-on").click().run()
    assert not page.error


def test_playing_all_epochs_stands_in_the_address(latent, workspace: Path, run_of_digits: str):
    page = latent(space=f"run:{run_of_digits}", map="pca", play="all")
    toggle = f"space-replay-run:{run_of_digits}"
    assert page.toggle(key=toggle).value
    assert read_map(workspace, page.session_state["space-key"])["epochs"] == [0, 1, 2]
    page.toggle(key=toggle).set_value(False).run()
    assert "play" not in page.query_params
    page.toggle(key=toggle).set_value(True).run()
    assert page.query_params["play"] == "all"
    page.selectbox(key="space-name").select("data:digits").run()
    assert not page.error
    assert "play" not in page.query_params
    for wrong, said in (("backwards", "Known: all."), ("all", "has no epochs to play")):
        page = latent(space="data:digits", map="pca", play=wrong)
        assert said in page.error[0].value.replace("\\", "")
        buttons(page)["play-go-on"].click().run()
        assert not page.error


class Shown(dict):
    """What the map in the browser answers: nothing yet."""

    def __getattr__(self, name: str) -> None:
        return None


def test_the_second_map_stands_in_the_address(latent, run_of_digits: str, monkeypatch):
    drawn: list[list[str]] = []

    def draw(*, data: dict[str, Any], **_: Any) -> Shown:
        drawn.append([pane["title"] for pane in data["panes"]])
        return Shown()

    monkeypatch.setattr("pages.parts.space.map.space_component", draw)
    monkeypatch.setattr(routes, "is_mounted", True)
    beside = {"second": f"run:{run_of_digits}", "second-map": "code", "second-epoch": "1"}
    page = latent(space="data:digits", map="pca", panel="compare", **beside)
    assert "cannot be 'code'" in page.error[0].value
    assert len(drawn[-1]) == 1
    page = latent(space="data:digits", map="pca", panel="compare", **beside | {"second-map": "pca"})
    assert not page.error
    assert drawn[-1][1].endswith(", epoch 1")
    buttons(page)["space-beside-close"].click().run()
    assert not [name for name in page.query_params if name.startswith("second")]
    assert len(drawn[-1]) == 1
    buttons(page)["space-beside"].click().run()
    assert (page.query_params["second"], page.query_params["second-map"]) == (beside["second"], "pca")
    for wrong, said in (
        ({"second": "data:nope"}, "There is no space 'data:nope' with the rows of this map"),
        (beside | {"second-map": "pca", "second-epoch": "9"}, "has no epoch '9'. There are epochs 0 to 2."),
        ({"second": "data:digits", "second-map": "pca"}, "This map is already shown"),
    ):
        page = latent(space="data:digits", map="pca", **wrong)
        assert said in page.error[0].value.replace("\\", "")
        buttons(page)["second-go-on"].click().run()
        assert not page.error


def test_own_axes_ask_for_two_ends(latent, workspace: Path):
    page = latent(space="data:wine", map="axes")
    about = read_map(workspace, page.session_state["space-key"])
    assert about["config"]["x_from"] == "class:class_0"
    assert about["config"]["x_to"] == "class:class_1"


def test_what_cannot_be_drawn_is_said(latent):
    page = latent(space="data:wine", map="code")
    assert "cannot show 13" in page.error[0].value
    assert not page.exception


def test_an_address_of_rubbish_is_answered(latent):
    page = latent(space="data:../etc", map="bogus", epoch="abc", pick="../x", renderer="?")
    assert not page.exception
    assert "There is no space" in page.error[0].value
    assert page.selectbox(key="space-name").value is None, "nothing takes its place"
    page = latent(space="data:digits", map="bogus", epoch="abc", pick="../x", renderer="?")
    assert "There is no map 'bogus'. Known: pca" in page.error[0].value
    assert page.selectbox(key="space-kind").value is None
    page.selectbox(key="space-kind").select("pca").run()
    for said, way in (
        ("has no epoch 'abc'. There is no epoch yet.", "epoch-go-on"),
        ("The address asks for renderer '?'. Known: canvas, webgl.", "renderer-go-on"),
        ("There is no selection", "pick-go-on"),
    ):
        for _ in range(2):  # it is said for as long as the address asks for it
            assert said in page.error[0].value.replace("\\", "")
            page.run()
        buttons(page)[way].click().run()
    assert not page.error
    assert dict(page.query_params) == {"space": "data:digits", "map": "pca"}


def test_a_choice_by_hand_is_kept_and_stands_in_the_address(latent, workspace: Path):
    page = latent(space="data:digits", map="pca")
    page.selectbox(key="space-name").select("data:wine").run()
    assert page.query_params["space"] == page.selectbox(key="space-name").value == "data:wine"
    page = latent()
    page.selectbox(key="space-name").select("data:wine").run()
    assert page.selectbox(key="space-name").value == "data:wine"
    page.selectbox(key="space-kind").select("tsne").run()
    assert page.query_params["map"] == "tsne"


def test_an_epoch_belongs_to_its_run(latent, workspace: Path):
    run = make_run(workspace)
    run_here(run)
    page = latent(space=f"run:{run.id}", map="pca", epoch="2")
    page.selectbox(key="space-name").select("data:wine").run()
    assert not page.error
    page = latent(space=f"run:{run.id}", map="pca", epoch="7")
    assert "has no epoch '7'. There are epochs" in page.error[0].value


def test_who_asks_for_nothing_sees_emoji(latent):
    page = latent()
    assert page.selectbox(key="space-name").value == "data:emoji"
    assert "1,906 points" in texts(page)


class Browser:
    """The map in the browser: draws it, and says so after a moment when another one is to follow."""

    def __init__(self) -> None:
        self.drawn: list[dict[str, Any]] = []

    def __call__(self, *, data: dict[str, Any], **_: Any) -> SimpleNamespace:
        self.drawn.append(data)
        ended = "shown" if data["flows"] else None
        return SimpleNamespace(selection=None, point=None, by=None, frame=None, failed=None, ended=ended)


@pytest.mark.parametrize(
    ("query", "most", "kinds"),
    [
        ({}, 2000, ["pca", "umap"]),
        ({"map": "pca"}, 2000, ["pca"]),  # what is asked for stays
        ({}, 100, ["pca"]),  # it would take too long
    ],
)
def test_pca_flows_into_umap_by_itself_for_who_asks_for_no_map(latent, monkeypatch, query, most, kinds):
    browser, begun, real = Browser(), [], Here.ask

    def begin(self, subject, tool, values):
        if tool == "start":
            begun.append(values["config"]["kind"])
            values = values | {"config": {"kind": "pca"}}  # UMAP itself is not what is asked here
        return real(self, subject, tool, values)

    monkeypatch.setattr(Here, "ask", begin)
    monkeypatch.setattr(space_map, "space_component", browser)
    monkeypatch.setattr(space_map, "MOST_FLOWING", most)
    monkeypatch.setattr(routes, "is_mounted", True)
    page = latent(space="data:wine", **query)
    page.run()
    assert list(dict.fromkeys(begun)) == kinds
    assert page.selectbox(key="space-kind").value == kinds[-1]
    assert page.query_params["map"] in (kinds[-1], [kinds[-1]])
    assert not browser.drawn[-1]["flows"], "once"
    follows = browser.drawn[-1]["panes"][0]["follows"]
    assert follows == ("UMAP" if kinds[-1] == "umap" else ""), "it waits while someone reads the first"
    page.selectbox(key="space-kind").select("pca").run()
    assert page.selectbox(key="space-kind").value == "pca", "chosen by hand, it stays"


def test_a_slow_answer_is_waited_for_and_one_that_was_given_up_is_not_asked_again(latent, monkeypatch):
    page = latent(space="data:digits")
    here, fetches, begun = routes_space.client(), [], []
    real = Here.ask

    def slowly(self, subject, tool, values):
        if tool == "begin":
            begun.append(values["tool"])
        if tool == "fetch":
            fetches.append(values["work"])
            if len(fetches) < 3:
                return Answer(about={"working": 1.5})
        return real(self, subject, tool, values)

    monkeypatch.setattr(Here, "ask", slowly)
    page.session_state["space-panel"] = "trust"
    page.run()
    assert not page.exception
    assert "Trustworthiness" in [metric.label for metric in page.metric]
    assert len(fetches) >= 3
    assert not here.desk.spaces.works
    asked = {"key": page.session_state["space-key"], "epoch": None}
    page.session_state["space-trust"] = None
    page.session_state["space-given-up"] = json.dumps(["data:digits", "trust", asked], sort_keys=True)
    count = begun.count("trust")
    page.run()
    assert "This was cancelled" in texts(page)
    assert begun.count("trust") == count
    buttons(page)["space-again-trust"].click().run()
    assert "Trustworthiness" in [metric.label for metric in page.metric]
