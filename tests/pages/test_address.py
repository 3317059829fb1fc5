"""What an address asks for is shown or refused in words, and never replaced by something else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from selfsup_core.data.dataset import Dataset, save_dataset
from selfsup_core.runs.control import receive
from selfsup_core.runs.folder import update_state
from selfsup_core.runs.queue import submit
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.spec import make_spec
from selfsup_core.runs.thinned import frame_path
from tests.helpers import make_run, run_here, tiny_spec, unfold
from tests.pages.test_pages import buttons, texts
from tests.tasks.classify_helpers import head_spec


def make_one_class(workspace: Path) -> str:
    save_dataset(
        Dataset(
            id="my-one",
            kind="table",
            title="One class",
            x=np.zeros((40, 2), np.float32),
            y=np.zeros(40, np.int32),
            classes=("only",),
            columns=("a", "b"),
            details={"rows": 40, "shape": [2]},
        ),
        workspace / "datasets" / "my-one",
    )
    return "my-one"


@pytest.mark.parametrize(
    ("page", "key", "more"),
    [
        ("pages/classify.py", "pseudo-data", {"do": "pseudo"}),
        ("pages/classify.py", "classify-data", {"do": "train"}),
        ("pages/autoencoder.py", "data-dense-64-32-16", {}),
        ("pages/data.py", "data-choice", {}),
    ],
)
def test_data_that_are_not_there_are_refused(studio, page, key, more):
    app = studio(page, data="nope", **more)
    for _ in range(2):
        assert app.selectbox(key=key).value is None
        assert "There is no data set 'nope'" in texts(app)
        assert app.query_params["data"] == "nope"
        app.run()
    app.selectbox(key=key).select("wine").run()
    assert not app.error
    assert app.query_params["data"] == "wine"


@pytest.mark.parametrize("mode", ["pseudo", "train"])
def test_a_set_of_one_class_is_refused_with_the_reason(studio, workspace: Path, mode):
    app = studio("pages/classify.py", do=mode, data=make_one_class(workspace))
    assert "One class cannot be used here. A classifier needs labels for at least two classes." in texts(app)
    key = "pseudo-data" if mode == "pseudo" else "classify-data"
    assert app.selectbox(key=key).value is None


def test_a_classifier_that_is_not_there_is_refused(studio, workspace: Path):
    there = make_run(workspace, head_spec(train__epochs=1))
    run_here(there)
    waiting = make_run(workspace, head_spec(train__epochs=1))
    other = make_run(workspace)
    for run, words in (
        ("zzz", "may have been deleted"),
        (waiting.id, "has no trained weights yet"),
        (other.id, "is not a classifier"),
    ):
        app = studio("pages/classify.py", do="use", run=run)
        assert words in texts(app)
        assert app.selectbox(key="use-run").value is None
        assert app.query_params["run"] == run
    app.selectbox(key="use-run").select(there.id).run()
    assert not app.error
    assert app.query_params["run"] == there.id


def test_a_run_at_work_is_shown_once_it_has_an_epoch(studio, workspace: Path):
    run_here(make_run(workspace, head_spec(train__epochs=1)))
    waiting = make_run(workspace, head_spec(train__epochs=1))
    app = studio("pages/classify.py", do="use", run=waiting.id)
    assert "has no trained weights yet" in texts(app)
    run_here(waiting)
    app.run()
    assert not app.error
    assert app.selectbox(key="use-run").value == waiting.id


@pytest.mark.parametrize("page", ["pages/classify.py", "pages/language.py"])
def test_a_mode_that_is_not_there_is_refused_and_none_takes_its_place(studio, page):
    app = studio(page, do="nope")
    for _ in range(2):
        assert "There is no mode 'nope' here" in texts(app)
        assert app.segmented_control[0].value is None
        assert not app.selectbox
        assert app.query_params["do"] == "nope"
        app.run()
    app.segmented_control[0].set_value("train").run()
    assert not app.error
    assert app.query_params["do"] == "train"
    assert app.selectbox


def test_going_on_from_what_is_refused_is_one_click(studio):
    app = studio("pages/data.py", data="nope" * 100)
    assert len(app.error[0].value) < 200, "a long wish is cut"
    buttons(app)["data-choice-go-on"].click().run()
    assert not app.error
    assert app.query_params["data"] == "emoji"


@pytest.mark.parametrize("way", ["hub", "files"])
def test_a_way_to_add_data_is_opened(studio, way):
    assert not studio("pages/data.py", add=way).error


def test_a_way_to_add_data_that_is_not_there_is_refused(studio):
    app = studio("pages/data.py", add="telepathy")
    assert "The address asks for add 'telepathy'. Known: files, record, hub." in texts(app)
    assert not app.selectbox
    buttons(app)["add-go-on"].click().run()
    assert not app.error
    assert app.selectbox(key="data-choice").value


def test_a_waiting_run_says_what_is_ahead_and_can_pause_it(studio, workspace: Path):
    first = make_run(workspace, name="*first*")
    update_state(first, status="running", seconds_left=30.0)
    second = submit(workspace, tiny_spec(name="second"))
    app = studio("pages/autoencoder.py", run=second.id)
    assert "Next in the queue, after '*first*', about 30 s left." in texts(app).replace("\\", "")
    buttons(app)["wait-pause"].click().run()
    assert [request["action"] for request in receive(first)[0]] == ["pause"]
    buttons(app)["wait-open"].click().run()
    assert app.query_params["run"] == first.id


def test_a_run_is_opened_where_its_task_is_shown(studio, workspace: Path):
    run = make_run(workspace)
    app = studio("pages/language.py", do="train", run=run.id)
    assert app.title[0].value == "Autoencoder"
    assert app.query_params["run"] == run.id


def test_another_model_keeps_the_chosen_data_or_says_why_not(studio):
    own = preset_spec("convolutional").data.source
    app = studio("pages/autoencoder.py", data="digits")
    app.selectbox(key="network").select("convolutional").run()
    assert app.selectbox(key="data-convolutional").value == "digits"
    assert app.query_params["data"] == "digits"
    app.selectbox(key="network").select("dense-64-32-16").run()
    app.selectbox(key="data-dense-64-32-16").select("wine").run()
    assert app.query_params["data"] == "wine"
    app.selectbox(key="network").select("convolutional").run()
    assert app.selectbox(key="data-convolutional").value == own
    assert "cannot be trained on Wine" in texts(app)
    assert app.query_params["data"] == own


def test_a_model_that_nobody_chose_data_for_begins_with_its_own(studio):
    app = studio("pages/autoencoder.py")
    app.selectbox(key="network").select("dense-table").run()
    assert app.selectbox(key="data-dense-table").value == "wine"
    assert "data" not in app.query_params
    buttons(app)["train"].click().run()
    assert not app.exception


@pytest.mark.parametrize("epoch", ["²", "9" * 5000, "-1", "a", "4"])
def test_an_epoch_that_is_not_there_is_refused(studio, workspace: Path, epoch):
    run = run_here(make_run(workspace))["run"]
    app = studio("pages/autoencoder.py", run=run, epoch=epoch)
    assert "This run has no epoch" in texts(app)
    assert "There are epochs 0 to 3." in texts(app)
    assert not app.select_slider, "the run is not shown at another epoch"
    buttons(app)["epoch-go-on"].click().run()
    assert "epoch" not in app.query_params
    assert app.select_slider(key="standing-epoch-3").value == 3


def test_an_epoch_that_was_thinned_while_it_was_looked_at_is_no_wish(studio, workspace: Path):
    folder = make_run(workspace)
    run_here(folder)
    app = studio("pages/autoencoder.py", run=folder.id, epoch="2")
    assert app.select_slider(key="standing-epoch-3").value == 2
    app.session_state["epoch-written"] = (folder.id, "2")
    frame_path(folder.frames, 2).unlink()
    app.run()
    assert not app.error


@pytest.mark.parametrize(
    ("page", "title"),
    [("language", "Autoencoder"), ("classify", "Autoencoder"), ("autoencoder", "Classifier")],
)
def test_a_run_of_another_task_opens_on_its_own_page(studio, workspace: Path, page: str, title: str):
    spec = head_spec(train__epochs=1) if page == "autoencoder" else None
    run = submit(workspace, spec or make_spec({"data": {"source": "digits"}}), preset="").id
    app = studio(f"pages/{page}.py", run=run, **({} if page == "autoencoder" else {"do": "train"}))
    assert [found.value for found in app.title] == [title]
    assert not app.exception
    assert app.query_params["run"] == run


def test_a_classifier_may_train_as_long_as_its_settings_allow(studio, workspace: Path):
    run = submit(workspace, head_spec(train__epochs=2000), preset="classify-table").id
    app = unfold(studio("pages/classify.py", do="train", run=run))
    assert app.number_input(key="classify-epochs-classify-table").value == 2000


def test_a_tab_of_a_data_set_is_opened_named_and_refused(studio):
    app = studio("pages/data.py", data="wine", tab="about")
    assert "178" in texts(app)
    assert app.session_state["data-tabs"] == "About"
    app.session_state["data-tabs"] = "Split and labels"
    app.run()
    assert app.query_params["tab"] == "split"
    app.session_state["data-tabs"] = "Preview"
    app.run()
    assert "tab" not in app.query_params
    refused = studio("pages/data.py", data="wine", tab="nothing")
    assert "Known: preview, health, split, about" in refused.error[0].value
    assert "Preview" not in [tab.label for tab in refused.tabs]
