"""Things with one name: what is shown, trained, renamed and deleted is always the one that was chosen."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.shared.choice import tell_apart
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.library import own
from selfsup_core.data.sources import find_source, list_sources
from selfsup_core.files import read_json, write_json
from selfsup_core.inspection.space.listing import list_spaces
from selfsup_core.runs.folder import list_states, update_state
from selfsup_core.runs.queue import submit, withdraw
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.spec import read_spec
from tests.data.importing.make import archive, png, write
from tests.helpers import ROOT, make_run, run_here
from tests.pages.test_data import open_tab
from tests.pages.test_pages import buttons, epochs_field, texts


@pytest.fixture
def pets(workspace: Path, tmp_path: Path) -> list[str]:
    """One ZIP at two sizes, as an older version left them: both are called Pets."""
    blob = archive({f"{'cat' if i % 2 else 'dog'}/{i}.png": png(i, (64, 64), "RGB") for i in range(24)})
    file = write(tmp_path, "Pets.zip", blob)
    names = [own.import_files(workspace, [file], ImportConfig(size=size)) for size in (64, 32)]
    for name in names:
        retitle(workspace, name, "Pets")
    return names


def retitle(workspace: Path, name: str, title: str) -> None:
    path = workspace / "datasets" / name / "dataset.json"
    write_json(path, read_json(path) | {"title": title})


def test_labels_are_told_apart():
    labels = {"a": "Pets", "b": "pets ", "c": "Cats", "d": "Pets · a"}
    made = tell_apart(labels)
    assert list(made) == list(labels)
    assert len({label.split() and " ".join(label.split()).casefold() for label in made.values()}) == 4
    assert (made["c"], tell_apart({"x": "Pets"})["x"]) == ("Cats", "Pets")


def test_every_choice_of_what_people_name_goes_by_id():
    """Only `choose_one` may show a list of data sets, runs, models, spaces or selections."""
    widgets = {"selectbox", "radio", "pills", "segmented_control", "multiselect"}
    named = {
        "sources",
        "states",
        "spaces",
        "models",
        "by_name",
        "runs",
        "kept",
        "list_sources",
        "list_states",
    }
    seen = 0
    for path in sorted((ROOT / "pages").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and getattr(call.func, "attr", "") in widgets:
                used = {node.id for node in ast.walk(call) if isinstance(node, ast.Name)}
                assert not used & named, f"{path.name}, line {call.lineno}"
                seen += 1
    assert seen > 20


@pytest.mark.parametrize("which", [0, 1])
def test_the_data_page_renames_and_deletes_the_one_it_shows(studio, workspace, pets, which):
    name, other = pets[which], pets[1 - which]
    app = studio("pages/data.py", data=name)
    for _ in range(2):
        assert app.selectbox(key="data-choice").value == name
        assert app.query_params["data"] == name
        app.run()
    open_tab(app, "About")
    app.text_input(key=f"title-{name}").set_value("Mine").run()
    buttons(app)["rename"].click().run()
    assert [find_source(n, workspace).title for n in (name, other)] == ["Mine", "Pets"]
    assert app.selectbox(key="data-choice").value == name
    buttons(app)["delete-data"].click().run()
    assert other in list_sources(workspace)
    assert name not in list_sources(workspace)
    buttons(app)[f"restore-{name}"].click().run()
    assert app.selectbox(key="data-choice").value == name


def test_choosing_the_other_one_by_hand_shows_it(studio, pets):
    app = studio("pages/data.py", data=pets[0])
    box = app.selectbox(key="data-choice")
    assert len(set(box.options)) == len(box.options)
    for name in (pets[1], pets[0]):
        app.selectbox(key="data-choice").select(name).run()
        assert app.selectbox(key="data-choice").value == name
        assert app.query_params["data"] == name


@pytest.mark.parametrize("which", [0, 1])
def test_another_number_of_epochs_trains_on_the_same_set(studio, workspace, pets, which):
    name, inputs = pets[which], ("12,288", "3,072")[which]
    app = studio("pages/autoencoder.py", data=name)
    key = "dense-64-32-16"
    app.selectbox(key="network").select(key).run()
    first = next(m.value for m in app.markdown if " → " in m.value and "weights" in m.value)
    assert first.replace(",", "").startswith(inputs.replace(",", ""))
    epochs_field(app).set_value(3).run()
    app.selectbox(key=f"loss-{key}").select("mse").run()
    assert app.selectbox(key=f"data-{key}").value == name
    assert next(m.value for m in app.markdown if " → " in m.value and "weights" in m.value) == first
    buttons(app)["train"].click().run()
    (state,) = list_states(workspace)
    spec = read_spec(workspace / "runs" / state["run"] / "spec.yaml")
    assert (spec.data.source, spec.train.epochs) == (name, 3)


def test_a_choice_outlives_that_somebody_renames_it(studio, workspace, pets):
    key = "data-dense-64-32-16"
    app = studio("pages/autoencoder.py", data=pets[1])
    app.selectbox(key="network").select("dense-64-32-16").run()
    for number, title in enumerate(("Pets", "Dogs", "Pets")):
        retitle(workspace, pets[1], title)
        epochs_field(app).set_value(3 + number).run()
        assert app.selectbox(key=key).value == pets[1]
        # A browser keeps what was shown until it is told otherwise.
        sent = app.selectbox(key=key).proto
        assert sent.raw_value in ("", app.selectbox(key=key).format_func(pets[1]))
        assert sent.set_value is (number > 0)


@pytest.mark.parametrize("page", ["classify", "pseudo"])
def test_a_classifier_learns_from_the_chosen_set(studio, workspace, pets, page):
    app = studio("pages/classify.py", data=pets[1], do="train" if page == "classify" else page)
    (box,) = [w for w in app.selectbox if w.label == "Data"]
    app.selectbox(key=box.key).select(pets[1]).run()
    app.run()
    assert app.selectbox(key=box.key).value == pets[1]
    app.selectbox(key=box.key).select(pets[0]).run()
    assert app.selectbox(key=box.key).value == pets[0]


def test_runs_of_one_name_are_two_spaces_and_two_models(workspace: Path):
    """Even where the end of the ids is the same, as lists of spaces show it."""
    for _ in range(2):
        folder = make_run(workspace, name="Same")
        run_here(folder)
        update_state(folder, name="Same")

    def page(labels):
        import streamlit as st

        from pages.parts.shared.choice import choose_one

        choose_one(st, "Space", labels, key="one")

    labels = {one["space"]: "Same" for one in list_spaces(workspace) if one["space"].startswith("run:")}
    assert len(labels) == 2
    app = AppTest.from_function(page, kwargs={"labels": labels})
    app.run()
    assert not app.exception
    for name in [*labels, *labels]:
        app.selectbox(key="one").select(name).run()
        assert app.selectbox(key="one").value == name


def test_a_title_that_another_set_has_is_refused_with_its_name(studio, workspace, pets):
    retitle(workspace, pets[0], "Dogs")
    app = studio("pages/data.py", data=pets[0])
    open_tab(app, "About")
    app.text_input(key=f"title-{pets[0]}").set_value("pets").run()
    buttons(app)["rename"].click().run()
    assert pets[1] in texts(app)
    assert find_source(pets[0], workspace).title == "Dogs"


def test_names_of_runs_are_text_on_home_and_runs(studio, workspace: Path):
    """A name with a picture in it would make every visitor's browser ask a foreign server."""
    name = "**bold** ![x](http://example.org/a.png) $x^2$"
    folder = submit(workspace, preset_spec("dense-64-32-16", {"name": name}), preset="dense-64-32-16")
    withdraw(folder)
    for path in ("pages/home.py", "pages/runs.py"):
        page = studio(path)
        labels = [str(link.proto.label) for link in page.get("page_link")]
        shown = [label for label in labels if "example.org" in label]
        assert shown, (path, labels)
        assert all(r"\*\*bold" in text and r"\[x\]" in text and r"\$x" in text for text in shown)
