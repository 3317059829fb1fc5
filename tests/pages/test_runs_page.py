"""The list of runs: sorted, ticked, tagged, renamed, deleted together, and compared."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.runs.listed import SORTS, matches, sort_runs
from selfsup_core.runs.folder import DamagedRun, RunFolder, list_states, read_state, update_state
from selfsup_core.runs.labels import add_tags, read_labels, write_note
from selfsup_core.runs.queue import submit
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
    best.selectbox(key="runs-order").select("name").run()
    assert shown(best) == [runs[1].id, runs[0].id, runs[2].id]
    assert best.query_params["sort"] == "name"
    assert "sort" in studio("pages/runs.py", sort="size").error[0].value


def test_runs_are_sorted_and_damaged_ones_come_last(runs, workspace):
    states = [read_state(folder) for folder in runs]
    damaged = DamagedRun("x", "broken")
    order = {name: [one["name"] for one in sort_runs(states, name)] for name in SORTS}
    assert order == {
        "newest": ["b", "a", "c"],
        "oldest": ["c", "a", "b"],
        "name": ["a", "b", "c"],
        "best": ["a", "b", "c"],
        "longest": ["c", "a", "b"],
    }
    assert sort_runs([damaged, *states], "name")[-1] == damaged


def test_tags_and_notes_are_found(runs):
    add_tags(runs[0].path, ["paper"])
    write_note(runs[1].path, "for the paper")
    states = [read_state(folder) for folder in runs]
    assert [matches(state, ["paper"]) for state in states] == [True, True, False]
    assert [matches(state, ["#paper"]) for state in states] == [True, False, False]
    assert matches(DamagedRun("x", ""), ["damaged"])


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
