"""The index of states: what it saves is never seen, except in the files that are not read."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from selfsup_core.files import read_json, write_json
from selfsup_core.runs import index
from selfsup_core.runs.folder import DamagedRun, RunFolder, list_states, scan_runs
from selfsup_core.runs.labels import rename
from selfsup_core.runs.trash import delete
from tests.helpers import make_run


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The runs whose state is read from its file."""
    found: list[str] = []
    real = index.parse_state

    def counted(path: Path):
        found.append(path.parent.name)
        return real(path)

    monkeypatch.setattr(index, "parse_state", counted)
    return found


@pytest.fixture
def runs(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> list[RunFolder]:
    """Three runs that were last written a minute ago, in a process that knows nothing of them."""
    made = [make_run(workspace, name=f"number {i}") for i in range(3)]
    for folder in made:
        age(folder)
    index.forget()
    monkeypatch.setattr(index, "WORTH_KEEPING", 1)
    return made


def age(folder: RunFolder, seconds: float = 60) -> None:
    then = time.time() - seconds
    os.utime(folder.state, (then, then))


def names(workspace: Path) -> list[str]:
    return sorted(state["name"] for state in list_states(workspace))


def test_a_state_is_read_once_also_by_the_next_process(workspace, runs, reads):
    first = list(list_states(workspace))
    assert len(reads) == 3
    assert list(list_states(workspace)) == first
    index.forget()  # as a new process begins
    assert list(list_states(workspace)) == first
    assert len(reads) == 3


def test_what_has_changed_is_read_again(workspace, runs, reads):
    list(list_states(workspace))
    write_json(runs[0].state, read_json(runs[0].state) | {"epoch": 2})
    rename(runs[1].path, "renamed")
    delete_one = runs[2]
    write_json(delete_one.state, read_json(delete_one.state) | {"status": "finished"})
    delete(delete_one)
    found = {state["run"]: state for state in list_states(workspace)}
    assert found[runs[0].id]["epoch"] == 2
    assert found[runs[1].id]["name"] == "renamed"
    assert runs[2].id not in found


def test_a_file_that_was_just_written_is_not_trusted(workspace, runs, reads):
    age(runs[0], seconds=0)
    list(list_states(workspace))
    list(list_states(workspace))
    assert reads.count(runs[0].id) == 2
    assert reads.count(runs[1].id) == 1


def test_what_a_caller_changes_is_not_seen_by_the_next(workspace, runs):
    for state in list_states(workspace):
        state["name"] = "mine"
    assert names(workspace) == ["number 0", "number 1", "number 2"]
    for state in list_states(workspace):
        state["name"] = "mine"
    assert names(workspace) == ["number 0", "number 1", "number 2"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": "0", "runs": {}}', b'{"runs": 3}'])
def test_a_damaged_or_foreign_index_is_made_again(workspace, runs, reads, content):
    list(list_states(workspace))
    path = workspace / "runs" / index.FILE
    assert len(json.loads(path.read_bytes())["runs"]) == 3
    path.write_bytes(content)
    index.forget()
    assert names(workspace) == ["number 0", "number 1", "number 2"]
    assert len(reads) == 6


def test_a_damaged_run_is_named_each_time(workspace, runs):
    runs[1].state.write_text("{")
    age(runs[1])
    for _ in range(2):
        damaged = [one for one in scan_runs(workspace) if isinstance(one, DamagedRun)]
        assert [one.run for one in damaged] == [runs[1].id]
