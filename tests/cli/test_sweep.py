"""`sweep …`: started, listed, shown, stopped, resumed and deleted from the command line."""

from __future__ import annotations

import json

import pytest

from selfsup_core.runs.sweeps.folder import list_sweeps
from selfsup_core.workers import sweeper
from selfsup_core.workers.sweeper import Sweeper
from tests.cli.helpers import cli
from tests.runs.sweep_helpers import MOST_STEPS, Machine

TINY = ("--set", "data.source=wine", "--set", "train.epochs=2")
VARY = ("--vary", "train.learning_rate=1e-3,1e-2", "--vary", "train.batch_size=16..32:2")


@pytest.fixture
def machine(monkeypatch) -> Machine:
    """Trains at once what a command hands to the sweeper."""
    made = Machine()

    def drive(workspace) -> None:
        helper = Sweeper(workspace)
        helper.look()
        for sweeping in helper.sweeps.values():
            sweeping.supervise = made.work
        for _ in range(MOST_STEPS):
            helper.step()
        assert not helper.sweeps

    monkeypatch.setattr(sweeper, "drive", drive)
    return made


def test_a_sweep_from_its_start_to_the_trash(workspace, machine):
    done = cli("sweep", "dense-table", *TINY, *VARY, "--seeds", "2", "--json", workspace=workspace)
    assert done.returncode == 0, done.stderr
    assert "8 runs, one after another" in done.stderr
    assert "Ranked by error on validation samples (MSE) (lower is better)." in done.stderr
    assert "train.batch_size: 16, 32 (spaced evenly" in done.stderr
    found = json.loads(done.stdout)
    assert (found["status"], found["done"], found["preset"]) == ("finished", 8, "dense-table")
    (listed,) = json.loads(cli("sweep", "list", "--json", workspace=workspace).stdout)
    assert listed["best"].startswith("Best: learning rate 0.01 · batch size 16")
    assert found["sweep"] in cli("sweep", "list", workspace=workspace).stdout
    shown = cli("sweep", "show", found["sweep"][:-1], workspace=workspace).stdout
    assert "Learning rate: best at 0.01" in shown
    assert f"Compare the best: runs compare {' '.join(found['compared'])}" in shown
    again = cli("sweep", "resume", found["sweep"], workspace=workspace)
    assert (again.returncode, "All runs of the sweep have ended." in again.stderr) == (1, True)
    assert set(machine.trained.values()) == {1}
    gone = cli("sweep", "delete", found["sweep"], "--runs", "--json", workspace=workspace)
    assert json.loads(gone.stdout) == {"sweep": found["sweep"], "deleted": True, "runs": 8}
    assert cli("sweep", "list", workspace=workspace).stdout.strip() == "No sweeps yet."
    assert cli("runs", "restore", found["sweep"], workspace=workspace).returncode == 0
    assert len(list_sweeps(workspace)) == 1


def test_stop_keeps_what_is_done_and_resume_goes_on(workspace, machine, monkeypatch):
    drive = sweeper.drive
    monkeypatch.setattr(sweeper, "drive", lambda workspace: None)
    start = cli("sweep", "start", "dense-table", *TINY, *VARY, "--no-wait", "--json", workspace=workspace)
    sweep = json.loads(start.stdout)["sweep"]
    stopped = cli("sweep", "stop", sweep, workspace=workspace)
    assert stopped.stdout.strip() == f"Stopped. Go on with: sweep resume {sweep}"
    assert f"Go on with: sweep resume {sweep}" in cli("sweep", "show", sweep, workspace=workspace).stdout
    monkeypatch.setattr(sweeper, "drive", drive)
    resumed = cli("sweep", "resume", sweep, "--json", workspace=workspace)
    assert json.loads(resumed.stdout)["done"] == 12


def test_ctrl_c_leaves_the_sweep_going_and_says_how_to_come_back(workspace, machine, monkeypatch):
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sweeper, "drive", lambda workspace: None)
    monkeypatch.setattr("selfsup_core.cli.sweep.time.sleep", interrupt)
    done = cli("sweep", "dense-table", *TINY, *VARY, workspace=workspace)
    (folder,) = list_sweeps(workspace)
    assert done.returncode == 0
    assert f"Follow it: sweep resume {folder.id}. Stop it: sweep stop {folder.id}" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothing", *VARY), "no preset, run or spec file 'nothing'"),
        (("dense-table", "--vary", "train.lerning_rate=1"), "Did you mean train.learning_rate"),
        (("dense-table", "--vary", "train.learning_rate"), "which values to try"),
        (("dense-table", *VARY, "--method", "guess"), "method must be 'grid', 'random' or 'optuna'"),
        (("dense-table", "--vary", "train.learning_rate=1e-4..1:50", "--seeds", "11"), "at most 500"),
        (("show", "x"), "There is no sweep 'x'"),
    ],
)
def test_bad_input_is_named(workspace, words, said):
    done = cli("sweep", *words, workspace=workspace)
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert list_sweeps(workspace) == []
