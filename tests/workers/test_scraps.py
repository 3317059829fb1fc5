"""What killed processes leave behind is swept away, and nothing else; output that does not fit on the disk is
lost.
"""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from selfsup_core.errors import StudioError
from selfsup_core.files import SCRAP_SECONDS, disk_error, sweep
from selfsup_core.runs import folder as folder_module
from selfsup_core.runs.folder import list_states, read_state, update_state
from selfsup_core.runs.processes import identity
from selfsup_core.workers.log import Log
from selfsup_core.workers.scheduler import Scheduler
from selfsup_core.workers.worker import Worker
from tests.helpers import make_run
from tests.runs.test_queue import FakeLauncher


def make_old(path: Path) -> Path:
    then = time.time() - SCRAP_SECONDS - 60
    os.utime(path, (then, then))
    return path


def test_old_scraps_are_swept_when_a_supervisor_starts(workspace: Path):
    folder = make_run(workspace)
    old, new = folder.path / ".state.json.0123abcd.tmp", folder.path / ".state.json.89abcdef.tmp"
    job, keep = workspace / ".job-x1", folder.path / ".gitkeep"
    job.mkdir()
    for path in (old, new, keep, job / "log"):
        path.write_text("half")
    for path in (old, keep, job):
        make_old(path)
    Scheduler(workspace, FakeLauncher()).recover()
    assert [path.exists() for path in (old, new, keep, job)] == [False, True, True, False]
    assert sweep(workspace / "missing") == 0


def test_output_on_a_full_disk_is_lost_and_nothing_else():
    log = Log(-1)
    assert log.write("text") == 4
    print("text", file=log, flush=True)
    assert log.encoding == "utf-8"


def test_a_read_only_workspace_is_said_by_whoever_looks(workspace: Path, monkeypatch):
    folder, done = make_run(workspace), make_run(workspace)
    update_state(folder, status="running", worker=identity())
    update_state(done, status="finished")
    assert read_state(folder)["status"] == "running"
    monkeypatch.setattr(folder_module, "is_read_only", lambda path: True)
    state = read_state(folder)
    assert (state["status"], state["message"]) == ("paused", folder_module.READ_ONLY)
    assert sorted(s["status"] for s in list_states(workspace)) == ["finished", "paused"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_a_full_disk_is_said_without_a_path(code: int):
    said = str(disk_error(OSError(code, os.strerror(code), "/secret/place/state.json")))
    assert said.startswith(f"Could not write to disk: {os.strerror(code)}.")
    assert "/secret" not in said
    assert "/secret" not in str(disk_error(PermissionError(13, "Permission denied", "/secret/place/x")))


def test_the_command_line_says_so_too(workspace: Path, monkeypatch, capsys):
    from selfsup_core.cli import main as main_module

    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(workspace / "x"))

    monkeypatch.setattr(main_module, "app", full)
    with pytest.raises(SystemExit):
        main_module.main()
    said = capsys.readouterr().err
    assert (
        said
        == "Error: Could not write to disk: No space left on device. Free some disk space and try again.\n"
    )


@pytest.mark.parametrize("name", ["worker.lock", "control"])
def test_no_space_for_a_new_file_at_the_start_pauses(workspace: Path, monkeypatch, name: str):
    from filelock import FileLock

    from selfsup_core.workers import keeper as keeper_module
    from selfsup_core.workers import worker as worker_module

    folder = make_run(workspace)
    folder.control.rmdir()
    left, seen = [2], []
    real_acquire, real_mkdir = FileLock.acquire, Path.mkdir

    def full(path: str) -> None:
        if path.endswith(name) and left[0]:
            left[0] -= 1
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(
        FileLock, "acquire", lambda self, *a, **k: full(self.lock_file) or real_acquire(self, *a, **k)
    )
    monkeypatch.setattr(Path, "mkdir", lambda self, *a, **k: full(str(self)) or real_mkdir(self, *a, **k))
    monkeypatch.setattr(
        keeper_module.time, "sleep", lambda seconds: seen.append(read_state(folder)["message"])
    )
    assert worker_module.main(str(folder.path)) == 0
    assert any("The disk is full" in message for message in seen)
    assert read_state(folder)["status"] == "finished"


def test_equal_files_have_equal_bytes():
    import numpy as np
    from safetensors.numpy import load

    from selfsup_core.runs.frames import save_arrays
    from selfsup_core.safetensors_header import read_metadata

    arrays = {name: np.arange(5, dtype=np.float32) for name in "dbca"}
    texts = {f"key {i}": "ü" * i for i in range(20)}
    blobs = {save_arrays(arrays, dict(reversed(texts.items())) if i % 2 else texts) for i in range(10)}
    assert len(blobs) == 1
    (blob,) = blobs
    assert read_metadata(blob) == texts
    assert all((load(blob)[name] == arrays[name]).all() for name in arrays)


def test_a_damaged_state_lets_no_worker_begin(workspace: Path):
    folder = make_run(workspace)
    folder.state.write_text("[]")
    with pytest.raises(StudioError, match="damaged"):
        Worker(folder)
