"""Example runs that come with the program."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from selfsup_core.errors import RunError
from selfsup_core.runs import examples
from selfsup_core.runs.examples import add_examples, list_examples
from selfsup_core.runs.folder import RunFolder, list_states, read_rows
from selfsup_core.runs.frames import read_frame
from selfsup_core.runs.spec import read_spec
from selfsup_core.runs.thinned import frame_path, list_frames
from selfsup_core.runs.trash import delete
from tests.helpers import make_run


def test_a_new_workspace_gets_whole_finished_runs(tmp_path: Path):
    added = add_examples(tmp_path)
    assert sorted(folder.id for folder in added) == list_examples()
    assert len(list_examples()) == 3
    for state in list_states(tmp_path):
        folder = RunFolder(tmp_path / "runs" / state["run"])
        assert state["status"] == "finished"
        assert state["name"].startswith("Example: ")
        assert read_spec(folder.spec).data.source == state["source"]
        frames = list_frames(folder.frames)
        assert (frames[0], frames[-1]) == (0, state["epoch"])
        labels = read_frame(folder.frames / "static.safetensors")["labels"]
        assert len(read_frame(frame_path(folder.frames, frames[-1]))["map"]) == len(labels)
        assert [row["epoch"] for row in read_rows(folder.metrics) if row["kind"] == "epoch"][-1] == state[
            "epoch"
        ]


def test_deleted_examples_stay_away_until_they_are_asked_for(tmp_path: Path):
    first = add_examples(tmp_path)[0]
    delete(first)
    assert add_examples(tmp_path) == []
    assert not first.exists()
    assert [folder.id for folder in add_examples(tmp_path, again=True)] == [first.id]


def test_a_workspace_that_is_in_use_is_left_alone(workspace: Path):
    make_run(workspace)
    assert add_examples(workspace) == []


def test_a_damaged_file_is_said_and_leaves_nothing_half_written(tmp_path: Path, monkeypatch):
    broken = tmp_path / "examples"
    shutil.copytree(examples.FOLDER, broken)
    name = list_examples()[1]
    (broken / f"{name}.zip").write_bytes((broken / f"{name}.zip").read_bytes()[:2000])
    monkeypatch.setattr(examples, "FOLDER", broken)
    place = tmp_path / "workspace"
    with pytest.raises(RunError, match=f"{name}.zip"):
        add_examples(place)
    assert name not in [entry.name for entry in (place / "runs").iterdir()]
    assert not list(place.glob(".example-*"))
