"""Workspaces of earlier releases open, go on and finish; those of later ones are refused and left alone."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from selfsup_core.data.sources import list_sources, open_source
from selfsup_core.errors import StudioError
from selfsup_core.runs import workspace as workspace_module
from selfsup_core.runs.folder import RunFolder, list_states, read_rows
from selfsup_core.runs.frames import read_frame
from selfsup_core.runs.spec import read_spec, task_of
from selfsup_core.runs.thinned import list_frames
from selfsup_core.runs.workspace import FORMAT, open_workspace, read_format
from selfsup_core.workers.supervisor import stop_supervisor
from tests.cli.helpers import real_cli
from tests.helpers import ROOT, run_here

RELEASED = sorted((ROOT / "tests" / "fixtures").glob("workspace-*.zip"))
TASKS = ("autoencoder", "classify", "pseudo", "language")


@pytest.fixture(scope="module", params=RELEASED, ids=lambda path: path.stem)
def released(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace as a release left it: a run that is finished, and one of each task that was interrupted."""
    folder = tmp_path_factory.mktemp("released")
    with zipfile.ZipFile(request.param) as archive:
        archive.extractall(folder)
    return open_workspace(folder / "workspace")


def run_named(workspace: Path, name: str) -> RunFolder:
    (found,) = [state["run"] for state in list_states(workspace) if state["name"] == name]
    return RunFolder(workspace / "runs" / found)


def test_there_is_a_workspace_of_every_release():
    releases = re.findall(r"^## (\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert [path.stem for path in RELEASED] == sorted(f"workspace-{release}" for release in releases)


def test_runs_data_and_frames_of_a_release_are_read(released: Path):
    assert read_format(released) == FORMAT
    states = {state["name"]: state for state in list_states(released)}
    assert set(states) == {"finished", *TASKS}
    own = {name for name in list_sources(released) if name.startswith("my-")}
    assert {open_source(name, released).kind for name in own} == {"table", "text"}
    for name in states:
        folder = run_named(released, name)
        assert task_of(read_spec(folder.spec)) == name.replace("finished", "autoencoder")
        epochs = list_frames(folder.frames)
        assert 0 in epochs
        assert read_frame(folder.frames / f"{epochs[-1]:06d}.safetensors")


@pytest.mark.parametrize("task", TASKS)
def test_an_interrupted_run_of_a_release_goes_on_from_its_checkpoint(
    released: Path, task: str, tmp_path: Path
):
    folder = run_named(released, task)
    copy = tmp_path / "workspace"
    shutil.copytree(released, copy)
    resumed = RunFolder(copy / "runs" / folder.id)
    before = [row for row in read_rows(folder.metrics) if row["kind"] == "epoch"]
    state = run_here(resumed)
    assert state["status"] == "finished", state["error"]
    assert not [notice for notice in state.get("notices", []) if "starts again" in notice or "spec" in notice]
    after = [row for row in read_rows(resumed.metrics) if row["kind"] == "epoch"]
    assert [row["epoch"] for row in after] == [0, 1, 2, 3, 4]
    assert after[: len(before)] == before, "what the release has written stays"
    if task == "autoencoder":
        whole, half = (run_named(copy, name).weights / "000004.safetensors" for name in ("finished", task))
        expected, found = load_file(whole), load_file(half)
        assert expected.keys() == found.keys()
        for name in expected:
            np.testing.assert_allclose(found[name], expected[name], atol=2e-3)


def test_a_newer_workspace_is_refused_and_left_alone(workspace: Path):
    workspace.mkdir()
    text = json.dumps({"format": FORMAT + 1, "version": "9.0"})
    (workspace / "workspace.json").write_text(text)
    with pytest.raises(StudioError, match=r"newer version \(format 2; this one reads up to 1\)") as caught:
        open_workspace(workspace)
    assert "Update SelfSup Studio" in caught.value.remedy
    assert (workspace / "workspace.json").read_text() == text


def test_an_older_workspace_is_brought_up_to_date_once_and_in_order(workspace: Path, monkeypatch):
    workspace.mkdir()
    done: list[int] = []
    monkeypatch.setattr(workspace_module, "FORMAT", 3)
    steps = {n: (lambda _, n=n: done.append(n)) for n in (1, 2)}
    monkeypatch.setattr(workspace_module, "MIGRATIONS", steps)
    assert open_workspace(workspace) == workspace
    open_workspace(workspace)
    assert done == [1, 2]
    assert read_format(workspace) == 3


def test_a_migration_that_was_cut_off_is_done_again(workspace: Path, monkeypatch):
    workspace.mkdir()
    calls: list[int] = []

    def second(_: Path) -> None:
        calls.append(2)
        if len(calls) < 3:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(workspace_module, "FORMAT", 3)
    monkeypatch.setattr(workspace_module, "MIGRATIONS", {1: lambda _: calls.append(1), 2: second})
    with pytest.raises(OSError, match="No space"):
        open_workspace(workspace)
    assert read_format(workspace) == 2
    open_workspace(workspace)
    assert calls == [1, 2, 2]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "2"}', '{"format": true}', '{"format": -1}'])
