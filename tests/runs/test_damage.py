"""Files of a workspace that are damaged, foreign or of another kind: shown as such, and nobody is held up by
them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from pages.parts.shared import door
from selfsup_core.cli.main import app
from selfsup_core.data.library.own import import_files
from selfsup_core.data.sources import list_damaged_sources, list_sources
from selfsup_core.errors import RunError, StudioError
from selfsup_core.files import DamagedFile, read_checked, read_json
from selfsup_core.inspection.space.listing import list_spaces
from selfsup_core.inspection.space.selections import list_selections, save_selection
from selfsup_core.pseudo.hand import add_hand_label, read_hand_labels
from selfsup_core.runs.control import receive
from selfsup_core.runs.folder import list_damaged, list_states, open_run, read_state, update_state
from selfsup_core.runs.processes import Identity, identity, start_time
from selfsup_core.runs.queue import list_queue, submit
from selfsup_core.runs.trash import delete
from selfsup_core.workers.launcher import is_worker
from selfsup_core.workers.scheduler import Scheduler
from selfsup_core.workers.supervisor import supervisor_info
from tests.helpers import ROOT, make_run, run_here, tiny_spec
from tests.runs.test_queue import FakeLauncher

DEEP = "[" * 1000 + "]" * 1000
DEEP_INSIDE = '{"run":"X","status":"queued","metrics":' + '{"a":' * 400 + "1" + "}" * 400 + "}"
STATES = {
    "no status": '{"run":"X"}',
    "a list": "[]",
    "a number": "7",
    "null": "null",
    "text": '"running"',
    "deep": DEEP,
    "deep inside": DEEP_INSIDE,
    "no UTF-8": b"\xff\xfe",
    "infinite": '{"run":"X","status":"queued","seconds":1e999}',
    "not a number": '{"run":"X","status":"queued","seconds":NaN}',
    "unknown status": '{"run":"X","status":"asleep"}',
    "worker a string": '{"run":"X","status":"running","worker":"me"}',
    "worker empty": '{"run":"X","status":"running","worker":{}}',
    "pid too large": '{"run":"X","status":"running","worker":{"pid":1e400,"start":1}}',
    "epoch a text": '{"run":"X","status":"finished","epoch":"__import__(1)"}',
    "no epochs": '{"run":"X","status":"finished","epochs":0}',
    "no date": '{"run":"X","status":"finished","created":"yesterday"}',
    "of another run": '{"run":"Y","status":"finished"}',
    "cut off": '{"run":"X","sta',
    "empty": "",
}


def damage(workspace: Path, content: str | bytes) -> Path:
    folder = workspace / "runs" / "X"
    folder.mkdir(parents=True)
    data = content if isinstance(content, bytes) else content.encode()
    (folder / "state.json").write_bytes(data)
    return folder


def check_nobody_is_held_up(workspace: Path) -> None:
    """The supervisor starts another run, and lists and the command line say what is damaged."""
    good = submit(workspace, tiny_spec())
    launcher = FakeLauncher()
    scheduler = Scheduler(workspace, launcher)
    scheduler.go_round()
    assert launcher.started == [good.id]
    assert [state["run"] for state in list_states(workspace)] == [good.id]
    assert [run.run for run in list_damaged(workspace)] == ["X"]
    shown = CliRunner().invoke(app, ["runs", "list", "--workspace", str(workspace)])
    assert shown.exit_code == 0, shown.output
    assert any(line.split()[:2] == ["X", "damaged"] for line in shown.output.splitlines())
    list_spaces(workspace)
    with pytest.raises(RunError, match="is damaged") as caught:
        read_state(open_run(workspace, "X"))
    assert (caught.value.code, bool(caught.value.remedy)) == ("damaged-run", True)


@pytest.mark.parametrize("name", STATES)
def test_a_damaged_state_holds_up_nobody(workspace: Path, name: str):
    folder = damage(workspace, STATES[name])
    check_nobody_is_held_up(workspace)
    delete(open_run(workspace, "X"))
    assert not folder.exists()
    assert (workspace / "trash" / "X" / "state.json").exists()


def test_a_folder_where_the_state_should_be_holds_up_nobody(workspace: Path):
    (workspace / "runs" / "X" / "state.json").mkdir(parents=True)
    check_nobody_is_held_up(workspace)


def test_a_state_that_may_not_be_read_holds_up_nobody(workspace: Path, monkeypatch):
    damage(workspace, '{"run":"X","status":"finished"}')
    real = Path.read_bytes

    def read_bytes(self: Path) -> bytes:
        if self.parent.name == "X":
            raise PermissionError(13, "Permission denied", str(self))
        return real(self)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    check_nobody_is_held_up(workspace)


def test_a_run_that_lost_its_state_is_listed(workspace: Path):
    make_run(workspace).path.rename(workspace / "runs" / "X")
    (workspace / "runs" / "X" / "state.json").unlink()
    check_nobody_is_held_up(workspace)


def test_a_damaged_run_with_a_worker_is_not_deleted(workspace: Path):
    from filelock import FileLock

    folder = damage(workspace, "[]")
    with FileLock(folder / "worker.lock"), pytest.raises(RunError, match="Stop it first"):
        delete(open_run(workspace, "X"))
    assert folder.exists()


@pytest.mark.parametrize("page", ["runs", "home"])
def test_pages_show_what_is_damaged(workspace: Path, monkeypatch, page: str):
    monkeypatch.setenv("SELFSUP_WORKSPACE", str(workspace))
    monkeypatch.setattr(door, "is_there", True)
    damage(workspace, STATES["worker a string"])
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
    test.switch_page(f"pages/{page}.py").run()
    assert not test.exception
    assert any("**X**" in element.value for element in test.markdown)
    assert any("worker" in element.value for element in test.caption)


@pytest.mark.parametrize(
    "text",
    [
        '{"run":1}',
        "[]",
        DEEP,
        '{"run":"../x","owner":"a","asked":1}',
        '{"run":"x","owner":1,"asked":1}',
        '{"run":"x","owner":"a","asked":1e999}',
        '{"run":"x","owner":"a","asked":"now"}',
        '{"run":"y","owner":"a","asked":1}',
    ],
)
def test_a_damaged_entry_of_the_queue_holds_up_nobody(workspace: Path, text: str):
    good = submit(workspace, tiny_spec())
    (workspace / "queue" / "x.json").write_text(text)
    (workspace / "queue" / "y.json").mkdir()
    assert [entry["run"] for entry in list_queue(workspace)] == [good.id]
    launcher = FakeLauncher()
    Scheduler(workspace, launcher).go_round()
    assert launcher.started == [good.id]


def test_a_run_that_cannot_be_queued_holds_up_nobody(workspace: Path):
    """A folder stands where its entry belongs."""
    lost = make_run(workspace)
    (workspace / "queue" / f"{lost.id}.json").mkdir()
    good = submit(workspace, tiny_spec())
    launcher = FakeLauncher()
    scheduler = Scheduler(workspace, launcher)
    scheduler.go_round()
    assert launcher.started == [good.id]
    assert scheduler.is_behind, "it is tried again"


ME = identity()


@pytest.mark.parametrize(
    "about",
    [
        {"pid": 1},
        [],
        {"pid": "1", "start": None},
        {"pid": -1, "start": 0.0, "workspace": "", "fingerprint": ""},
        ME | {"workspace": "/", "fingerprint": "x", "running": [], "silent": [], "ready": True},
        {"pid": 1, "start": start_time(1), "fingerprint": "x", "running": [], "silent": [], "ready": True},
    ],
)
def test_a_foreign_word_of_a_supervisor_is_not_believed(workspace: Path, about: object):
    (workspace / "supervisor").mkdir(parents=True)
    for place in (str(workspace), "\0"):
        said = about | {"workspace": place} if isinstance(about, dict) and "running" in about else about
        (workspace / "supervisor" / "about.json").write_text(json.dumps(said))
        assert supervisor_info(workspace) is None


def make_set(workspace: Path, tmp_path: Path) -> Path:
    rows = "\n".join(f"{i},{i % 3},{'ab'[i % 2]}" for i in range(40))
    (tmp_path / "set.csv").write_text(f"a,b,label\n{rows}\n")
    return workspace / "datasets" / import_files(workspace, [tmp_path / "set.csv"])


@pytest.mark.parametrize("key", ["details", "kind", "classes", "digests", "scale", "everything"])
def test_a_damaged_data_set_is_named_and_holds_up_nobody(workspace: Path, tmp_path: Path, key: str):
    folder = make_set(workspace, tmp_path)
    about = read_json(folder / "dataset.json")
    del about["details" if key == "everything" else key]
    (folder / "dataset.json").write_text(DEEP if key == "everything" else json.dumps(about))
    assert folder.name not in list_sources(workspace)
    assert list(list_damaged_sources(workspace)) == [folder.name]
    shown = CliRunner().invoke(app, ["data", "list", "--workspace", str(workspace)])
    assert shown.exit_code == 0
    assert f"{folder.name}  damaged" in shown.output
    assert CliRunner().invoke(app, ["space", "list", "--workspace", str(workspace)]).exit_code == 0
    submit(workspace, tiny_spec())
    with pytest.raises(StudioError, match="damaged"):
        submit(workspace, tiny_spec(data__source=folder.name))


def test_an_array_outside_its_folder_is_not_opened(workspace: Path, tmp_path: Path):
    folder = make_set(workspace, tmp_path)
    about = read_json(folder / "dataset.json")
    about["digests"]["../../other.npy"] = "0"
    (folder / "dataset.json").write_text(json.dumps(about))
    assert list(list_damaged_sources(workspace)) == [folder.name]


@pytest.mark.parametrize(
    "request_",
    [
        {"action": "set"},
        {"action": "set", "name": "learning_rate"},
        {"action": "set", "name": 3, "value": 1},
        {"action": "set", "name": "epochs", "value": 1},
        {"action": "set", "name": "learning_rate", "value": 1e300},
        {"action": []},
        {"action": "explode"},
        [],
        3,
        None,
    ],
)
def test_a_request_without_sense_is_ignored_with_a_notice(workspace: Path, request_: object):
    folder = make_run(workspace)
    (folder.control / "0.json").write_text(json.dumps(request_))
    state = run_here(folder)
    assert state["status"] == "finished"
    assert any("A request was ignored" in notice for notice in state["notices"])


def test_a_folder_among_the_requests_is_moved_out_of_the_way(workspace: Path):
    folder = make_run(workspace)
    (folder.control / "0.json").mkdir()
    requests, refused = receive(folder)
    assert (requests, len(refused)) == ([], 1)
    assert receive(folder) == ([], [])


def test_damaged_labels_by_hand_are_kept_beside_the_new_ones(workspace: Path):
    add_hand_label(workspace, "wine", 3, 1)
    path = workspace / "hand" / "wine.json"
    path.write_text("[7]")
    assert read_hand_labels(workspace, "wine") == {}
    add_hand_label(workspace, "wine", 4, 2)
    assert read_hand_labels(workspace, "wine") == {4: 2}
    (kept,) = path.parent.glob("wine.json.damaged-*")
    assert kept.read_text() == "[7]"


def test_damaged_selections_are_kept_beside_the_new_ones(workspace: Path):
    import numpy as np

    save_selection(workspace, "wine", "old", np.arange(3))
    path = workspace / "selections" / "wine.json"
    path.write_text('{"selections": {"old": 3}}')
    assert list_selections(workspace, "wine") == {}
    save_selection(workspace, "wine", "new", np.arange(4))
    assert list_selections(workspace, "wine") == {"new": 4}
    assert len(list(path.parent.glob("wine.json.damaged-*"))) == 1


def test_what_a_later_version_writes_besides_is_kept(workspace: Path):
    folder = make_run(workspace)
    state = read_json(folder.state) | {"later": {"a": 1}}
    folder.state.write_text(json.dumps(state))
    assert update_state(folder, status="stopped")["later"] == {"a": 1}
    assert read_json(folder.state)["later"] == {"a": 1}


def test_a_damaged_state_is_not_overwritten(workspace: Path):
    folder = make_run(workspace)
    folder.state.write_text("[]")
    with pytest.raises(DamagedFile):
        update_state(folder, status="stopped")
    assert folder.state.read_text() == "[]"


def test_the_reader_names_file_and_place(tmp_path: Path):
    (tmp_path / "about.json").write_text('{"pid": "1", "start": 3}')
    with pytest.raises(DamagedFile, match=r"^about.json is damaged: pid: input should be a valid integer"):
        read_checked(tmp_path / "about.json", Identity)
    assert read_checked(tmp_path / "missing.json", Identity) is None


# Processes that a state names


@pytest.fixture
def stranger():
    """A process that has nothing to do with any run."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("has_start", [False, True])
