"""A limited child is the same whether a new interpreter becomes it or a prepared process forks it: what it
has, how it ends, who ends it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from selfsup_core.data.library import child, forks, limited
from selfsup_core.data.library.child_tasks import libraries_for
from selfsup_core.data.library.limited import FULL, SLOW, Ended, run_limited
from selfsup_core.data.limits import LIMITS
from selfsup_core.files import read_json
from selfsup_core.runs.processes import start_time
from tests.data.importing.make import archive, png, wav, write
from tests.data.library.acts import MODULE
from tests.helpers import ROOT, python, wait_for


@pytest.fixture(autouse=True)
def only_where_children_are_forked(request: pytest.FixtureRequest) -> None:
    parameters = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    if not forks.can_fork() and parameters.get("way") != "new":
        pytest.skip("children are not forked here")


class Cancelled(BaseException):
    """As Streamlit's, no Exception."""


@pytest.fixture(params=["forked", "new"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each of the two ways in which a child comes to be."""
    if request.param == "new":
        monkeypatch.setattr(limited, "fork_prepared", lambda *asked: None)
    return request.param


@pytest.fixture
def anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A prepared process of the test's own."""
    monkeypatch.setattr(forks, "_current", None)
    yield
    forks.dismiss()


def act(place: Path, name: str, *, seconds: float = 60.0, tell: Any = None, **values: object) -> Ended:
    return run_limited(MODULE, {"act": name} | values, place, seconds=seconds, tell=tell, is_prepared=True)


def prepared_pid() -> int:
    assert forks._current
    return forks._current.process.pid


def let_go(pipe: Path) -> None:
    """Let whoever opens a pipe for reading go on, as soon as somebody does."""

    def opened() -> bool:
        try:
            os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            return False
        return True

    wait_for(opened, "a reader of the pipe")


def cancel_when(check: Callable[[], object]) -> Callable[[str], None]:
    def tell(text: str) -> None:
        if check():
            raise Cancelled

    return tell


def test_a_fork_has_what_a_new_interpreter_has(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hidden")
    monkeypatch.setenv("BEFORE", "1")
    act(tmp_path, "tell")
    for pid in (prepared_pid(), os.getpid()):
        shown = Path(f"/proc/{pid}/environ").read_bytes()
        assert b"hidden" not in shown
    monkeypatch.delenv("BEFORE")
    monkeypatch.setenv("OPENAI_API_KEY", "hidden")
    monkeypatch.setenv("AFTER", "2")
    first, second = (act(tmp_path, "tell").value() for _ in range(2))
    monkeypatch.setattr(limited, "fork_prepared", lambda *asked: None)
    new = act(tmp_path, "tell").value()
    assert new["environment"]["AFTER"] == "2"
    assert not {"HF_TOKEN", "OPENAI_API_KEY", "BEFORE"} & set(new["environment"])
    drawn = [found.pop("drawn") for found in (first, second, new)]
    assert len({number for pair in drawn for number in pair}) == 6
    assert [found.pop("parent") for found in (first, second, new)] == [prepared_pid()] * 2 + [os.getpid()]
    assert first == second == new
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "values", "code", "said"),
    [
        ("end", {"signal": signal.SIGKILL}, -9, ""),
        ("end", {"signal": signal.SIGABRT}, -6, ""),
        ("end", {"signal": signal.SIGSEGV}, -11, ""),
        ("leave", {"words": "std::bad_alloc"}, 1, "printed\nstd::bad_alloc\n"),
        ("leave", {"words": 7}, 7, "printed\n"),
        ("fail", {}, 1, "ValueError: a mistake\n"),
        ("hold", {"bytes": 5_000_000_000}, 1, "MemoryError\n"),
    ],
    ids=["killed", "aborted", "segfault", "words", "number", "mistake", "memory"],
)
def test_an_end_is_told(tmp_path: Path, way: str, name: str, values: Any, code: int, said: str):
    ended = act(tmp_path, name, **values)
    assert (ended.result, ended.code) == (None, code)
    assert ended.log.endswith(said)
    assert ended.log or not said
    assert list(tmp_path.iterdir()) == []


def test_a_child_that_ends_itself_leaves_the_prepared_process(tmp_path: Path):
    before = act(tmp_path, "tell").value()["parent"]
    act(tmp_path, "end", signal=signal.SIGKILL)
    assert act(tmp_path, "tell").value()["parent"] == before == prepared_pid()
    assert psutil.Process(before).children() == []


def test_a_processor_s_time_is_limited(tmp_path: Path):
    assert act(tmp_path, "spin", limit=1).code == -signal.SIGXCPU


def test_time_on_the_clock_is_limited(tmp_path: Path, way: str):
    act(tmp_path, "tell")
    parents = [psutil.Process(), *psutil.Process().children()]
    before = [process.children() for process in parents]
    assert act(tmp_path, "wait", seconds=0.2, folder=str(tmp_path)).code == SLOW
    wait_for(lambda: [process.children() for process in parents] == before, "the end of the child")


def test_memory_is_limited(tmp_path: Path, monkeypatch, way: str):
    monkeypatch.setattr(limited, "LIMITS", replace(LIMITS, memory_bytes=150_000_000))
    ended = act(tmp_path, "hold", bytes=200_000_000, folder=str(tmp_path))
    assert ended.code == FULL
    assert ended.was_full


def test_cancelling_ends_it_at_once(tmp_path: Path, way: str):
    found = tmp_path / "found"
    found.mkdir()
    with pytest.raises(Cancelled):
        act(tmp_path, "wait", folder=str(found), tell=cancel_when(lambda: any(found.glob("*.json"))))
    (pid, parent) = read_json(next(found.glob("*.json")))
    wait_for(lambda: not psutil.pid_exists(pid), "the end of the child, and of what is left of it")
    assert list(tmp_path.iterdir()) == [found]
    assert psutil.pid_exists(parent)


PARENT = """
import sys
from pathlib import Path
from selfsup_core.data.library import limited
if sys.argv[2] == "new":
    limited.fork_prepared = lambda *asked: None
job = {"act": "wait", "folder": sys.argv[1]}
limited.run_limited("tests.data.library.acts", job, Path(sys.argv[1]), seconds=60.0, is_prepared=True)
"""


def test_it_dies_with_who_asked_for_it(tmp_path: Path, way: str):
    """And so does the prepared process; nothing of the job is left."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path), way], cwd=ROOT)
    pids = read_json(wait_for(lambda: list(tmp_path.glob("*.json")), "the child")[0])
    assert (parent.pid in pids) == (way == "new")
    parent.kill()
    parent.wait()
    wait_for(lambda: not [pid for pid in pids if start_time(pid)], "the end of all of them")
    wait_for(lambda: not list(tmp_path.glob(".job-*")), "the end of the job's folder")


def test_two_work_at_once(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    parents = []

    def meet(reads: bool) -> None:
        parents.append(act(tmp_path, "meet", pipe=str(tmp_path / "pipe"), reads=reads).value())

    threads = [threading.Thread(target=meet, args=(reads,)) for reads in (True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert parents == [prepared_pid()] * 2


@pytest.mark.usefixtures("anew")
def test_without_a_job_for_some_time_the_prepared_process_ends(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(forks, "IDLE_SECONDS", 0.5)
    pid = act(tmp_path, "tell").value()["parent"]
    wait_for(lambda: not psutil.pid_exists(pid), "its end")
    assert act(tmp_path, "tell").value()["parent"] not in (pid, os.getpid())


@pytest.mark.usefixtures("anew")
def test_it_is_dismissed(tmp_path: Path):
    forks.dismiss()
    pid = act(tmp_path, "tell").value()["parent"]
    forks.dismiss()
    assert not psutil.pid_exists(pid)


@pytest.mark.usefixtures("anew")
def test_a_prepared_process_that_is_killed_takes_no_job_along(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    act(tmp_path, "tell")
    killed = prepared_pid()

    def kill(text: str) -> None:
        if psutil.pid_exists(killed) and psutil.Process(killed).children():
            os.kill(killed, signal.SIGKILL)
            wait_for(lambda: not psutil.pid_exists(killed), "its end")
            let_go(tmp_path / "pipe")

    ended = act(tmp_path, "meet", pipe=str(tmp_path / "pipe"), reads=True, tell=kill)
    assert ended.result is not None
    assert ended.code == forks.UNKNOWN
    assert act(tmp_path, "tell").value()["parent"] not in (killed, os.getpid())


@pytest.mark.usefixtures("anew")
def test_a_prepared_process_that_dies_in_an_import_is_done_without(tmp_path: Path):
    assert act(tmp_path, "tell", aborts=True).value()["parent"] == os.getpid()
    assert act(tmp_path, "tell").value()["parent"] == prepared_pid()


@pytest.mark.usefixtures("anew")
def test_an_import_that_does_not_end_is_done_without(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(forks, "MOST_SECONDS", 0.0)
    os.mkfifo(tmp_path / "pipe")
    assert act(tmp_path, "tell", opens=str(tmp_path / "pipe")).value()["parent"] == os.getpid()


@pytest.mark.usefixtures("anew")
def test_a_job_that_is_cancelled_while_libraries_are_imported_is_never_begun(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    began = tmp_path / "began"
    with pytest.raises(Cancelled):
        act(
            tmp_path,
            "wait",
            folder=str(tmp_path),
            begins=str(began),
            opens=str(tmp_path / "pipe"),
            tell=cancel_when(began.exists),
        )
    pid = prepared_pid()
    let_go(tmp_path / "pipe")
    assert act(tmp_path, "tell").value()["parent"] == pid
    assert {path.name for path in tmp_path.iterdir()} == {"pipe", "began"}


def test_where_it_cannot_be_started_a_new_interpreter_does_the_job(tmp_path: Path, monkeypatch):
    def refuse(*words: object) -> None:
        raise OSError("too many processes")

    monkeypatch.setattr(forks, "_current", None)
    monkeypatch.setattr(forks, "start", refuse)
    assert act(tmp_path, "tell").value()["parent"] == os.getpid()
    monkeypatch.setattr(forks, "can_fork", lambda: False)
    monkeypatch.setattr(forks, "send", refuse)
    assert act(tmp_path, "tell").value()["parent"] == os.getpid()


def test_nothing_is_kept_open(tmp_path: Path, way: str):
    act(tmp_path, "tell")
    before = sorted(os.listdir("/proc/self/fd"))
    act(tmp_path, "tell")
    act(tmp_path, "end", signal=signal.SIGKILL)
    assert sorted(os.listdir("/proc/self/fd")) == before


TABLE = "a,b,label\n" + "".join(f"{i}.5,{i % 7},g{i % 2}\n" for i in range(60)) + "0.5,0,g0\n"


def test_imports_and_checks_are_the_same_in_forks(workspace: Path, tmp_path: Path):
    """All of a session from one prepared process, which never has a second thread, against this process.

    What libraries map without using it leaves a child the memory that it may hold.
    """
    files = {"t.csv": TABLE, "p.zip": archive({f"{c}/{c}.png": png() for c in "ab"}), "s.wav": wav()}
    for name, content in files.items():
        values: dict[str, Any] = {"files": [str(write(tmp_path, name, content))], "config": {}}
        assert child.run_job("preview", workspace, **values) == here("preview", tmp_path, values)
    child.run_job("build", workspace, files=[str(tmp_path / "t.csv")], config={}, name="my-t")
    values = {"folder": str(workspace / "datasets" / "my-t")}
    found = child.run_job("check", workspace, **values)
    assert found == here("check", tmp_path, values)
    assert "exact-duplicates" in [finding["code"] for finding in found]
    prepared = psutil.Process(prepared_pid())
    assert prepared.num_threads() == 1
    assert prepared.memory_info().vms < limited.MAPPED / 2
    assert prepared.children() == []


def here(task: str, workspace: Path, values: dict[str, Any]) -> Any:
    """What this process makes of a job."""
    done = child.carry_out({"task": task, "workspace": str(workspace), "values": values})
    return json.loads(json.dumps(done))["value"]


IMPORTED = """
import json, sys
from pathlib import Path
from selfsup_core.data.library import child
jobs = [Path(name) for name in sys.argv[1:]]
for job in jobs: child.prepare(job)
before = set(sys.modules)
for job in jobs: assert "value" in child.carry_out(json.loads(job.read_bytes())), job
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_what_a_task_needs_is_imported_before_it(workspace: Path, tmp_path: Path):
    """A table and a check leave next to nothing for each child to import."""
    table = [str(write(tmp_path, "t.csv", TABLE))]
    child.run_job("build", workspace, files=table, config={}, name="my-t")
    tasks: dict[str, dict[str, Any]] = {
        "preview": {"files": table, "config": {}},
        "check": {"folder": str(workspace / "datasets" / "my-t")},
    }
    for task, values in tasks.items():
        job = {"task": task, "workspace": str(tmp_path), "values": values}
        (tmp_path / f"{task}.json").write_text(json.dumps(job))
    done = python(IMPORTED, *(str(tmp_path / f"{task}.json") for task in tasks))
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) < 20, done.stdout


def test_only_names_of_files_say_what_is_imported():
    assert "pandas" in libraries_for("preview", ["/gone/a.CSV"])
    assert libraries_for("build", ["/gone/a.png", "/gone/b.txt"]) == libraries_for("build", ["a.png"])
    assert libraries_for("inspect", ["/gone/a.txt"]) == []
    assert libraries_for("mend", []) == []
