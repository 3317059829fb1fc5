"""Settings of a new run in the address: shown by the form, kept by a reload, or refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfsup_core.pseudo.hand import add_hand_label
from selfsup_core.runs.folder import list_states
from selfsup_core.runs.queue import submit
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.spec import parse_assignments, read_spec
from tests.helpers import unfold
from tests.pages.test_pages import buttons, texts

TABLE = "advanced-dense-table"


def sets(app) -> list[str]:
    said = app.query_params.get("set", [])
    return sorted([said] if isinstance(said, str) else said)


def opened_again(studio, page: str, app):
    """The same address in another browser."""
    return studio(page, **app.query_params)


def test_a_click_that_overtakes_the_new_address_keeps_what_was_set(studio):
    """The run that a click starts may begin with the old address before the run before it has ended."""
    app = studio("pages/autoencoder.py", data="wine")
    before = {"data": ["wine"]}
    app.number_input(key="epochs-dense-table").set_value(7).run()
    written = dict(app.query_params)
    assert sets(app) == ["train.epochs=7"]
    app.session_state["address-last"] = ("autoencoder", before)
    app.session_state["address-replaced"] = []
    app.query_params.clear()
    app.query_params["data"] = "wine"
    app.run()
    assert app.number_input(key="epochs-dense-table").value == 7
    assert dict(app.query_params) == written


def test_what_an_address_has_no_room_for_is_said(studio, monkeypatch):
    monkeypatch.setattr("pages.parts.shared.asked.MOST_WRITTEN", 16)
    app = studio("pages/autoencoder.py")
    app.selectbox(key="network").select("dense-table").run()
    app.number_input(key="epochs-dense-table").set_value(7).run()
    assert "Too long for the address" not in texts(app)
    app.text_input(key=f"{TABLE}-model.widths").set_value("8, 2").run()
    assert sets(app) == ["train.epochs=7"]
    assert "Too long for the address, so a link does not keep it: Layer widths" in texts(app)
    assert "model.widths=[8,2]" in app.code[0].value


def test_what_was_changed_is_there_after_a_reload_and_trains(studio, workspace: Path):
    app = studio("pages/autoencoder.py")
    app.selectbox(key="network").select("dense-table").run()
    app.number_input(key="epochs-dense-table").set_value(7).run()
    app.number_input(key=f"{TABLE}-train.learning_rate").set_value(0.0123456789).run()
    app.text_input(key=f"{TABLE}-model.widths").set_value("8, 2").run()
    app.selectbox(key="loss-dense-table").select("mse").run()
    wanted = [
        "model.widths=[8,2]",
        "objective.loss=mse",
        "train.epochs=7",
        "train.learning_rate=0.0123456789",
    ]
    assert sets(app) == wanted
    assert app.query_params["preset"] == "dense-table"
    again = opened_again(studio, "pages/autoencoder.py", app)
    for _ in range(2):
        assert again.selectbox(key="network").value == "dense-table"
        assert again.number_input(key="epochs-dense-table").value == 7
        assert again.number_input(key=f"{TABLE}-train.learning_rate").value == 0.0123456789
        assert again.text_input(key=f"{TABLE}-model.widths").value == "8, 2"
        assert again.selectbox(key="loss-dense-table").value == "mse"
        assert sets(again) == wanted
        again.run()
    assert "--set train.epochs=7" in again.code[0].value
    buttons(again)["train"].click().run()
    (state,) = list_states(workspace)
    made = read_spec(workspace / "runs" / state["run"] / "spec.yaml")
    shell = preset_spec("dense-table", parse_assignments([*wanted, "train.epochs_per_second=5"]))
    assert made.digest() == shell.digest(), "the command line trains the same"
    assert "set" not in again.query_params


def test_a_setting_that_is_reset_and_another_preset_leave_the_address(studio):
    app = studio("pages/autoencoder.py", preset="denoising", set=["train.epochs=5", "objective.amount=.3"])
    assert app.number_input(key="advanced-denoising-objective.amount").value == 0.3
    assert "objective.amount=.3" in sets(app), "an address that is shown is left as it is"
    app.number_input(key="advanced-denoising-objective.amount").set_value(0.5).run()
    assert sets(app) == ["train.epochs=5"]
    app.selectbox(key="network").select("dense-table").run()
    assert sets(app) == []
    assert app.query_params["preset"] == "dense-table"
    assert app.number_input(key="epochs-dense-table").value == 150
    app.number_input(key="epochs-dense-table").set_value(9).run()
    buttons(app)["advanced-reset"].click().run()
    assert app.number_input(key="epochs-dense-table").value == 150
    assert sets(app) == []


def test_back_and_forward_show_what_the_address_says(studio, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pages.parts.shared.address.STALE_SECONDS", 0.0)
    app = studio("pages/autoencoder.py", preset="dense-table")
    app.number_input(key="epochs-dense-table").set_value(7).run()
    later = dict(app.query_params)
    app.query_params.pop("set")
    app.run()
    assert app.number_input(key="epochs-dense-table").value == 150
    assert sets(app) == []
    app.query_params.update(later)
    app.run()
    assert app.number_input(key="epochs-dense-table").value == 7


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("train.epoch=5", "There is no setting 'train.epoch'. Did you mean train.epochs?"),
        ("train.epochs=0", "train.epochs must be at least 1 and at most 100000; found 0."),
        ("train.beta2=0.9", "There is no control for train.beta2 here."),
        ("data.vocabulary=60", "There is no control for data.vocabulary here."),
    ],
)
def test_a_setting_that_cannot_be_shown_is_refused_and_nothing_is_trained(studio, asked: str, said: str):
    app = studio("pages/autoencoder.py", preset="dense-table", set=[asked, "seed=3"])
    for _ in range(2):
        assert f"The address asks for '{asked}'. {said}" in texts(app).replace("\\", "")
        assert "train" not in buttons(app)
        assert sets(app) == sorted([asked, "seed=3"])
        app.run()
    buttons(app)["set-go-on"].click().run()
    assert not app.error
    assert sets(app) == ["seed=3"]
    assert app.number_input(key=f"{TABLE}-seed").value == 3


@pytest.mark.parametrize(
    ("page", "more", "key"),
    [
        ("autoencoder", {}, "network"),
        ("classify", {"do": "train"}, "classify-preset-image"),
        ("language", {"do": "train"}, "lm-preset"),
    ],
)
def test_a_preset_that_is_not_there_is_refused(studio, page: str, more: dict[str, str], key: str):
    app = studio(f"pages/{page}.py", preset="nope", **more)
    for _ in range(2):
        assert "There is no preset 'nope' here. Known: " in texts(app)
        assert app.selectbox(key=key).value is None
        assert app.query_params["preset"] == "nope"
        app.run()
    buttons(app)[f"{key}-go-on"].click().run()
    assert not app.error
    assert app.query_params["preset"] == app.selectbox(key=key).value


def test_pseudo_labels_stand_in_the_address(studio, workspace: Path):
    add_hand_label(workspace, "wine", 3, 0)
    app = studio("pages/classify.py", do="pseudo", data="wine")
    assert "set" not in app.query_params
    app.selectbox(key="answer-pseudo-table-objective.prior").select("even").run()
    app.selectbox(key="pseudo-who-pseudo-table-even").select("rules").run()
    app.text_area(key="pseudo-rules-pseudo-table-even").set_value("class_0: proline > 900\nclass_1: x").run()
    app.toggle(key="advanced-pseudo-pseudo-table-even-objective.careless").set_value(True).run()
    app.toggle(key="pseudo-hand-wine").set_value(False).run()
    assert sets(app) == [
        "objective.careless=true",
        "objective.hand=[]",
        "objective.prior=even",
        "objective.proposers=[rules]",
        'objective.rules="class_0: proline > 900\\nclass_1: x"',
    ]
    again = opened_again(studio, "pages/classify.py", app)
    assert not again.error
    assert again.selectbox(key="pseudo-who-pseudo-table-even").value == "rules"
    assert again.text_area(key="pseudo-rules-pseudo-table-even").value.endswith("900\nclass_1: x")
    assert again.toggle(key="pseudo-hand-wine").value is False
    assert sets(again) == sets(app)
    again.segmented_control[0].set_value("train").run()
    assert not again.error
    assert not {"preset", "set"} & set(again.query_params), "settings of one mode are not those of another"


def test_a_proposer_that_the_data_cannot_have_is_refused(studio):
    app = studio("pages/classify.py", do="pseudo", preset="pseudo-table", set="objective.proposers=[names]")
    assert "objective.proposers must be one of [twin,neighbors]" in texts(app).replace("\\", "")
    assert app.selectbox(key="pseudo-data").value == "wine", "the data set of the preset"


def test_the_size_of_a_language_model_stands_in_the_address(studio):
    app = studio("pages/language.py", do="train")
    app.selectbox(key="lm-size").select("tiny").run()
    app.text_input(key="lm-prompt").set_value("To be: or").run()
    app.number_input(key="advanced-gpt-characters-tiny-model.layers").set_value(3).run()
    assert "model.layers=3" in sets(app)
    assert "frames.prompt='To be: or'" in sets(app)
    again = opened_again(studio, "pages/language.py", app)
    assert again.selectbox(key="lm-size").value == "tiny"
    assert again.number_input(key="advanced-gpt-characters-tiny-model.layers").value == 3
    assert again.text_input(key="lm-prompt").value == "To be: or"
    assert sets(again) == sets(app)


def test_the_form_above_a_run_begins_with_its_settings_and_keeps_what_is_changed(studio, workspace: Path):
    changed = {"train.epochs": 9, "train.batch_size": 8, "objective.loss": "mse"}
    run = submit(workspace, preset_spec("dense-table", changed), preset="dense-table").id
    app = unfold(studio("pages/autoencoder.py", run=run))
    assert app.number_input(key=f"{TABLE}-train.batch_size").value == 8
    assert "set" not in app.query_params
    app.number_input(key="epochs-dense-table").set_value(4).run()
    again = opened_again(studio, "pages/autoencoder.py", app)
    assert again.query_params["run"] == run
    assert again.number_input(key="epochs-dense-table").value == 4
    assert again.number_input(key=f"{TABLE}-train.batch_size").value == 8
    assert again.selectbox(key="loss-dense-table").value == "mse"


def test_the_form_above_a_run_is_made_when_it_is_opened_and_stays(studio, workspace: Path):
    run = submit(workspace, preset_spec("dense-table"), preset="dense-table").id
    app = studio("pages/autoencoder.py", run=run)
    assert not app.number_input
    assert "train" not in buttons(app)
    app = unfold(app)
    app.number_input(key="epochs-dense-table").set_value(4).run()
    app.session_state[f"new-run-{run}"] = False
    app.run()
    assert app.number_input(key="epochs-dense-table").value == 4  # folded again: nothing typed is lost
    other = submit(workspace, preset_spec("dense-table"), submission="other", preset="dense-table").id
    app = studio("pages/autoencoder.py", run=other)
    assert not app.number_input
    asked = studio("pages/autoencoder.py", run=other, preset="dense-table", set="train.epochs=6")
    assert asked.number_input(key="epochs-dense-table").value == 6  # a link that asks for settings
