"""The list of runs: sorted, ticked, tagged, renamed, deleted together, and compared."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from selfsup_core.runs.folder import RunFolder, list_states, read_state, update_state
from selfsup_core.runs.labels import add_tags, read_labels
from selfsup_core.runs.queue import list_queue, submit
from tests.helpers import make_run, run_here, tiny_spec


def shown(app: AppTest) -> list[str]:
    """Ids in the order of the list."""
    return [b.key.removeprefix("delete-runs-") for b in app.button if str(b.key).startswith("delete-runs-")]


def tick(app: AppTest, *folders: RunFolder) -> None:
    for folder in folders:
        app.checkbox(key=f"tick-runs-{folder.id}").check().run()
    assert not app.exception


@pytest.fixture
def runs(workspace: Path) -> list[RunFolder]:
    """Three finished runs: b, a and c, of which a is the best and c the longest."""
    made = [make_run(workspace, name=name) for name in "bac"]
    for folder, loss, seconds in zip(made, (0.3, 0.1, None), (1.0, 2.0, 30.0), strict=True):
        best = None if loss is None else {"epoch": 1, "val_loss": loss}
        update_state(folder, status="finished", best=best, seconds=seconds)
    return made


def test_ticked_runs_are_tagged_together_and_one_is_renamed(studio, runs):
    app = studio("pages/runs.py")
    assert "ticked-compare" not in [button.key for button in app.button]
    tick(app, runs[0])
    assert app.button(key="ticked-compare").disabled, "one run is compared with nothing"
    app.text_input(key=f"name-{runs[0].id}").input("new name")
    app.text_input(key=f"tags-{runs[0].id}").input("#Good paper")
    app.text_area(key=f"note-{runs[0].id}").input("as planned")
    app.button(key="FormSubmitter:ticked-labels-Save").click().run()
    assert read_labels(runs[0].path) == {"name": "new name", "tags": ["good", "paper"], "note": "as planned"}
    tick(app, runs[1])
    app.text_input(key="tags-several").input("both")
    app.button(key="FormSubmitter:ticked-labels-Save").click().run()
    assert [read_labels(folder.path)["tags"] for folder in runs] == [["good", "paper", "both"], ["both"], []]
    assert read_state(runs[1])["name"] == "a", "several runs keep their names"
    said = "\n".join(str(one.value) for one in app.caption)
    assert "as planned" in said
    assert "blue-badge[both]" in said


def test_a_tag_that_is_none_is_refused_in_words(studio, runs):
    app = studio("pages/runs.py")
    tick(app, runs[0])
    app.text_input(key=f"tags-{runs[0].id}").input("a,b")
    app.button(key="FormSubmitter:ticked-labels-Save").click().run()
    assert "is not a tag" in app.error[0].value
    assert read_labels(runs[0].path)["tags"] == []


def test_ticked_runs_are_stopped_and_deleted_together(studio, workspace, runs):
    waiting = submit(workspace, tiny_spec())
    app = studio("pages/runs.py")
    tick(app, runs[2], waiting)
    assert app.button(key="ticked-delete").disabled
    app.button(key="ticked-stop").click().run()
    assert read_state(waiting)["status"] == "stopped"
    app.run()
    app.button(key="ticked-delete").click().run()
    assert {state["run"] for state in list_states(workspace)} == {runs[0].id, runs[1].id}
    assert "ticked-delete" not in [button.key for button in app.button], "what is gone is not ticked"


def test_nothing_is_ticked_after_clear(studio, runs):
    app = studio("pages/runs.py")
    tick(app, *runs)
    assert not app.button(key="ticked-compare").disabled
    app.button(key="ticked-clear").click().run()
    assert not any(box.value for box in app.checkbox)


def test_the_address_sorts_the_list(studio, runs):
    best = studio("pages/runs.py", sort="best")
    assert shown(best) == [runs[1].id, runs[0].id, runs[2].id]
    best.selectbox(key="runs-sort").select("name").run()
    assert shown(best) == [runs[1].id, runs[0].id, runs[2].id]
    assert best.query_params["sort"] == "name"
    assert "sort" in studio("pages/runs.py", sort="size").error[0].value


def test_a_link_shows_the_same_list(studio, workspace, runs):
    for folder in runs:
        add_tags(folder.path, ["paper"] if folder != runs[2] else ["other"])
    update_state(runs[1], status="interrupted")
    app = studio("pages/runs.py", tag="paper", sort="name")
    assert shown(app) == [runs[1].id, runs[0].id]
    app.selectbox(key="runs-status").select("interrupted").run()
    assert shown(app) == [runs[1].id]
    assert dict(app.query_params) == {"tag": "paper", "sort": "name", "status": "interrupted"}
    again = studio("pages/runs.py", **dict(app.query_params))
    assert shown(again) == [runs[1].id]
    assert [again.selectbox(key=f"runs-{name}").value for name in ("tag", "sort", "status")] == [
        "paper",
        "name",
        "interrupted",
    ]
    again.selectbox(key="runs-tag").select("other").run()
    assert shown(again) == []
    again.button(key="runs-all").click().run()
    assert set(shown(again)) == {folder.id for folder in runs}
    assert dict(again.query_params) == {}


@pytest.mark.parametrize(("name", "value"), [("status", "done"), ("task", "gan"), ("sort", "size")])
def test_an_address_with_a_filter_that_there_is_not_is_refused(studio, runs, name, value):
    app = studio("pages/runs.py", **{name: value})
    assert f"{name} '{value}'" in app.error[0].value
    assert shown(app) == []


def test_a_tag_that_nobody_uses_any_more_finds_nothing(studio, runs):
    app = studio("pages/runs.py", tag="gone")
    assert shown(app) == []
    assert app.selectbox(key="runs-tag").value == "gone"
    assert "No run matches." in [one.value for one in app.caption]


def test_the_page_of_a_long_list_is_in_the_address(studio, workspace, runs, monkeypatch):
    monkeypatch.setattr("pages.parts.runs.filters.PAGE_SIZE", 2)
    app = studio("pages/runs.py", page="2", sort="name")
    assert shown(app) == [runs[2].id]
    app.number_input(key="runs-page").set_value(1).run()
    assert shown(app) == [runs[1].id, runs[0].id]
    assert "page" not in app.query_params
    app.number_input(key="runs-page").set_value(2).run()
    assert app.query_params["page"] == "2"
    app.selectbox(key="runs-sort").select("longest").run()
    assert "page" not in app.query_params, "another list begins with its first page"
    assert shown(app) == [runs[2].id, runs[1].id]
    assert shown(studio("pages/runs.py", page="9", sort="name")) == [runs[2].id], "the last one there is"
    assert shown(studio("pages/runs.py", page="x", sort="name")) == [runs[1].id, runs[0].id]


def test_ticked_runs_that_were_interrupted_are_resumed_together(studio, workspace, runs, monkeypatch):
    monkeypatch.setattr("pages.parts.runs.ticked.ensure_supervisor", lambda workspace: None)
    for folder in runs[:2]:
        update_state(folder, status="interrupted")
    app = studio("pages/runs.py")
    tick(app, *runs)
    app.button(key="ticked-resume").click().run()
    assert not app.exception
    assert [read_state(folder)["status"] for folder in runs] == ["queued", "queued", "finished"]
    assert {entry["run"] for entry in list_queue(workspace)} == {folder.id for folder in runs[:2]}


def test_the_header_says_how_much_disk_the_runs_use(studio, workspace, runs):
    (runs[0].path / "big").write_bytes(bytes(3_000_000))
    (said,) = [one.value for one in studio("pages/runs.py").caption if "running or queued" in one.value]
    assert said == "3 runs, 0 running or queued, 3.2 MB on disk."


def test_a_ticked_run_is_branched_and_the_tree_is_shown(studio, workspace, monkeypatch):
    monkeypatch.setattr("pages.parts.runs.branched.ensure_supervisor", lambda workspace: None)
    folder = make_run(workspace, name="parent", train__epochs=2)
    run_here(folder)
    app = studio("pages/runs.py")
    tick(app, folder)
    assert (
        "1 (weights alone, the optimizer begins anew)"
        in app.selectbox(key=f"branch-epoch-{folder.id}").options
    )
    app.selectbox(key=f"branch-epoch-{folder.id}").select(1)
    app.text_input(key=f"branch-set-{folder.id}").input("model.widths=[9,4]")
    app.button(key=f"FormSubmitter:branch-{folder.id}-Start branch").click().run()
    assert "cannot be changed in a branch" in app.error[0].value
    app.text_input(key=f"branch-set-{folder.id}").input("train.learning_rate=0.01")
    app.button(key=f"FormSubmitter:branch-{folder.id}-Start branch").click().run()
    (made,) = [state for state in list_states(workspace) if state["run"] != folder.id]
    assert (made["parent"], made["branched_at"], made["epochs"]) == (folder.id, 1, 3)
    assert "from epoch 1: " in "\n".join(str(one.value) for one in app.markdown)
