"""Which runs a list shows, in which order, and how much disk they use."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from selfsup_core.errors import SettingError
from selfsup_core.runs import index
from selfsup_core.runs.disk import DiskUse, disk_use, run_bytes
from selfsup_core.runs.folder import DamagedRun, RunFolder, list_states, read_state, scan_runs, update_state
from selfsup_core.runs.labels import add_tags, write_note
from selfsup_core.runs.listed import SORTS, known_owners, known_tags, make_wanted, matches, sort_runs
from tests.cli.helpers import cli
from tests.helpers import make_run


@pytest.fixture
def runs(workspace: Path) -> list[RunFolder]:
    """Three finished runs: b, a and c, of which a is the best and c the longest."""
    made = [make_run(workspace, name=name) for name in "bac"]
    for folder, loss, seconds in zip(made, (0.3, 0.1, None), (1.0, 2.0, 30.0), strict=True):
        best = None if loss is None else {"epoch": 1, "val_loss": loss}
        update_state(folder, status="finished", best=best, seconds=seconds)
    return made


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


def test_filters_are_all_met_and_a_damaged_run_has_its_status(runs, workspace):
    add_tags(runs[0].path, ["paper"])
    update_state(runs[1], status="interrupted", owner="ann")
    runs[2].state.write_text("{")
    states = list(scan_runs(workspace))

    def found(**values: str) -> set[str]:
        chosen = make_wanted(values).select(states)
        return {one.run if isinstance(one, DamagedRun) else one["run"] for one in chosen}

    assert found() == {folder.id for folder in runs}
    assert found(status="interrupted") == {runs[1].id}
    assert found(status="damaged") == {runs[2].id}
    assert found(task="autoencoder") == {runs[0].id, runs[1].id}
    assert found(task="language") == set()
    assert found(tag="#Paper") == {runs[0].id}
    assert found(owner="ann") == {runs[1].id}
    assert found(owner="ann", tag="paper") == set()
    assert (known_tags(states), known_owners(states)) == (["paper"], ["ann", "local"])


@pytest.mark.parametrize("wrong", [{"status": "done"}, {"sort": "size"}, {"state": "finished"}, {"tag": 3}])
def test_what_is_asked_for_in_vain_is_named(wrong):
    with pytest.raises(SettingError, match=next(iter(wrong))):
        make_wanted(wrong)


def settle(folder: RunFolder) -> None:
    then = time.time() - 60
    os.utime(folder.state, (then, then))


def test_disk_use_is_counted_once_until_a_run_changes(runs, workspace, monkeypatch):
    for folder in runs:
        settle(folder)
    monkeypatch.setattr(index, "WORTH_KEEPING", 1)
    real, counted = index.folder_bytes, []
    monkeypatch.setattr(index, "folder_bytes", lambda path: counted.append(path.name) or real(path))
    index.forget()
    list(list_states(workspace))
    wanted = sum(real(folder.path) for folder in runs)
    assert disk_use(workspace, seconds=9) == DiskUse(wanted, 0)
    list(list_states(workspace))  # writes the index
    index.forget()  # as the next process begins
    list(list_states(workspace))
    assert disk_use(workspace, seconds=9) == DiskUse(wanted, 0)
    assert sorted(counted) == sorted(folder.id for folder in runs)
    (runs[0].path / "more").write_bytes(bytes(1000))
    update_state(runs[0], epoch=2)
    list(list_states(workspace))
    assert disk_use(workspace, seconds=9).bytes > wanted + 900
    assert counted[3:] == [runs[0].id]


def test_what_there_was_no_time_to_count_is_said(runs, workspace):
    index.forget()
    list(list_states(workspace))
    use = disk_use(workspace, seconds=-1)
    assert use == DiskUse(0, 3)
    assert use.say() == "at least 0 MB on disk, still counting"
    assert run_bytes(runs[0], walks=False) is None
    assert disk_use(workspace, seconds=9).say().endswith("MB on disk")


def test_a_list_on_the_command_line_is_filtered_sorted_and_cut(runs, workspace):
    update_state(runs[0], status="interrupted")
    done = cli("runs", "list", "--status", "finished", "--sort", "name", "--json", workspace=workspace)
    entries = json.loads(done.stdout)
    assert [entry["name"] for entry in entries] == ["a", "c"]
    assert entries[0]["bytes"] > 60_000, "the reserve alone has so many"
    shown = cli("runs", "list", "--sort", "longest", "--limit", "1", workspace=workspace)
    assert [line.split()[0] for line in shown.stdout.splitlines()] == ["RUN", runs[2].id]
    assert "3 runs, " in shown.stderr
    wrong = cli("runs", "list", "--status", "done", workspace=workspace)
    assert wrong.returncode
    assert "status" in wrong.stderr


def test_several_runs_are_resumed_stopped_and_deleted_at_once(runs, workspace, monkeypatch):
    monkeypatch.setattr("selfsup_core.workers.supervisor.ensure_supervisor", lambda workspace: None)
    for folder in runs[:2]:
        update_state(folder, status="interrupted")
    sent = json.loads(cli("runs", "resume", "--interrupted", "--json", workspace=workspace).stdout)
    assert {one["run"] for one in sent} == {folder.id for folder in runs[:2]}
    assert [read_state(folder)["status"] for folder in runs] == ["queued", "queued", "finished"]
    nobody = cli("runs", "resume", workspace=workspace)
    assert "No run is named" in nobody.stderr
    refused = cli("runs", "stop", *(folder.id for folder in reversed(runs)), workspace=workspace)
    assert "needs a running one" in refused.stderr
    assert [read_state(folder)["status"] for folder in runs] == ["stopped", "stopped", "finished"]
    cli("runs", "delete", *(folder.id for folder in runs), workspace=workspace)
    assert list(list_states(workspace)) == []
