"""Folders of strangers: links, pipes, devices and huge files where ours should be, and names that are
none.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from selfsup_core.errors import RunError, StudioError
from selfsup_core.files import DamagedFile, load_array, read_checked, read_file, read_json
from selfsup_core.inspection.space.listing import list_spaces
from selfsup_core.pseudo.language_model import Answers
from selfsup_core.runs.folder import RunFolder, list_states, open_run, read_rows, read_state
from selfsup_core.runs.frames import read_about, read_frame
from selfsup_core.runs.queue import submit
from selfsup_core.runs.thinned import list_early, list_frames
from selfsup_core.runs.trash import delete, empty_old, restore
from selfsup_core.runs.weights import epoch_weights
from selfsup_core.settings import whole_number
from selfsup_core.train.checkpoint import list_checkpoints, load_newest
from selfsup_core.workers.live import LiveRuns
from selfsup_core.workers.scheduler import Scheduler, lacks_memory_at_end, sweep_workspace
from tests.helpers import make_run, run_here, tiny_spec
from tests.runs.test_queue import FakeLauncher

posix = pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")
OTHERS: dict[str, Callable[[Path], object]] = {
    "a link": lambda path: path.symlink_to("/etc/passwd"),
    "a link to a device": lambda path: path.symlink_to("/dev/zero"),
    "a link to itself": lambda path: path.symlink_to(path),
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "a sparse file of 10 GB": lambda path: (path.touch(), os.truncate(path, 10**10)),
}


def put(path: Path, what: str) -> None:
    path.unlink(missing_ok=True)
    OTHERS[what](path)


@posix
@pytest.mark.parametrize("what", OTHERS)
def test_what_is_no_plain_file_is_refused_and_not_waited_for(tmp_path: Path, what: str):
    path = tmp_path / "a.json"
    put(path, what)
    assert read_json(path) is None
    with pytest.raises(OSError, match=r"plain file|at most"):
        read_file(path)
    with pytest.raises(DamagedFile, match=r"^a\.json cannot be read"):
        read_checked(path, dict)
    with pytest.raises((OSError, ValueError)):
        load_array(path)
    assert read_rows(path) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"x", b"\x93NUMPY", b"PK\x03\x04", b"\x93NUMPY\x01\x00\x76\x00" + b"{" * 118, b"\x80\x04N."],
    ids=["empty", "a letter", "cut off", "a ZIP", "braces", "a pickle"],
)
def test_an_array_that_is_none_is_a_value_error(tmp_path: Path, content: bytes):
    path = tmp_path / "a.npy"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"\S"):
        load_array(path)


def test_an_array_that_promises_more_than_its_file_has_takes_no_memory(tmp_path: Path):
    path = tmp_path / "a.npy"
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }"
    path.write_bytes(b"\x93NUMPY\x01\x00\x76\x00" + header.ljust(117) + b"\n" + bytes(80))
    with pytest.raises(ValueError, match=r"\S"):
        load_array(path)
    np.save(path, np.arange(3))
    assert load_array(path).tolist() == [0, 1, 2]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = make_run(tmp_path_factory.mktemp("trained"))
    assert run_here(folder)["status"] == "finished"
    return folder


@pytest.fixture
def finished(workspace: Path, trained: RunFolder) -> RunFolder:
    """A copy for each test to spoil."""
    return RunFolder(shutil.copytree(trained.path, workspace / "runs" / trained.id))


@posix
@pytest.mark.parametrize("what", OTHERS)
def test_a_run_with_foreign_parts_is_read_as_far_as_it_goes(finished: RunFolder, what: str):
    """Nothing hangs, nothing outside is read, and lists of all runs open."""
    newest = list_checkpoints(finished.checkpoints)[0]
    for path in (
        finished.metrics,
        newest / "tensors.safetensors",
        *finished.weights.glob("*.safetensors"),
        *finished.frames.glob("*.safetensors"),
        *finished.checkpoints.glob("best-*/manifest.json"),
    ):
        put(path, what)
    assert read_rows(finished.metrics) == []
    assert load_newest(finished.checkpoints, {})[1]
    for read in (read_frame, read_about):
        with pytest.raises((OSError, RunError)):
            read(finished.frames / "000000.safetensors")
    with pytest.raises(StudioError):
        epoch_weights(finished, 1)
    live = LiveRuns(finished.workspace)
    assert b'"rows": []' in live.snapshot(finished.id)
    assert finished.id in {space["space"].removeprefix("run:") for space in list_spaces(finished.workspace)}


def test_a_checkpoint_names_no_file_but_its_own(finished: RunFolder, tmp_path: Path):
    """What else a manifest names, such as a device or a file of the person who opens it, is not read."""
    (tmp_path / "other").write_text("{}")
    for target in list_checkpoints(finished.checkpoints):
        manifest = json.loads((target / "manifest.json").read_bytes())
        manifest["files"] |= {"/dev/zero": "0", str(tmp_path / "other"): "0"}
        (target / "manifest.json").write_text(json.dumps(manifest))
        assert load_newest(finished.checkpoints, {})[1] == []
        del manifest["files"]["state.json"]
        (target / "manifest.json").write_text(json.dumps(manifest))
    assert load_newest(finished.checkpoints, {})[0] is None


@posix
@pytest.mark.parametrize(
    "name", ["control", "metrics.jsonl", "worker.log", "reserve", "frames", "checkpoints/step-9", "a/b"]
)
def test_no_worker_is_let_into_a_folder_with_links(workspace: Path, tmp_path: Path, name: str):
    """It would add to, shorten and delete what they lead to."""
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "settings.json").write_text("{}")
    (mine / "000001.safetensors").write_text("mine")
    foreign = submit(workspace, tiny_spec(), owner="a")
    place = foreign.path / name
    place.parent.mkdir(exist_ok=True)
    if place.exists():
        place.unlink()
    place.symlink_to(mine if "." not in name and name != "reserve" else mine / "settings.json")
    good = submit(workspace, tiny_spec(), owner="b")
    launcher = FakeLauncher()
    scheduler = Scheduler(workspace, launcher, capacity=2)
    scheduler.go_round()
    scheduler.go_round()
    assert launcher.started == [good.id]
    state = read_state(foreign)
    assert (state["status"], state["stop_reason"]) == ("failed", "foreign-folder")
    assert name in state["error"]["message"]
    assert (mine / "settings.json").read_text() == "{}"
    delete(foreign)
    assert (mine / "000001.safetensors").read_text() == "mine"


@posix
def test_of_a_run_that_is_a_link_the_link_alone_is_deleted(
    workspace: Path, finished: RunFolder, tmp_path: Path
):
    elsewhere = tmp_path / finished.id
    os.rename(finished.path, elsewhere)
    finished.path.symlink_to(elsewhere)
    scrap = elsewhere / ".a.01234567.tmp"
    scrap.touch()
    os.utime(scrap, (0, 0))
    assert [state["run"] for state in list_states(workspace)] == [finished.id]
    sweep_workspace(workspace)
    delete(finished)
    assert empty_old(workspace, days=-1) == 1
    assert list((workspace / "trash").iterdir()) == []
    assert scrap.exists()
    assert (elsewhere / "state.json").exists()


def test_names_of_frames_that_are_none_are_left_out(finished: RunFolder):
    for name in ("²", "٣٣٣٣٣٣", "9" * 200, "-00001", "0x0001", "000001 ", "000001\n", "1"):
        (finished.frames / f"{name}.safetensors").touch()
        (finished.weights / f"{name}.safetensors").touch()
        (finished.frames / f"000000-{name}.safetensors").touch()
    assert list_frames(finished.frames) == [0, 1, 2, 3]
    assert list_frames(finished.weights) == [0, 1, 2, 3]
    assert list_early(finished.frames) == []
    list_spaces(finished.workspace)


@pytest.mark.parametrize("folder", ["weights", "frames", "checkpoints", "control"])
def test_a_file_in_place_of_a_folder_holds_up_no_list(finished: RunFolder, folder: str):
    shutil.rmtree(finished.path / folder)
    (finished.path / folder).touch()
    list_spaces(finished.workspace)
    LiveRuns(finished.workspace).snapshot(finished.id)
    with pytest.raises(StudioError):
        epoch_weights(finished, 9)


ODD = (
    "..",
    ".",
    "",
    "a/b",
    "../runs/x",
    "/etc",
    "a\0b",
    "\ud800",
    "a\nb",
    "x" * 5000,
    "*",
    "rυn",
    "con",
    "a\u202eb",
)


@pytest.mark.parametrize("name", ODD)
def test_names_that_are_none_are_refused_in_words(workspace: Path, name: str):
    make_run(workspace)
    (workspace / "state.json").write_text('{"run":"..","status":"finished"}')
    with pytest.raises(RunError, match="There is no run"):
        open_run(workspace, name)
    with pytest.raises(RunError, match="There is no run"):
        LiveRuns(workspace).snapshot(name)
    with pytest.raises(RunError, match="not in the trash"):
        restore(workspace, name)


@pytest.mark.parametrize(
    "name", ["a\nb", "run‮nur", "rυn", "<img src=x>", "x" * 200, "a'b\"c", "_a_", "$x$", "[a](b)"]
)
def test_runs_of_odd_names_are_listed(workspace: Path, name: str):
    """Folders may be called anything; what is in them decides."""
    folder = RunFolder(workspace / "runs" / name)
    folder.path.mkdir(parents=True)
    folder.state.write_text("[]")
    submit(workspace, tiny_spec())
    launcher = FakeLauncher()
    Scheduler(workspace, launcher).go_round()
    assert len(launcher.started) == 1
    delete(folder)


def test_numbers_are_ascii_and_short():
    assert [whole_number(t) for t in ("0", "12", "007", "²", "٣", "1" * 10, "-1", "", " 1", "1e3")] == [
        0,
        12,
        7,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
    ]


@posix
def test_answers_of_a_language_model_are_read_from_a_plain_file_only(tmp_path: Path):
    path = tmp_path / "said.jsonl"
    path.symlink_to("/etc/passwd")
    with pytest.raises(OSError, match="plain file"):
        Answers(path)


@posix
@pytest.mark.parametrize("what", OTHERS)
def test_the_log_of_a_worker_that_is_no_plain_file_is_not_waited_for(tmp_path: Path, what: str):
    put(tmp_path / "worker.log", what)
    assert not lacks_memory_at_end(tmp_path / "worker.log")
