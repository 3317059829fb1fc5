"""The page Scenarios, mode Generate, through AppTest."""

from __future__ import annotations

import pytest

from pages.parts.shared import routes
from selfsup_core.inspection.desk import Desk
from selfsup_core.runs.folder import list_states, open_run
from selfsup_core.runs.spec import make_spec, read_spec
from tests.helpers import make_run, run_here
from tests.pages.test_pages import buttons, texts
from tests.tasks.generate_helpers import VAE, quick, tiny

PAGE = "pages/scenarios.py"


@pytest.fixture
def run(workspace, monkeypatch) -> str:
    """A finished run, and an answer to questions from this process."""
    workspace.mkdir(parents=True, exist_ok=True)
    with quick():
        folder = make_run(workspace, tiny())
        assert run_here(folder)["status"] == "finished"
    desk = Desk(workspace)
    monkeypatch.setattr(routes, "lab", lambda: desk)
    return folder.id


def test_data_a_recipe_a_method_and_train(studio, workspace):
    page = studio(PAGE, do="generate", data="digits")
    main = [
        w for w in [*page.selectbox, *page.number_input, *page.button] if not w.key.startswith("advanced-")
    ]
    assert len([w for w in main if w.key.startswith("generate-")]) == 5
    assert all(w.help for w in main if w.key.startswith("generate-"))
    assert "leads pure noise to an image" in texts(page)
    method = page.selectbox(key="generate-method-generate-fashion")
    assert method.options == ["DDPM", "Flow matching"]
    method.select("ddpm").run()
    steps = page.number_input(key="advanced-generate-fashion-ddpm-objective.levels")
    assert steps.value == 1000
    page.number_input(key="generate-epochs-generate-fashion-ddpm").set_value(2).run()
    buttons(page)["generate-train"].click().run()
    assert not page.exception
    (state,) = list_states(workspace)
    assert (state["task"], state["objective"], state["epochs"]) == ("generate", "ddpm", 2)
    assert state["name"] == "Digits 8 × 8, DDPM"
    assert read_spec(open_run(workspace, state["run"]).spec).data.source == "digits"
    assert (page.query_params["run"], page.query_params["do"]) == (state["run"], "generate")


def test_only_images_are_offered_and_each_data_set_has_its_recipe(studio):
    page = studio(PAGE, do="generate", data="emoji")
    assert page.selectbox(key="generate-preset-emoji").value == "generate-emoji"
    assert "Wine" not in page.selectbox(key="generate-data").options
    refused = studio(PAGE, do="generate", data="wine")
    assert "Generators learn from images" in " ".join(error.value for error in refused.error)


def test_another_image_is_drawn_and_the_next_click_takes_the_next_seed(studio, run):
    page = studio(PAGE, do="generate", run=run)
    assert not page.error, [error.value for error in page.error]
    assert "**Images it draws**" in texts(page), "where the live view is not there"
    page.selectbox(key="generate-class-digits").select("3").run()
    buttons(page)["generate-draw"].click().run()
    assert not page.exception
    assert "Weights of epoch 2, seed 1, 3." in texts(page)
    buttons(page)["generate-draw"].click().run()
    assert "seed 2, 3." in texts(page)
    page.number_input(key="generate-seed").set_value(9).run()
    page.number_input(key="generate-count").set_value(2).run()
    assert "seed 9, 3." in texts(page)
    early = studio(PAGE, do="generate", run=run, epoch="0")
    buttons(early)["generate-draw"].click().run()
    assert "Weights of epoch 0, seed 1" in texts(early)


def test_autoencoders_are_compared_or_the_command_that_trains_one_is_named(studio, workspace, run):
    page = studio(PAGE, do="generate", run=run)
    page.session_state["generate-beside-open"] = True
    page.run()
    assert not page.error, [error.value for error in page.error]
    commands = [code.value for code in page.code]
    for preset in ("vae", "vq"):
        assert any(f"train {preset} --set data.source=digits" in command for command in commands)
    assert run_here(make_run(workspace, make_spec(VAE)))["status"] == "finished"
    later = studio(PAGE, do="generate", run=run)
    later.session_state["generate-beside-open"] = True
    later.run()
    assert "VAE: A VAE" in texts(later)
    assert not any("train vae" in code.value for code in later.code)


def test_a_run_of_another_task_opens_on_its_own_page(studio, workspace):
    workspace.mkdir(parents=True, exist_ok=True)
    vae = make_run(workspace, make_spec(VAE))
    page = studio(PAGE, do="generate", run=vae.id)
    assert any("Autoencoder" in title.value for title in page.title)


def test_a_recipe_in_a_code_offers_finished_autoencoders_of_the_data(studio, workspace):
    workspace.mkdir(parents=True, exist_ok=True)
    vae = make_run(workspace, make_spec(VAE))
    assert run_here(vae)["status"] == "finished"
    waiting = make_run(workspace, make_spec(VAE))
    page = studio(PAGE, do="generate", data="digits", preset="generate-emoji")
    assert "trained in the first 20 epochs" in texts(page)
    (code,) = [one for one in page.selectbox if "data.code_of" in str(one.key)]
    assert code.options == ["None: its own, trained first", f"A VAE ({vae.id})"]
    assert waiting.id not in " ".join(code.options)
    code.select(vae.id).run()
    assert f"a code of the run {vae.id}" in texts(page)
    buttons(page)["generate-train"].click().run()
    assert not page.exception
    state = next(one for one in list_states(workspace) if one["task"] == "generate")
    assert read_spec(open_run(workspace, state["run"]).spec).data.code_of == vae.id
    pixels = studio(PAGE, do="generate", data="digits", preset="generate-fashion")
    assert not [one for one in pixels.selectbox if "data.code_of" in str(one.key)]
