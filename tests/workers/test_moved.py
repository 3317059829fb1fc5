"""A workspace that is copied or moved while work is going on: each folder has a supervisor of its own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from selfsup_core.runs.control import send
from selfsup_core.runs.folder import RunFolder, read_state, update_state
from selfsup_core.runs.processes import is_alive
from selfsup_core.runs.queue import submit
from selfsup_core.workers import worker as worker_module
from selfsup_core.workers.keeper import FolderGone
from selfsup_core.workers.supervisor import (
    ensure_supervisor,
    home,
    is_still_ours,
    stop_supervisor,
    supervisor_info,
)
from selfsup_core.workers.worker import Worker
from tests.conftest import supervisor_in
from tests.helpers import make_run, run_here, tiny_spec, wait_for, wait_status

SLOW = {"train__epochs": 400, "train__epochs_per_second": 4.0, "train__checkpoint_seconds": 0.2}


@pytest.mark.serial
def test_a_copied_and_a_moved_workspace_go_on_by_themselves(tmp_path: Path):
    original, copy, moved = tmp_path / "original", tmp_path / "copy", tmp_path / "moved"
    original.mkdir()
    with supervisor_in(original):
        folder = submit(original, tiny_spec(**SLOW))
        worker = wait_for(lambda: (s := read_state(folder))["epoch"] >= 2 and s["worker"], "epoch 2")
        shutil.copytree(original, copy, ignore=shutil.ignore_patterns("*.tmp"))
        assert supervisor_info(original)
        assert supervisor_info(copy) is None, "the copied file names the original's"
        assert not stop_supervisor(copy)
        assert supervisor_info(original)
        other = submit(copy, tiny_spec())
        with supervisor_in(copy):
            wait_status(other, "finished")
            taken = RunFolder(copy / "runs" / folder.id)
            wait_status(taken, "interrupted")
        assert is_alive(worker["pid"], worker["start"]), "the original's run is none of the copy's"
        assert read_state(folder)["status"] == "running"

        about = supervisor_info(original)
        os.rename(original, moved)
        folder = RunFolder(moved / "runs" / folder.id)
        with supervisor_in(moved):
            wait_for(lambda: not is_alive(worker["pid"], worker["start"]), "the worker's end")
            wait_for(lambda: not is_alive(about["pid"], about["start"]), "the end of its supervisor")
            wait_status(folder, "interrupted")
            send(folder, "resume")
            ensure_supervisor(moved)
            wait_status(folder, "running")
            send(folder, "stop")
            wait_status(folder, "stopped")
        assert not original.exists(), "nothing is written where the workspace was"


def test_a_worker_whose_folder_is_gone_leaves_without_a_trace(workspace: Path, monkeypatch):
    folder = make_run(workspace)
    from selfsup_core.workers.session import Session

    monkeypatch.setattr(Session, "train", lambda self: os.rename(workspace, workspace.with_name("moved")))
    with pytest.raises(FolderGone):
        Worker(folder).run()
    assert not workspace.exists()
    os.rename(workspace.with_name("moved"), workspace)
    update_state(folder, worker=None)
    monkeypatch.setattr(Session, "train", lambda self: shutil.rmtree(folder.path))
    assert worker_module.main(str(folder.path)) == 0
    assert not folder.path.exists()


def test_a_supervisor_knows_when_its_folder_is_no_longer_its_own(workspace: Path):
    assert not is_still_ours(workspace)
    home(workspace).mkdir(parents=True)
    about = (
        '{"pid": %d, "start": 1.0, "workspace": "", "fingerprint": "", "running": [], "silent": [], '
        '"ready": true}'
    )
    (home(workspace) / "about.json").write_text(about % os.getpid())
    assert is_still_ours(workspace)
    (home(workspace) / "about.json").write_text(about % 1)
    assert not is_still_ours(workspace)
    (home(workspace) / "about.json").write_text("[")
    assert is_still_ours(workspace), "damaged, but nobody else's"


def test_runs_work_after_the_workspace_has_moved(workspace: Path):
    folder = make_run(workspace)
    os.rename(workspace, workspace.with_name("elsewhere"))
    moved = RunFolder(workspace.with_name("elsewhere") / "runs" / folder.id)
    assert run_here(moved)["status"] == "finished"
