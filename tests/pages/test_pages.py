"""Each page runs, shows what it should and does what its buttons say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pages.parts.home.cards import CARDS, Card
from pages.parts.shared.tour import STOPS
from selfsup_core.data.sources import SOURCES
from selfsup_core.lessons.progress import change, path_of
from selfsup_core.runs.examples import MARK, list_examples
from selfsup_core.runs.folder import RunFolder, list_states, read_state, update_state
from selfsup_core.runs.queue import list_queue, submit
from selfsup_core.runs.recipes import list_presets, preset_spec
from selfsup_core.runs.spec import read_spec
from tests.helpers import make_run, run_here, tiny_spec


def buttons(app) -> dict[str, object]:
    return {button.key: button for button in app.button if button.key}


def epochs_field(app):
    """The number of epochs of the form that is shown; its key depends on preset and data."""
    (field,) = [one for one in app.number_input if str(one.key).startswith("epochs-")]
    return field


def texts(app) -> str:
    parts = [
        *app.markdown,
        *app.caption,
        *app.title,
        *app.subheader,
        *app.error,
        *app.warning,
        *app.info,
    ]
    return " ".join(str(part.value) for part in parts)


def test_home_leads_to_all_of_the_app_and_is_never_empty(studio, workspace: Path):
    app = studio()
    assert "None yet" in texts(app)
    assert [key for key in buttons(app) if key.startswith("card-")] == [
        "card-map",
        "card-rebuild",
        "card-pseudo",
        "card-views",
        "card-language",
        "card-latent",
        "card-own",
        "card-scenarios",
    ]
    assert {card.key for card in CARDS} <= {stop.picture for stop in STOPS}
    (workspace / MARK).unlink()
    app.run()
    assert not app.exception
    assert [state["run"] for state in list_states(workspace)] == list_examples()[::-1]


@pytest.mark.parametrize("card", [card for card in CARDS if card.preset], ids=lambda card: card.key)
def test_a_card_starts_its_run_at_once(studio, workspace: Path, card: Card):
    app = studio()
    buttons(app)[f"card-{card.key}"].click().run()
    (state,) = list_states(workspace)
    assert (state["preset"], state["status"]) == (card.preset, "queued")
    assert state["source"] == card.changes["data.source"]
    assert [entry["run"] for entry in list_queue(workspace)] == [state["run"]]


def test_home_goes_on_where_one_left_off(studio, workspace: Path):
    assert "left-off-run" not in buttons(studio())
    (workspace / MARK).unlink()
    assert "left-off-run" not in buttons(studio()), "examples are nobody's own"
    folder = make_run(workspace)
    change(workspace, 2, lambda progress: progress.update(step=3))
    app = studio()
    assert buttons(app)["left-off-run"].label.endswith("is waiting")
    assert buttons(app)["left-off-lesson"].label.startswith("Lesson 2, step 3: ")
    buttons(app)["left-off-run"].click().run()
    assert app.query_params["run"] in (folder.id, [folder.id])


def test_what_belongs_to_a_damaged_file_of_lessons_is_said(studio, workspace: Path):
    app = studio()
    path_of(workspace).write_text("{")
    app.run()
    assert not app.exception
    assert "lessons.json" in texts(app)
    assert "card-map" in buttons(app)


def test_a_card_whose_data_are_missing_uses_the_digits(studio, workspace, monkeypatch):
    source = replace(SOURCES["fashion-5k"], missing=lambda: "It is not here.")
    monkeypatch.setitem(SOURCES._entries, "fashion-5k", source)
    app = studio()
    buttons(app)["card-map"].click().run()
    (state,) = list_states(workspace)
    assert state["source"] == "digits"


def test_at_most_eight_controls_before_the_first_train(studio):
    app = studio("pages/autoencoder.py")
    open_controls = [
        *(w.label for w in app.selectbox if not str(w.key).startswith("advanced-")),
        *(w.label for w in app.number_input if not str(w.key).startswith("advanced-")),
        *(w.label for w in app.text_input if not str(w.key).startswith("advanced-")),
        *(b.label for b in app.button),
    ]
    assert open_controls == ["Data", "Model", "Loss", "Epochs", "Train"]
    assert len(open_controls) + 1 <= 8  # and "Advanced"


def test_every_control_has_a_sentence_of_help(studio):
    app = studio("pages/autoencoder.py")
    widgets = [*app.selectbox, *app.number_input, *app.text_input]
    assert len(widgets) > 10
    for widget in widgets:
        assert widget.help.strip().endswith("."), widget.label


def test_train_makes_the_run_that_was_chosen(studio, workspace: Path):
    app = studio("pages/autoencoder.py")
    app.selectbox(key="network").select("dense-table").run()
    app.number_input(key="epochs-dense-table").set_value(7).run()
    app.selectbox(key="loss-dense-table").select("mse").run()
    app.text_input(key="advanced-dense-table-model.widths").set_value("8, 2").run()
    buttons(app)["train"].click().run()
    (state,) = list_states(workspace)
    spec = read_spec(RunFolder(workspace / "runs" / state["run"]).spec)
    assert (spec.data.source, spec.train.epochs, spec.objective.loss) == ("wine", 7, "mse")
    assert spec.model.widths == (8, 2)
    assert app.query_params["run"] in (state["run"], [state["run"]])


@pytest.mark.parametrize("preset", list(list_presets()))
def test_every_model_of_the_list_makes_its_run(studio, workspace: Path, preset: str):
    app = studio("pages/autoencoder.py")
    app.selectbox(key="network").select(preset).run()
    buttons(app)["train"].click().run()
    assert not app.exception
    (state,) = list_states(workspace)
    spec, wanted = read_spec(RunFolder(workspace / "runs" / state["run"]).spec), preset_spec(preset)
    assert spec.model == wanted.model
    assert spec.objective == wanted.objective
    assert spec.train.epochs == wanted.train.epochs


def test_settings_of_an_objective_stand_under_advanced(studio, workspace: Path):
    app = studio("pages/autoencoder.py")
    app.selectbox(key="network").select("vae").run()
    app.number_input(key="advanced-vae-objective.beta").set_value(2.5).run()
    buttons(app)["train"].click().run()
    (state,) = list_states(workspace)
    spec = read_spec(RunFolder(workspace / "runs" / state["run"]).spec)
    assert (spec.objective.kind, spec.objective.beta) == ("variational", 2.5)


def test_a_network_for_images_offers_no_tables_and_texts(studio):
    app = studio("pages/autoencoder.py")
    app.selectbox(key="network").select("convolutional").run()
    offered = app.selectbox(key="data-convolutional").options
    assert "MNIST 5k" in offered
    assert not {"Wine", "20 Newsgroups"} & set(offered)


def test_first_visits_begin_with_what_looks_best(studio):
    app = studio("pages/autoencoder.py")
    assert app.selectbox(key="network").value == "emoji"
    assert app.selectbox(key="data-emoji").value == "emoji"
    app.selectbox(key="network").select("dense-64-32-16").run()
    assert app.selectbox(key="data-dense-64-32-16").value == "mnist-5k", "the reference stays as it is"
    assert studio("pages/classify.py", do="train").selectbox(key="classify-data").value == "fashion-5k"
    assert studio("pages/classify.py").selectbox(key="pseudo-data").value == "digits"
    assert studio("pages/data.py").selectbox(key="data-choice").value == "emoji"


def test_texts_bring_their_own_settings(studio, workspace: Path):
    app = studio("pages/autoencoder.py", data="mnist-5k")
    assert not any("text_features" in str(w.key) for w in app.selectbox)
    app.selectbox(key="data-dense-64-32-16").select("newsgroups").run()
    key = "advanced-dense-64-32-16-data.text_features"
    assert any(str(w.key).startswith(key) for w in app.selectbox)
    buttons(app)["train"].click().run()
    assert not app.exception
    (state,) = list_states(workspace)
    assert (state["kind"], state["source"]) == ("text", "newsgroups")


def test_what_does_not_fit_is_said_and_nothing_starts(studio, workspace: Path):
    app = studio("pages/autoencoder.py")
    app.selectbox(key="network").select("vq").run()
    app.number_input(key="advanced-vq-objective.dimension").set_value(7).run()
    assert "cannot be cut into vectors" in texts(app)
    buttons(app)["train"].click().run()
    assert not app.exception
    assert list(list_states(workspace)) == []


def test_bad_widths_are_said_and_nothing_starts(studio, workspace: Path):
    app = studio("pages/autoencoder.py", data="mnist-5k")
    app.text_input(key="advanced-dense-64-32-16-model.widths").set_value("64, many").run()
    assert "widths" in texts(app)
    buttons(app)["train"].click().run()
    assert not app.exception
    assert list(list_states(workspace)) == []


def test_a_full_queue_is_said_in_words(studio, workspace: Path):
    for _ in range(5):
        submit(workspace, tiny_spec())
    app = studio("pages/autoencoder.py")
    buttons(app)["train"].click().run()
    assert "at most 5" in texts(app)
    assert len(list(list_states(workspace))) == 5


def test_a_finished_run_is_shown_as_standing_figures(studio, workspace: Path):
    folder = make_run(workspace, name="my run")
    run_here(folder)
    app = studio("pages/autoencoder.py", run=folder.id)
    app.query_params["run"] = folder.id
    app.run()
    assert not app.exception
    shown = texts(app)
    assert "my run" in shown
    assert "PCA" in shown
    assert len(app.get("plotly_chart")) == 2


def test_of_very_many_classes_the_most_confused_stand_beside_the_map(studio, workspace: Path, monkeypatch):
    monkeypatch.setattr("selfsup_core.tasks.classify.MOST_CONFUSION", 2)  # as with a thousand classes
    folder = make_run(
        workspace,
        preset_spec(
            "classify-table", {"train.epochs": 1, "train.device": "cpu", "train.learning_rate": 1e-6}
        ),
    )
    run_here(folder)
    app = studio("pages/classify.py", do="train", run=folder.id)
    assert not app.exception
    assert "the classes that are most often confused" in texts(app)
    assert "Writing" not in texts(app)
    (table,) = [t.value for t in app.dataframe if "most often confused with" in t.value]
    assert (table["correct"] <= table["true"]).all()
    assert len(table) > 0


def test_an_unknown_run_is_named(studio):
    app = studio("pages/autoencoder.py")
    app.query_params["run"] = "no-such-run"
    app.run()
    assert "no-such-run" in texts(app)
    assert not app.exception


def test_runs_lists_deletes_and_undoes(studio, workspace: Path):
    folder = make_run(workspace, name="to be deleted")
    run_here(folder)
    app = studio("pages/runs.py")
    assert "1 run, 0 running" in texts(app)
    buttons(app)[f"delete-runs-{folder.id}"].click().run()
    assert list(list_states(workspace)) == []
    app = studio("pages/runs.py")  # a reload does not lose it
    buttons(app)[f"restore-{folder.id}"].click().run()
    assert read_state(folder)["status"] == "finished"


def test_a_run_that_learned_from_views_is_listed_with_its_probe(studio, workspace: Path):
    changes = {"train.epochs": 1, "frames.samples": 40, "train.device": "cpu"}
    run_here(make_run(workspace, preset_spec("views-table", changes)))
    app = studio("pages/runs.py")
    assert not app.exception
    assert "linear classifier " in texts(app)
    pictures = " ".join(str(one.proto.body) for one in app.get("html"))
    assert "Map at epoch 1" in pictures
    assert "Accuracy over epochs" in pictures


def test_a_run_at_work_cannot_be_deleted_but_stopped(studio, workspace: Path):
    folder = submit(workspace, tiny_spec())
    app = studio("pages/runs.py")
    found = buttons(app)
    assert found[f"delete-runs-{folder.id}"].disabled
    found[f"stop-runs-{folder.id}"].click().run()
    assert read_state(folder)["status"] == "stopped"


def test_runs_are_found_by_their_names_data_and_status(studio, workspace: Path):
    made = [make_run(workspace, name=f"number {i}") for i in range(6)]
    digits = submit(workspace, preset_spec("dense-64-32-16", {"data.source": "digits"}))
    app = studio("pages/runs.py")
    shown = {key.removeprefix("delete-runs-") for key in buttons(app) if key.startswith("delete-runs-")}
    assert shown == {folder.id for folder in (*made, digits)}
    for asked, found in (
        ("NUMBER 3", [made[3].id]),
        ("digits queued", [digits.id]),
        ("4 wine", [made[4].id]),
        (made[2].id, [made[2].id]),
        ("nothing like it", []),
    ):
        app.text_input(key="runs-search").input(asked).run()
        assert not app.exception, [e.value for e in app.exception]
        keys = [key for key in buttons(app) if key.startswith("delete-runs-")]
        assert keys == [f"delete-runs-{run}" for run in found], asked
        assert app.query_params["search"] == asked
    assert "No run matches" in texts(app)
    linked = studio("pages/runs.py", search="digits queued")
    assert [key for key in buttons(linked) if key.startswith("delete-runs-")] == [f"delete-runs-{digits.id}"]
    linked.text_input(key="runs-search").input("").run()
    assert "search" not in linked.query_params


def test_a_row_shows_the_map_and_the_curve_and_resumes_what_was_stopped(studio, workspace: Path):
    folder = make_run(workspace, name="stopped early")
    run_here(folder)
    app = studio("pages/runs.py")
    assert f"resume-runs-{folder.id}" not in buttons(app), "a finished run has nothing to resume"
    pictures = " ".join(str(one.proto.body) for one in app.get("html"))
    assert "Map at epoch" in pictures
    assert "Validation loss over epochs" in pictures
    update_state(folder, status="stopped")
    app.run()
    buttons(app)[f"resume-runs-{folder.id}"].click().run()
    assert not app.exception
    assert read_state(folder)["status"] == "queued"
    assert [entry["run"] for entry in list_queue(workspace)] == [folder.id]
