"""The page Views, mode "Train", through AppTest."""

from __future__ import annotations

import pytest

from pages.parts.views.methods import title_of
from selfsup_core.runs.breaking import missing_of, with_break
from selfsup_core.runs.folder import list_states, open_run, read_state, write_state
from selfsup_core.runs.queue import submit
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.spec import make_spec, read_spec
from selfsup_core.wording import inline
from tests.helpers import unfold
from tests.pages.test_pages import buttons, texts


@pytest.fixture
def run(workspace) -> str:
    spec = make_spec(
        preset_spec("views-fashion").as_dict(),
        {"data.source": "digits", "train.epochs": 1, "name": "Mine", "seed": 5},
    )
    workspace.mkdir(parents=True, exist_ok=True)
    return submit(workspace, spec, submission="first", preset="views-fashion").id


def test_a_method_data_and_train(studio, workspace):
    page = studio("pages/views.py", data="digits")
    assert page.segmented_control[0].value == "train"
    main = [
        w for w in [*page.selectbox, *page.number_input, *page.button] if not w.key.startswith("advanced-")
    ]
    assert len([w for w in main if w.key.startswith("views-")]) == 5
    assert all(w.help for w in main if w.key.startswith("views-"))
    method = page.selectbox(key="views-method-views-fashion")
    assert {"SimCLR", "BYOL", "VICReg"} <= set(method.options)
    method.select("vicreg").run()
    variance = page.number_input(key="advanced-views-fashion-vicreg-objective.variance")
    assert variance.value == 25.0
    (epochs,) = [
        one for one in page.number_input if str(one.key).startswith("views-epochs-views-fashion-vicreg")
    ]
    assert epochs.value == 40, "the digits are fewer than the recipe's own data, and give 12 steps per epoch"
    epochs.set_value(2).run()
    buttons(page)["views-train"].click().run()
    assert not page.exception
    (state,) = list_states(workspace)
    assert (state["task"], state["objective"], state["epochs"]) == ("views", "vicreg", 2)
    assert state["name"] == "Digits 8 × 8, VICReg"
    assert page.query_params["run"] == state["run"]
    assert page.query_params["do"] == "train"


def test_each_kind_of_data_has_its_recipe(studio):
    for source, preset in {"wine": "views-table", "spoken-words": "views-sound"}.items():
        page = studio("pages/views.py", data=source)
        assert page.selectbox(key=f"views-preset-{source}").value == preset
        assert not page.error, [e.value for e in page.error]


def test_break_it_repeats_the_run_without_a_safeguard_and_leads_back(studio, workspace, run):
    page = unfold(studio("pages/views.py", run=run))
    assert page.selectbox(key="views-data").value == "digits"  # the form follows the run
    assert "Near and far samples push alike" in texts(page)
    command = next(code.value for code in page.code if "temperature" in code.value)
    assert "--set objective.temperature=1.0" in command
    buttons(page)["break-temperature"].click().run()
    assert not page.exception
    other = page.query_params["run"]
    assert other != run
    made, spec = (read_spec(open_run(workspace, name).spec) for name in (other, run))
    assert made == with_break(spec, "temperature")
    assert made.seed == 5
    assert page.query_params["beside"] == run
    buttons(page)["open-intact"].click().run()
    assert page.query_params["run"] == run
    assert "beside" not in page.query_params
    buttons(page)["open-break-temperature"].click().run()
    assert page.query_params["run"] == other
    assert page.query_params["beside"] == run
    assert len(list(list_states(workspace))) == 2


def test_a_broken_run_is_not_broken_again_and_leads_to_the_intact_one(studio, workspace, run):
    broken = submit(workspace, with_break(read_spec(open_run(workspace, run).spec), "temperature"))
    page = studio("pages/views.py", do="train", run=broken.id)
    assert not [key for key in buttons(page) if key.startswith("break-")]
    assert "train-intact" not in buttons(page), "it is there"
    other = submit(workspace, make_spec(read_spec(broken.spec).as_dict(), {"seed": 6}))
    page = studio("pages/views.py", do="train", run=other.id)
    buttons(page)["train-intact"].click().run()
    assert not page.exception
    made = read_spec(open_run(workspace, page.query_params["run"]).spec)
    assert (made.name, made.seed, made.objective.temperature) == ("Mine", 6, 0.2)
    assert page.query_params["beside"] == other.id


@pytest.mark.parametrize("method", ["simsiam", "vicreg"])
def test_where_no_break_collapses_one_click_shows_a_collapse(method, studio, workspace, run):
    page = studio("pages/views.py", do="train", run=run)
    said = texts(page)
    assert "all samples get the same one (complete collapse)" in said
    assert "SimCLR does not collapse in a short run" in said
    buttons(page)[f"break-{method}"].click().run()
    assert not page.exception
    made, spec = (read_spec(open_run(workspace, name).spec) for name in (page.query_params["run"], run))
    (missing,) = missing_of(made)
    assert missing.expected in ("complete", "either")
    assert made.objective.kind == method
    assert (made.seed, made.data, made.model) == (spec.seed, spec.data, spec.model)
    assert made.objective.augment == spec.objective.augment
    assert made.name == f"Digits 8 × 8, {title_of(made.objective.kind)} · {inline(missing.title)}"
    page = studio("pages/views.py", do="train", run=page.query_params["run"])
    assert "train-intact" in buttons(page), "to compare"


def test_a_run_of_views_opens_here_and_others_elsewhere(studio, run):
    page = studio("pages/autoencoder.py", run=run)
    assert page.title[0].value == "Views"
    assert page.query_params["run"] == run


def test_only_a_run_that_differs_in_one_safeguard_can_stand_beside(studio, workspace, run):
    other = submit(workspace, preset_spec("views-fashion"), submission="other", preset="views-fashion").id
    page = studio("pages/views.py", do="train", run=run, beside=other)
    (error,) = page.error
    assert "Only an intact run and the same run without one safeguard" in error.value
    buttons(page)["beside-go-on"].click().run()
    assert not page.error
    assert page.query_params["run"] == run
    assert "beside" not in page.query_params


def test_before_train_two_views_are_shown_and_how_long_the_last_such_run_took(studio, workspace):
    page = studio("pages/views.py", data="digits")
    said = "It takes about"
    assert said not in texts(page)
    spec = make_spec(preset_spec("views-fashion").as_dict(), {"data.source": "digits", "train.epochs": 2})
    folder = submit(workspace, spec, preset="views-fashion")
    write_state(folder, {**read_state(folder), "epoch": 2, "seconds": 30.0, "status": "stopped"})
    page.run()
    assert f"{said} 10 min" in texts(page), "40 epochs of 15 s"
    assert 'alt="Emoji in a row' in "".join(one.proto.body for one in page.get("html"))


@pytest.mark.parametrize(
    "sets", [["objective.kind=byol"], ["objective.kind=simsiam", "objective.stop_gradient=false"]]
)
def test_the_address_chooses_a_method_with_its_settings(studio, sets):
    page = studio("pages/views.py")
    page.query_params["preset"], page.query_params["data"] = "views-fashion", "digits"
    page.query_params["set"] = sets
    page.run()
    assert not page.exception
    assert not page.error
    kind = sets[0].split("=")[1]
    assert page.selectbox(key="views-method-views-fashion").value == kind
    written = page.query_params["set"]
    assert ([written] if isinstance(written, str) else written) == sets
    if len(sets) == 2:
        switch = next(one for one in page.toggle if str(one.key).endswith("objective.stop_gradient"))
        assert switch.value is False
