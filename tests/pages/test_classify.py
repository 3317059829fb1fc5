"""The page Classifier through AppTest: its modes, its controls, what it starts, and labels by hand."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pages.parts.classify.review import describe_row
from pages.parts.shared import routes
from selfsup_core.data.library import own
from selfsup_core.data.sources import open_source
from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.desk import Desk
from selfsup_core.pseudo.hand import add_hand_label, read_hand_labels
from selfsup_core.runs.folder import RunFolder, list_states
from selfsup_core.runs.frames import read_frame
from selfsup_core.runs.queue import submit, withdraw
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.spec import make_spec, read_spec
from selfsup_core.runs.thinned import frame_path
from selfsup_core.wording import ROW
from tests.data.importing.make import write
from tests.helpers import make_run, run_here, unfold
from tests.pages.test_pages import buttons, texts
from tests.tasks.classify_helpers import head_spec, make_pets
from tests.tasks.test_pseudo import make_table, spec_of


@pytest.mark.parametrize("mode", ["pseudo", "train"])
def test_at_most_eight_controls_and_each_is_explained(studio, mode):
    page = studio("pages/classify.py", do=mode)
    shown = [
        w
        for w in [*page.selectbox, *page.text_input, *page.number_input, *page.button, *page.text_area]
        if not str(w.key).startswith("advanced-")
    ]
    assert 5 <= len(shown) + 1 <= 8, [w.key for w in shown]
    assert all(w.help for w in shown)


def test_a_run_with_pseudo_labels_is_what_was_chosen(studio, workspace: Path):
    page = studio("pages/classify.py")
    page.selectbox(key="pseudo-data").select("wine").run()
    page.selectbox(key="pseudo-who-pseudo-table").select("rules").run()
    page.text_area(key="pseudo-rules-pseudo-table").set_value("class_0: proline > 900").run()
    page.selectbox(key="advanced-pseudo-pseudo-table-objective.keep").select("flexmatch").run()
    add_hand_label(workspace, "wine", 3, 0)
    buttons(page)["pseudo-train"].click().run()
    assert not page.exception
    (state,) = list_states(workspace)
    spec = read_spec(workspace / "runs" / state["run"] / "spec.yaml")
    assert (state["task"], state["preset"]) == ("pseudo", "pseudo-table")
    assert (spec.objective.proposers, spec.objective.keep) == (("rules",), "flexmatch")
    assert spec.objective.rules == "class_0: proline > 900"
    assert spec.objective.hand == ((3, 0),)
    assert page.query_params["run"] == state["run"]


def test_who_knows_that_classes_are_equally_frequent_gets_another_recipe(studio, workspace: Path):
    page = studio("pages/classify.py", do="pseudo")
    page.selectbox(key="pseudo-data").select("wine").run()
    question = "answer-pseudo-table-objective.prior"
    assert page.selectbox(key=question).value == "unknown"
    page.selectbox(key=question).select("even").run()
    assert page.selectbox(key="pseudo-who-pseudo-table-even").value == "neighbors+self"
    buttons(page)["pseudo-train"].click().run()
    assert not page.exception
    (state,) = list_states(workspace)
    objective = read_spec(workspace / "runs" / state["run"] / "spec.yaml").objective
    assert objective == preset_spec("pseudo-table", {"objective.prior": "even"}).objective
    assert (objective.prior, objective.keep, objective.vote, objective.pseudo_weight) == (
        "even",
        "top-k",
        "mean",
        1.0,
    )
    assert "even classes" in state["name"]
    # The run that is open is what the controls show; the other answer is a click away, with its own defaults.
    page = unfold(studio("pages/classify.py", do="pseudo", run=state["run"]))
    assert page.selectbox(key=question).value == "even"
    page.selectbox(key=question).select("unknown").run()
    assert page.selectbox(key="pseudo-who-pseudo-table").value == "twin+neighbors"


def test_the_careless_way_is_a_click_away(studio, workspace: Path):
    folder = submit(
        workspace, preset_spec("pseudo-table", {"train.epochs": 2, "seed": 4}), preset="pseudo-table"
    )
    withdraw(folder)
    run_here(folder)
    page = studio("pages/classify.py", do="pseudo", run=folder.id)
    buttons(page)["add-careless"].click().run()
    assert not page.exception
    made = workspace / "runs" / page.query_params["run"]
    assert made != folder.path
    before, after = read_spec(folder.spec), read_spec(made / "spec.yaml")
    assert after.objective == before.objective.model_copy(update={"careless": True})
    assert (after.train, after.seed) == (before.train, before.seed)
    assert "add-careless" not in buttons(page)


def test_an_opened_run_sets_the_controls(studio, workspace: Path):
    changed = {
        "objective.proposers": ["self"],
        "objective.keep": "fixed",
        "train.epochs": 2,
        "data.labels_per_class": 3,
    }
    folder = submit(workspace, preset_spec("pseudo-table", changed), preset="pseudo-table")
    withdraw(folder)
    run_here(folder)
    page = unfold(studio("pages/classify.py", do="pseudo", run=folder.id))
    assert page.selectbox(key="pseudo-data").value == "wine"
    assert page.selectbox(key="pseudo-who-pseudo-table").value == "self"
    assert page.selectbox(key="advanced-pseudo-pseudo-table-objective.keep").value == "fixed"
    assert page.number_input(key="pseudo-epochs-pseudo-table").value == 2
    assert page.number_input(key="pseudo-labels-wine-2").value == 3
    assert "got a pseudo-label" in texts(page)


def test_labels_only(studio, workspace: Path):
    page = studio("pages/classify.py", do="train", data="wine")
    buttons(page)["classify-train"].click().run()
    (state,) = list_states(workspace)
    assert (state["task"], state["source"]) == ("classify", "wine")


def test_without_a_classifier_use_says_so(studio):
    assert "no trained classifier yet" in texts(studio("pages/classify.py", do="use"))


def test_a_run_is_sent_here_from_the_autoencoder_page(studio, workspace: Path):
    make_table(workspace, "my-clouds")
    folder = make_run(workspace, spec_of(train__epochs=1))
    run_here(folder)
    page = studio("pages/autoencoder.py", run=folder.id)
    assert page.query_params["do"] == "pseudo"


def test_labels_by_hand_are_kept_and_lead_to_a_new_run(studio, workspace: Path):
    make_table(workspace, "my-clouds")
    folder = make_run(workspace, spec_of(train__epochs=2))
    run_here(folder)
    studio("pages/classify.py", do="pseudo", run=folder.id)
    row = int(read_frame(frame_path(folder.frames, 2))["unsure_rows"][0])
    add_hand_label(workspace, "my-clouds", row, 2, run=folder.id)
    add_hand_label(workspace, "my-clouds", row, 1, run=folder.id)
    assert read_hand_labels(workspace, "my-clouds") == {row: 1}
    again = make_spec(read_spec(folder.spec).as_dict(), {"objective.hand": [(row, 1)]})
    assert run_here(make_run(workspace, again))["status"] == "finished"
    add_hand_label(workspace, "my-clouds", row, None)
    assert read_hand_labels(workspace, "my-clouds") == {}


def test_an_own_autoencoder_is_chosen_by_its_name(studio, workspace: Path):
    changed = {
        "data.source": "digits",
        "train.epochs": 1,
        "train.device": "cpu",
        "name": "Small digits",
    }
    folder = make_run(workspace, preset_spec("dense-64-32-16", changed))
    run_here(folder)
    page = studio("pages/classify.py", do="train", data="digits")
    (chosen,) = [w for w in page.selectbox if str(w.key).endswith("data.code_of-digits-")]
    assert chosen.options == ["None: the values themselves", f"Small digits ({folder.id})"]
    chosen.select(folder.id).run()
    buttons(page)["classify-train"].click().run()
    assert not page.exception
    spec = read_spec(workspace / "runs" / page.query_params["run"] / "spec.yaml")
    assert spec.data.code_of == folder.id


def test_a_language_model_is_tried_before_the_run(studio, workspace: Path, monkeypatch):
    make_pets(workspace)
    asked = []

    class Lab:
        def ask(self, subject, tool, values):
            asked.append((subject.name, tool, values["prompt"]))
            row = {
                "text": "a",
                "answer": "It is a cat",
                "label": "cats",
                "p": 0.61234,
                "reason": "",
                "row": 0,
            }
            return Answer(about={"rows": [row] * len(values["texts"])})

    monkeypatch.setattr(routes, "lab", Lab)
    model = {"model": "tiny", "title": "Tiny", "kind": "causal", "missing": ""}
    monkeypatch.setattr("pages.parts.classify.labeler.list_models", lambda workspace: [model])
    page = studio("pages/classify.py", do="pseudo", data="my-pets")
    preset = page.selectbox(key="pseudo-preset-text").value
    page.selectbox(key=f"pseudo-who-{preset}").select("generated").run()
    assert "{classes}" in page.text_area(key="pseudo-prompt-generated").value
    page.text_area(key="pseudo-prompt-generated").set_value("{classes}? {text}").run()
    buttons(page)["pseudo-try"].click().run()
    assert not page.exception
    assert asked == [("tiny", "label", "{classes}? {text}")]
    shown = page.dataframe[0].value
    assert list(shown) == [ROW, "Text", "Answer", "Class", "P"]
    assert shown["Class"].tolist() == ["cats"] * 5
    assert shown["P"].tolist() == ["61.2%"] * 5
    buttons(page)["pseudo-train"].click().run()
    (state,) = list_states(workspace)
    objective = read_spec(workspace / "runs" / state["run"] / "spec.yaml").objective
    assert (objective.proposers, objective.labeler) == (("generated",), "tiny")
    assert (objective.labeler_prompt, objective.labeler_rows) == ("{classes}? {text}", 200)


def test_bad_rules_are_refused_before_a_run(studio, workspace: Path):
    page = studio("pages/classify.py")
    page.selectbox(key="pseudo-data").select("wine").run()
    page.selectbox(key="pseudo-who-pseudo-table").select("rules").run()
    page.text_area(key="pseudo-rules-pseudo-table").set_value("class_9: proline > 900").run()
    buttons(page)["pseudo-train"].click().run()
    assert "there is no class" in texts(page)
    assert not list(list_states(workspace))


def test_a_remote_model_that_is_not_configured_is_said(studio, workspace: Path, monkeypatch):
    monkeypatch.delenv("SELFSUP_REMOTE_URL", raising=False)
    make_pets(workspace)
    page = studio("pages/classify.py", do="pseudo", data="my-pets")
    preset = page.selectbox(key="pseudo-preset-text").value
    page.selectbox(key=f"pseudo-who-{preset}").select("remote").run()
    assert not page.exception
    assert "No remote model is configured" in texts(page)


def test_labels_by_hand_are_listed_undone_and_switched_off(studio, workspace: Path):
    make_table(workspace, "my-clouds")
    folder = make_run(workspace, spec_of(train__epochs=2))
    run_here(folder)
    frame = read_frame(frame_path(folder.frames, 2))
    row = int(frame["unsure_rows"][0])
    for one in (row, int(frame["unsure_rows"][1])):
        add_hand_label(workspace, "my-clouds", one, 2, run=folder.id)
    page = studio("pages/classify.py", do="pseudo", run=folder.id, data="my-clouds")
    page.segmented_control(key="review-next").set_value("hand").run()
    assert "2 labels by hand for this data set" in texts(page)
    assert "The student predicts" in texts(page)
    buttons(page)[f"review-undo-{row}"].click().run()
    assert not page.exception
    assert row not in read_hand_labels(workspace, "my-clouds")
    assert "1 label by hand for this data set" in texts(page)
    (toggle,) = [one for one in page.toggle if str(one.key).startswith("pseudo-hand-")]
    assert toggle.label == "Use 1 label by hand"
    toggle.set_value(False).run()
    buttons(page)["pseudo-train"].click().run()
    assert read_spec(workspace / "runs" / page.query_params["run"] / "spec.yaml").objective.hand == ()


def test_the_queue_and_why_speak_of_the_student():
    classes = ["a", "b"]
    frame = {"unsure_label": [1, -1], "unsure_confidence": [0.6, 0.0]}
    assert describe_row(frame, 0, classes) == "Proposed: b, 60% sure."
    frame |= {"unsure_student": [0, 1], "unsure_student_confidence": [0.9, 0.5]}
    assert describe_row(frame, 0, classes) == (
        "The student predicts a, 90% sure. The proposers together predict b, 60% sure."
    )
    assert describe_row(frame, 1, classes) == "The student predicts b, 50% sure."


@pytest.fixture
def pets(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """A run that tells texts by their words; questions are answered in this process."""
    make_pets(workspace)
    folder = make_run(workspace, head_spec(data__source="my-pets", data__vocabulary=50, train__epochs=10))
    run_here(folder)
    desk = Desk(workspace)
    monkeypatch.setattr(routes, "lab", lambda: desk)
    return folder


def test_a_file_is_read_once_and_each_of_its_rows_can_be_explained(studio, pets):
    page = studio("pages/classify.py", do="use", run=pets.id)
    table = b"id,note,words\n1,a very long note that is no sample at all,the dog sat\n2,x,log on the log\n"
    page.file_uploader[0].set_value([("new.csv", table, "text/csv")]).run()
    assert not page.exception
    (column,) = [one for one in page.selectbox if one.label == "Text column"]
    assert column.options == ["id", "note", "words"]
    column.select("words").run()
    assert page.dataframe[1].value["Class"].tolist() == ["dogs", "logs"]
    # A question asked later is not replaced by the file that still lies there.
    page.text_area(key="use-text").set_value("a cat and a mat").run()
    buttons(page)["use-go"].click().run()
    assert page.dataframe[1].value["Class"].tolist() == ["cats"]
    page.run()
    assert page.dataframe[1].value["Class"].tolist() == ["cats"]


def test_a_text_unlike_the_training_texts_is_warned_of(studio, pets):
    page = studio("pages/classify.py", do="use", run=pets.id)
    page.text_area(key="use-text").set_value("das ist ein anderer Satz\nthe dog sat").run()
    buttons(page)["use-go"].click().run()
    assert "1 of 2 samples is unlike the training data" in page.warning[0].value


def test_a_classifier_can_be_tried_at_once(studio, pets, workspace: Path):
    page = studio("pages/classify.py", do="use", run=pets.id)
    offered = page.dataframe[0].value
    assert len(offered) == 8
    assert list(offered) == [ROW, "Text"], "labels are not shown before the classes are predicted"
    buttons(page)["use-try"].click().run()
    assert not page.exception
    found = page.dataframe[1].value
    assert list(found)[:4] == ["Sample", "Label", "Class", "Probability"]
    labels = open_source("my-pets", workspace).label_names()
    assert found["Label"].tolist() == [labels[row] or "–" for row in offered[ROW]]
    assert "match the label" in texts(page)
    buttons(page)["use-draw-again"].click().run()
    assert page.dataframe[0].value[ROW].tolist() != offered[ROW].tolist()


def test_rows_of_a_table_are_tried_as_uploaded_and_without_their_class(
    studio, workspace: Path, tmp_path: Path
):
    lines = "".join(f"{i % 9}.5,{'red' if i % 3 else 'blue'},g{i % 2}\n" for i in range(80))
    name = own.import_files(workspace, [write(tmp_path, "wines.csv", f"a,color,label\n{lines}")])
    folder = make_run(workspace, head_spec(data__source=name, train__epochs=1))
    assert run_here(folder)["status"] == "finished"
    page = studio("pages/classify.py", do="use", run=folder.id)
    read, made = (frame.value for frame in page.dataframe[:2])
    assert list(read) == [ROW, "a", "color"]
    assert set(read["color"]) <= {"red", "blue"}
    assert list(made) == ["a", "color=blue", "color=red"]


def test_a_classifier_whose_data_are_gone_says_so(studio, pets, workspace: Path):
    shutil.rmtree(workspace / "datasets" / "my-pets")
    page = studio("pages/classify.py", do="use", run=pets.id)
    assert "is not on this machine" in texts(page)
    assert "use-go" in buttons(page)


def test_a_run_with_few_test_rows_is_repeated_with_other_splits(studio, workspace: Path):
    """The button stands beside the verdict; once there are several, their common verdict does."""
    make_table(workspace, "my-clouds")
    folder = make_run(workspace, spec_of(train__epochs=2))
    run_here(folder)
    page = studio("pages/classify.py", do="pseudo", run=folder.id)
    assert "Few test rows per class" in texts(page)
    buttons(page)["splits-go"].click().run()
    assert not page.exception
    made = [state for state in list_states(workspace) if state["run"] != folder.id]
    assert sorted(read_spec(workspace / "runs" / s["run"] / "spec.yaml").data.split_seed for s in made) == [
        1,
        2,
        3,
        4,
        5,
    ]
    assert "0 of 5" not in texts(page)
    assert "1 of 6 splits are done" in texts(page)
    assert "splits-go" not in buttons(page)
    for state in made[:2]:
        other = RunFolder(workspace / "runs" / state["run"])
        withdraw(other)
        run_here(other)
    page.run()
    assert "over 3 seeds" in texts(page)
    assert "Single splits range from" in texts(page)


def test_signs_of_trouble_stand_under_the_static_figures(studio, workspace: Path, monkeypatch):
    from selfsup_core.tasks.parts.estimates import ShareEstimates

    sign = {"code": "drift", "text": "Drift: 90% of the kept labels are 'a'.", "remedy": "Keep fewer."}
    monkeypatch.setattr(ShareEstimates, "find_signs", lambda *_: [sign])
    make_table(workspace, "my-clouds")
    folder = make_run(workspace, spec_of(train__epochs=1))
    run_here(folder)
    said = texts(studio("pages/classify.py", do="pseudo", run=folder.id))
    assert "of the kept labels are" in said
    assert "Keep fewer." in said
