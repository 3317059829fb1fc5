"""Imports take turns: so many at once over threads and processes, in order, with a line that says who is
ahead.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from selfsup_core.data.library import limited, turns
from selfsup_core.data.library.child import run_job, title_of
from selfsup_core.data.library.turns import PATTERN, describe_before, turn
from selfsup_core.data.limits import LIMITS
from selfsup_core.errors import DataError
from selfsup_core.shared import person_workspace
from tests.data.importing.make import write
from tests.data.importing.test_adversarial import false_child
from tests.helpers import ROOT, wait_for


class Cancelled(BaseException):
    """What Streamlit raises where a person has clicked elsewhere is not an Exception either."""


@pytest.fixture
def alone(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    workspace.mkdir(exist_ok=True)
    monkeypatch.setattr(turns, "LIMITS", replace(LIMITS, imports_at_once=1))
    return workspace


def test_the_second_waits_for_the_first_and_says_so(alone: Path):
    said: list[str] = []
    order: list[str] = []

    def second() -> None:
        with turn(alone, "b.csv", said.append):
            order.append("second")

    thread = threading.Thread(target=second)
    with turn(alone, "a.csv"):
        thread.start()
        wait_for(lambda: said, "the line")
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert set(said) == {"Waiting: a.csv is being read, at most 1 at a time."}
    assert list(alone.iterdir()) == []


def test_a_room_has_one_queue_in_which_nobody_learns_what_others_import(workspace: Path, monkeypatch):
    monkeypatch.setattr(turns, "LIMITS", replace(LIMITS, imports_at_once=1))
    ada, ben = (person_workspace(workspace, name * 24) for name in "ab")
    workspace.mkdir()

    class Cancelled(Exception):
        pass

    def tell(sentence: str) -> None:
        assert sentence == "Waiting: somebody's file is being read, at most 1 at a time."
        raise Cancelled

    with turn(ada, "secret.csv"), pytest.raises(Cancelled), turn(ben, "other.csv", tell):
        pass
    with turn(ben, "other.csv", tell):
        assert [path.parent for path in workspace.rglob(PATTERN)] == [workspace]


def test_who_is_ahead():
    assert (
        describe_before(["a.csv", "b.zip"]) == "Waiting: a.csv and b.zip are being read, at most 2 at a time."
    )
    assert describe_before(list("abc")).endswith("1 more is ahead.")
    assert describe_before(list("abcd")).endswith("2 more are ahead.")
    assert title_of({"files": ["/x/a.png", "/x/b.png", "/x/c.png"]}) == "a.png with 2 more files"
    assert title_of({"folder": "/x/datasets/my-wines-1"}) == "my-wines-1"


def test_waiting_can_be_cancelled_and_leaves_no_ticket(alone: Path):
    def cancel(text: str) -> None:
        raise Cancelled

    with turn(alone, "a.csv"):
        with pytest.raises(Cancelled), turn(alone, "b.csv", cancel):
            pytest.fail("it was not its turn")
        assert len(list(alone.glob(PATTERN))) == 1


HOLD = """
import sys
from pathlib import Path
from selfsup_core.data.library.turns import turn
with turn(Path(sys.argv[1]), "theirs.csv"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_another_process_is_waited_for_but_not_one_that_was_killed(alone: Path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(alone)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout.readline() == b"held\n"
    said: list[str] = []

    def tell(text: str) -> None:
        said.append(text)
        holder.kill()
        holder.wait()

    with turn(alone, "mine.csv", tell):
        pass
    assert said == ["Waiting: theirs.csv is being read, at most 1 at a time."]
    assert list(alone.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"[]", b'{"title": "x", "pid": 1, "start": -9.0}', b"\xff"])
def test_a_ticket_that_is_nobodys_holds_up_no_one(alone: Path, content: bytes):
    (alone / ".job-ticket-00000000000000000000-x.json").write_bytes(content)
    with turn(alone, "a.csv", pytest.fail):
        pass
    assert list(alone.iterdir()) == []


def test_a_job_at_work_can_be_cancelled(workspace: Path, tmp_path: Path, monkeypatch):
    """The child begins to write a data set and hangs; what it wrote goes with it."""
    false_child(
        tmp_path,
        monkeypatch,
        "import json, os, sys\n"
        "from pathlib import Path\n"
        "job = json.loads(Path(sys.argv[1]).read_bytes())\n"
        "unfinished = Path(job['workspace']) / 'datasets' / '.my-x.12345678.tmp'\n"
        "unfinished.mkdir(parents=True)\n"
        "(Path(job['workspace']) / 'pid').write_text(str(os.getpid()))\n"
        "sys.stdin.read()\n",
    )

    def tell(text: str) -> None:
        assert text == ""
        if (workspace / "pid").exists() and (workspace / "pid").read_text():
            raise Cancelled

    with pytest.raises(Cancelled):
        run_job("build", workspace, tell=tell, name="my-x")
    assert not limited.psutil.pid_exists(int((workspace / "pid").read_text()))
    assert sorted(path.name for path in workspace.rglob("*")) == ["datasets", "pid"]


def test_a_child_that_takes_too_much_memory_is_ended(workspace: Path, tmp_path: Path, monkeypatch):
    false_child(tmp_path, monkeypatch, "import sys; held = bytearray(80_000_000); sys.stdin.read()")
    monkeypatch.setattr(limited, "LIMITS", replace(LIMITS, memory_bytes=60_000_000))
    with pytest.raises(DataError, match="needs more than 60 MB of memory") as caught:
        run_job("build", workspace, name="my-x")
    assert caught.value.code == "import-memory"
    assert list(workspace.iterdir()) == []


def test_a_small_machine_gives_an_import_a_quarter_of_its_memory(monkeypatch):
    monkeypatch.setattr(
        limited.psutil, "virtual_memory", lambda: type("Memory", (), {"total": 4_000_000_000})
    )
    assert limited.memory_for_one() == 1_000_000_000


def test_the_command_line_says_why_it_waits(alone: Path, tmp_path: Path, capsys):
    from selfsup_core.cli.output import say_waiting

    tell = say_waiting()
    for text in ("Waiting: a.", "Waiting: a.", "", "Waiting: b."):
        tell(text)
    err = capsys.readouterr().err
    assert err == "Waiting: a. Ctrl-C cancels this one.\nWaiting: b. Ctrl-C cancels this one.\n"
    path = write(tmp_path, "t.csv", "a,b\n" + "1,2\n" * 30)
    plan = run_job("inspect", alone, tell=tell, files=[str(path)], config={})
    assert json.dumps(plan)
    assert plan["rows"] == 30
