"""The page Sweep: what it will take, its progress, its result; and refusals."""

from __future__ import annotations

import pytest

from selfsup_core.runs.folder import list_states
from selfsup_core.runs.sweeps.folder import list_sweeps, read_sweep_plan, read_sweep_state
from selfsup_core.workers.sweeping import Sweeping
from tests.helpers import make_run
from tests.pages.test_pages import texts
from tests.runs.sweep_helpers import Machine, finish_sweep, new_sweep


@pytest.fixture
def studio(studio, monkeypatch):
    """No sweeper is started."""
    for module in ("pages.parts.runs.sweep_shown", "selfsup_core.workers.sweeper"):
        monkeypatch.setattr(f"{module}.drive", lambda workspace: None)
    return studio


def test_a_sweep_is_started_from_a_run_with_a_second_setting(studio, workspace):
    run = make_run(workspace, name="Mine")
    app = studio("pages/sweep.py", recipe=run.id)
    assert "9 runs, one after another: about" in texts(app)
    assert "Ranked by: error on validation samples (MSE) (lower is better), never by test rows." in texts(app)
    assert app.selectbox(key=f"sweep-setting-0-{run.id}").value == "train.learning_rate"
    app.selectbox(key=f"sweep-setting-1-{run.id}").select("train.batch_size").run()
    app.text_input(key=f"sweep-values-1-{run.id}-train.batch_size").input("16..64:2").run()
    assert "18 runs" in texts(app)
    assert "Batch size: 16, 64 (spaced evenly" in texts(app)
    app.number_input(key="sweep-seeds").set_value(1).run()
    app.number_input(key=f"sweep-epochs-{run.id}").set_value(2).run()
    app.button(key="sweep-start").click().run()
    assert not app.exception
    (folder,) = list_sweeps(workspace)
    plan = read_sweep_plan(folder)
    assert (plan.runs, plan.spec.train.epochs) == (6, 2)
    assert [state["status"] for state in list_states(workspace) if state["part_of"]] == ["queued"]
    assert app.query_params["sweep"] == folder.id
    assert "0 of 6 runs have ended." in [bar.proto.text for bar in app.get("progress")] or "0 of 6" in texts(
        app
    )


def test_bad_values_are_named_and_nothing_is_started(studio, workspace):
    app = studio("pages/sweep.py", recipe="dense-table")
    app.text_input(key="sweep-values-0-dense-table-train.learning_rate").input("1e-2..1e-3").run()
    assert "from a smaller to a larger" in app.error[0].value
    assert "sweep-start" not in [button.key for button in app.button]
    app.text_input(key="sweep-values-0-dense-table-train.learning_rate").input("").run()
    assert "write the values to try" in texts(app)
    assert list_sweeps(workspace) == []
    assert "no preset or run 'gone'" in studio("pages/sweep.py", recipe="gone").error[0].value
    assert "There is no sweep 'gone'" in studio("pages/sweep.py", sweep="gone").error[0].value


def test_it_is_stopped_resumed_and_its_result_is_shown(studio, workspace):
    folder = new_sweep(workspace)
    Sweeping(folder, lambda place: None).step()
    app = studio("pages/sweep.py", sweep=folder.id)
    app.button(key="sweep-stop").click().run()
    assert read_sweep_state(folder)["status"] == "stopped"
    app.run()
    app.button(key="sweep-resume").click().run()
    assert read_sweep_state(folder)["status"] == "running"
    finish_sweep(folder, Machine())
    shown = studio("pages/sweep.py", sweep=folder.id)
    said = texts(shown)
    assert "Best: learning rate 0.01 · batch size 16" in said
    assert "Learning rate: best at 0.01" in said
    assert len(shown.get("plotly_chart")) == 2
    assert [link.label for link in shown.get("page_link")].count("Compare the best") == 1
    table = next(one.value for one in shown.dataframe if "Rank" in one.value)
    assert list(table["Rank"]) == [1, 2, 3, 4]
    runs = next(one.value for one in shown.dataframe if "Run" in one.value)
    assert set(runs["Run"].str.partition("run=")[2]) == {state["run"] for state in list_states(workspace)}
    listed = studio("pages/sweep.py")
    assert "Sweeps so far" in texts(listed)
    listed.button(key=f"delete-sweep-listed-{folder.id}").click().run()
    assert list_sweeps(workspace) == []
    assert "1 deleted" not in texts(listed)
    assert len(list(list_states(workspace))) == 8


def test_the_list_of_runs_links_to_it_and_shows_a_sweeps_runs(studio, workspace):
    folder = new_sweep(workspace)
    finish_sweep(folder, Machine())
    app = studio("pages/runs.py", search=f"#{folder.tag}", short="shown")
    assert "Sweep" in [link.label for link in app.get("page_link")]
    assert len([b for b in app.button if str(b.key).startswith("delete-runs-")]) == 8