def test_an_unrelated_process_is_neither_waited_for_nor_killed(workspace: Path, stranger, has_start: bool):
    foreign, good = make_run(workspace), submit(workspace, tiny_spec())
    worker = {"pid": stranger.pid, "start": start_time(stranger.pid) if has_start else None}
    update_state(foreign, status="running", worker=worker)
    launcher = FakeLauncher()
    launcher.recognizes = is_worker
    scheduler = Scheduler(workspace, launcher)
    scheduler.go_round()
    assert launcher.started == [good.id]
    assert foreign.id not in scheduler.watched
    assert read_json(foreign.state)["status"] == "interrupted"
    assert stranger.poll() is None


def test_a_process_that_is_no_longer_proven_ours_is_not_killed(workspace: Path):
    from tests.runs.test_queue import Clock

    folder, clock, launcher = make_run(workspace), Clock(), FakeLauncher()
    update_state(folder, status="running", worker=ME)
    launcher.alive[os.getpid()] = folder
    scheduler = Scheduler(workspace, launcher, clock=clock)
    scheduler.recover()
    assert list(scheduler.watched) == [folder.id]
    scheduler.turn()
    launcher.recognizes = is_worker  # by which this process is not a worker
    for _ in range(3):
        clock.now += 301
        scheduler.turn()
    assert launcher.killed == []


def test_of_another_runs_process_is_known_that_it_is_not_this_ones(workspace: Path):
    assert not is_worker(ME, make_run(workspace))
