"""Next steps that a run offers at its end lead to pages that show that run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pages.parts.shared import live, routes
from selfsup_core.data.dataset import Dataset, save_dataset
from selfsup_core.data.texts import Texts
from selfsup_core.runs.recipes import preset_spec
from tests.helpers import make_run, run_here
from tests.tasks.classify_helpers import head_spec
from tests.tasks.test_language_runs import SMALL, TEXT


class Clicked(dict[str, Any]):
    """What the live view answers after a click."""

    def __getattr__(self, name: str) -> Any:
        return self.get(name)


@pytest.fixture
def click(studio, monkeypatch):
    monkeypatch.setattr(routes, "is_mounted", True)

    def click(page: str, step: str, **query: str) -> Any:
        answers = [Clicked(next=step)]
        monkeypatch.setattr(live, "stage", lambda **_: answers.pop() if answers else Clicked())
        return studio(page, **query)

    return click


def test_of_a_classifier(click, workspace: Path):
    run = make_run(workspace, head_spec(train__epochs=1))
    run_here(run)
    app = click("pages/classify.py", "use", do="train", run=run.id)
    assert app.segmented_control(key="classify-mode").value == "use"
    assert app.selectbox(key="use-run").value == run.id


def test_of_a_language_model(click, workspace: Path, monkeypatch):
    monkeypatch.setattr(routes, "lab", lambda: None)
    monkeypatch.setattr("pages.parts.language.inside.load_all", lambda names: None)
    details = {"rows": 1, "shape": [], "is_running": True}
    cats = Dataset(id="my-text", kind="text", title="Cats", x=Texts.pack([TEXT]), details=details)
    save_dataset(cats, workspace / "datasets" / "my-text")
    run = make_run(workspace, preset_spec("gpt-characters", SMALL | {"train.epochs": 2}))
    run_here(run)
    address = {"do": "inside", "model": f"run:{run.id}"}
    app = click("pages/language.py", "inside", do="train", run=run.id)
    assert dict(app.query_params) == address
    app = click("pages/language.py", "compare", do="train", run=run.id)
    assert dict(app.query_params) == address | {"other": f"run:{run.id}", "other-epoch": "0"}
    assert [slider.value for slider in app.select_slider] == [2, 0]


def test_of_an_autoencoder(click, workspace: Path):
    run = make_run(workspace)
    run_here(run)
    app = click("pages/autoencoder.py", "latent", run=run.id)
    assert app.title[0].value == "Latent space"
    assert app.query_params["space"] == f"run:{run.id}"


def test_of_views_the_lab_opens_with_the_run_s_augmentation(click, workspace: Path, monkeypatch):
    monkeypatch.setattr("pages.parts.views.lab.warm", lambda *_: None)
    monkeypatch.setattr("pages.parts.views.lab.show_views", lambda *_: None)
    spec = preset_spec("views-fashion", {"data.source": "digits", "train.epochs": 1})
    run = make_run(workspace, spec)
    app = click("pages/views.py", "lab", do="train", run=run.id)
    assert app.segmented_control(key="views-mode").value == "lab"
    assert app.query_params["data"] == "digits"
    assert app.slider(key="lab-image-crop").value == spec.objective.augment.crop
    assert app.slider(key="lab-image-color").value == spec.objective.augment.color