def test_a_damaged_format_holds_up_nobody(workspace: Path, text: str):
    workspace.mkdir()
    (workspace / "workspace.json").write_text(text)
    assert open_workspace(workspace) == workspace


posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no modes")


def open_to_others(folder: Path) -> list[str]:
    """What anybody but the owner may use."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in (folder, *folder.rglob("*"))
        if path.lstat().st_mode & 0o077
    )


@posix
def test_an_open_workspace_is_closed_to_others(tmp_path: Path):
    workspace, elsewhere = tmp_path / "workspace", tmp_path / "shared.csv"
    elsewhere.write_text("a,b")
    for name in ("runs/a/frames", "datasets/b", ".job-1"):
        (workspace / name).mkdir(parents=True)
    for name in ("secret", "runs/a/state.json", "runs/a/frames/0.safetensors", "datasets/b/x.npy"):
        (workspace / name).write_bytes(b"{}")
    (workspace / "datasets" / "link.csv").symlink_to(elsewhere)
    for path in (elsewhere, workspace, *workspace.rglob("[!l]*")):
        path.chmod(0o775 if path.is_dir() else 0o664)
    (workspace / "datasets" / "b" / "x.npy").chmod(0o444)
    open_workspace(workspace)
    assert set(open_to_others(workspace)) <= {"datasets/link.csv", ".job-1", "workspace.json"}, (
        "what is made now lies in a closed folder"
    )
    assert stat.S_IMODE((workspace / "datasets" / "b" / "x.npy").stat().st_mode) == 0o400
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o664


@posix
@pytest.mark.parametrize("kind", ["home", "tmp"])
def test_a_folder_that_is_used_for_other_things_stays_open(tmp_path: Path, kind: str):
    workspace = tmp_path / "folder"
    (workspace / "runs").mkdir(parents=True)
    (workspace / "secret").write_bytes(b"x" * 32)
    if kind == "home":
        (workspace / "notes.txt").write_text("for all")
        (workspace / "notes.txt").chmod(0o644)
    workspace.chmod(0o1777 if kind == "tmp" else 0o755)
    (workspace / "runs").chmod(0o755)
    (workspace / "secret").chmod(0o644)
    open_workspace(workspace)
    assert not {"runs", "secret"} & set(open_to_others(workspace))
    assert {".", "notes.txt"} & set(open_to_others(workspace)) == (
        {".", "notes.txt"} if kind == "home" else {"."}
    )


@posix
def test_all_that_our_processes_make_is_their_owner_s_only(tmp_path: Path, monkeypatch):
    """Command line, supervisor, worker and import child; what was asked for by name is the person's own
    business.
    """
    workspace = tmp_path / "workspace"
    table = tmp_path / "points.csv"
    table.write_text("a,b,label\n" + "".join(f"{i},{i % 7},{'xy'[i % 2]}\n" for i in range(200)))
    monkeypatch.setattr(os, "environ", os.environ | {"SELFSUP_WORKSPACE": str(workspace)})
    before = os.umask(0o022)
    try:
        assert real_cli("data", "add", str(table), "--name", "Points", workspace=workspace).returncode == 0
        (name,) = [path.name for path in (workspace / "datasets").iterdir() if not path.name.startswith(".")]
        train = ("train", "dense-64-32-16", "--set", f"data.source={name}", "--set", "train.epochs=1")
        done = real_cli(*train, workspace=workspace)
        assert done.returncode == 0, done.stderr
        done = real_cli("data", "export", name, str(tmp_path), workspace=workspace)
        assert done.returncode == 0, done.stderr
    finally:
        os.umask(before)
        stop_supervisor(workspace)
    assert open_to_others(workspace) == []
    (exported,) = tmp_path.glob("*.parquet")
    assert stat.S_IMODE(exported.stat().st_mode) == 0o644
