"""The lab process: started on demand, answers over its socket, survives rubbish, is replaced when it dies."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Listener
from pathlib import Path
from typing import get_args

import pytest

from selfsup_core.errors import RunError, StudioError
from selfsup_core.inspection import client as inspection_client
from selfsup_core.inspection import server, wire
from selfsup_core.inspection.client import LabClient, home, lab_info, stop_lab
from selfsup_core.inspection.subject import Kind, Subject
from selfsup_core.runs import processes
from selfsup_core.workers import supervisor
from selfsup_core.workers.launcher import NICENESS
from tests.helpers import ROOT, suspend, wait_for
from tests.models.tiny import tiny_bert


@pytest.fixture(scope="module")
def client(runs):
    """Its process serves all tests of the file, also after another has taken its place."""
    yield LabClient(runs.workspace)
    stop_lab(runs.workspace)
    wait_for(lambda: lab_info(runs.workspace) is None, "the end of the process")


def test_it_answers_starts_anew_after_a_crash_and_says_what_is_wrong(runs, client):
    folder = runs["plain"]
    arrays = client.ask(Subject("run", folder.id), "decode", {"points": [[0.0, 0.0]]}).arrays
    assert arrays["images"].shape == (1, 64)
    with pytest.raises(StudioError, match="no sample 9999"):
        client.ask(Subject("run", folder.id), "repair", {"sample": 9999})
    with pytest.raises(RunError):
        client.ask(Subject("run", "no-such-run"), "sample", {})
    about = lab_info(runs.workspace)
    mode = stat.S_IMODE(os.stat(home(runs.workspace) / "about.json").st_mode)
    assert mode == 0o600, "the key is for its owner only"
    os.kill(about["pid"], signal.SIGKILL)
    wait_for(lambda: lab_info(runs.workspace) is None, "the end of the process")
    assert client.ask(Subject("run", folder.id), "sample", {"count": 2}).arrays["images"].shape == (2, 64)
    assert lab_info(runs.workspace)["pid"] != about["pid"]


def test_it_leaves_soon_after_server_and_supervisor_and_not_where_the_command_line_started_it(
    workspace, monkeypatch
):
    ways = []
    monkeypatch.setattr(server, "give_way", ways.append)  # the process of the tests keeps its place
    monkeypatch.setattr(server, "ALONE_SECONDS", 0.0)
    answers = iter([True])
    monkeypatch.setattr(server, "is_hosted", lambda workspace: next(answers, False))
    began = time.monotonic()
    assert server.serve(workspace, idle_seconds=60.0) == 0
    assert time.monotonic() - began < 20
    monkeypatch.setattr(server, "is_hosted", lambda workspace: False)
    began = time.monotonic()
    assert server.serve(workspace, idle_seconds=3.0, role="maps") == 0
    assert time.monotonic() - began >= 3.0, "it had none from the beginning, and stays until it is idle"
    quick, slow = ways
    assert quick < NICENESS < slow, "a run gives way to quick answers, and slow ones to a run"


def test_a_server_that_is_gone_hosts_nothing_soon_after(workspace):
    assert not supervisor.is_hosted(workspace)
    supervisor.keep_warm(workspace)
    wanted = supervisor.home(workspace) / supervisor.WANTED
    os.utime(wanted, (0, 0))
    assert supervisor.is_hosted(workspace), "this process is alive"
    wanted.write_text(json.dumps({"pid": os.getpid(), "start": 1.0}), "utf-8")
    assert supervisor.is_hosted(workspace), "another server may be about to write itself there"
    os.utime(wanted, (0, 0))
    assert not supervisor.is_hosted(workspace)


def test_rubbish_on_the_socket_does_not_end_it(runs, client):
    folder = runs["plain"]
    client.ask(Subject("run", folder.id), "sample", {"count": 1})
    about = lab_info(runs.workspace)
    with Client(about["address"], authkey=bytes.fromhex(about["key"])) as other:
        for rubbish in (b"", b"\xff\xfe", b"[]", b"{}", json.dumps({"run": 1}).encode()):
            other.send_bytes(rubbish)
            assert other.recv_bytes()[:1] == wire.BAD
    with pytest.raises((AuthenticationError, OSError, EOFError)):
        Client(about["address"], authkey=b"wrong" * 7)
    assert client.ask(Subject("run", folder.id), "sample", {"count": 3}).arrays["images"].shape == (3, 64)


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="other kinds of sockets elsewhere")
def test_callers_that_leave_in_the_middle_of_the_greeting_do_not_end_it(runs, client):
    folder = runs["plain"]
    client.ask(Subject("run", folder.id), "sample", {"count": 1})
    about = lab_info(runs.workspace)
    for greeting in (b"", b"\x00", b"\x00\x00\x00\x04rude"):
        for is_read in (False, True):
            with socket.socket(socket.AF_UNIX) as caller:
                caller.connect(about["address"])
                if is_read:
                    caller.recv(64)
                caller.sendall(greeting)
    late = LabClient(runs.workspace)
    assert late.ask(Subject("run", folder.id), "sample", {"count": 3}).arrays["images"].shape == (3, 64)
    assert lab_info(runs.workspace)["pid"] == about["pid"]


def test_an_idle_process_leaves(workspace: Path):
    """It serves, and is gone some idle seconds after the last one."""
    command = [sys.executable, "-m", "selfsup_core.inspection.server", str(workspace), "--idle-seconds", "12"]
    idle = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        about = wait_for(lambda: lab_info(workspace), "the process")
        assert about["pid"] == idle.pid
        client = LabClient(workspace)
        with pytest.raises(RunError, match="no-such-run"):
            client.ask(Subject("run", "no-such-run"), "sample", {})
        wait_for(lambda: idle.poll() is not None, "the end of the process", seconds=30)
    finally:
        idle.kill()
        idle.wait()
    assert idle.returncode == 0, "it left by itself"
    assert lab_info(workspace) is None
    with pytest.raises(OSError, match=r"refused|No such file"):
        Client(about["address"], authkey=bytes.fromhex(about["key"]))


def test_a_process_that_is_at_work_is_not_idle(workspace: Path, monkeypatch):
    """Only when its work is done does it leave."""
    asked = []

    def is_at_work(desk):
        asked.append(lab_info(workspace)["pid"])
        return len(asked) < 3

    monkeypatch.setattr(server.Desk, "is_at_work", property(is_at_work))
    monkeypatch.setattr(server.os, "nice", lambda by: None)
    # It serves inside this process, whose command line is that of the tests.
    monkeypatch.setattr(processes, "command_line", lambda pid: ["selfsup_core.inspection.server"])
    assert server.serve(workspace, idle_seconds=0.0) == 0
    assert asked == [os.getpid()] * 3


def test_a_process_that_answers_is_not_idle(workspace: Path, monkeypatch):
    """A question may take longer than the idle time, which begins when it is answered."""
    lab = server.Lab(workspace)
    assert not lab.is_at_work
    lab.last_request = 0.0
    seen = []

    class Caller:
        def recv_bytes(self, most):
            if seen:
                raise EOFError
            return b"{}"

        def send_bytes(self, answer):
            seen.append((answer[:1], lab.is_at_work, lab.last_request))

    lab.serve(Caller())
    assert seen == [(wire.BAD, True, 0.0)]
    assert not lab.is_at_work
    assert lab.last_request > 0.0


def test_a_process_that_hangs_is_replaced(runs, client, monkeypatch):
    """Stopped, it still takes connections, but never greets."""
    folder = runs["plain"]
    client.ask(Subject("run", folder.id), "sample", {"count": 1})
    about = lab_info(runs.workspace)
    suspend(about["pid"])
    monkeypatch.setattr("selfsup_core.inspection.client.CONNECT_SECONDS", 2.0)
    other = LabClient(runs.workspace)
    arrays = other.ask(Subject("run", folder.id), "sample", {"count": 2}).arrays
    assert arrays["images"].shape == (2, 64)
    assert lab_info(runs.workspace)["pid"] != about["pid"]


@pytest.mark.parametrize("points", [1, 400_000], ids=["small", "4 MB"])
def test_a_process_that_hangs_on_a_kept_connection_is_replaced(runs, client, monkeypatch, points):
    """Stopped, it reads nothing: a large request cannot even be sent."""
    subject = Subject("run", runs["plain"].id)
    client.ask(subject, "sample", {"count": 1})
    about = lab_info(runs.workspace)
    suspend(about["pid"])
    with monkeypatch.context() as patch:
        patch.setattr(inspection_client, "BEAT_SECONDS", 0.2)
        patch.setattr(inspection_client, "PING_SECONDS", 1.0)
        with pytest.raises(RunError, match="does not answer") as raised:
            client.ask(subject, "decode", {"points": [[0.0, 0.0]] * points})
    assert raised.value.code == "no-lab"
    assert client.ask(subject, "sample", {"count": 2}).arrays["images"].shape == (2, 64)
    assert lab_info(runs.workspace)["pid"] != about["pid"]


class Helper:
    """A helper inside this process, as its clients see it; it answers when it is told to."""

    def __init__(self, monkeypatch):
        self.may_answer, self.kept, self.pings, self.replaced = threading.Event(), [], [], []
        self.is_closing, key = False, b"k" * 32
        self.listener = Listener(None)
        self.about = {"address": str(self.listener.address), "key": key.hex(), "pid": os.getpid()}
        monkeypatch.setattr(LabClient, "_ensure", lambda client: self.about)
        monkeypatch.setattr(LabClient, "_replace", lambda client, about: self.replaced.append(about))
        threading.Thread(target=server.accept, args=(self.listener, self, key), daemon=True).start()

    def serve(self, connection):
        try:
            connection.recv_bytes()
        except EOFError:
            self.pings.append(connection)
            if len(self.pings) == 3:
                self.may_answer.set()
            return
        self.kept.append(connection)
        self.may_answer.wait(60)
        if not self.is_closing:
            self.answer(connection)

    def answer(self, connection):
        connection.send_bytes(wire.GOOD + b"done")

    def close(self):
        self.is_closing = True
        self.may_answer.set()
        self.listener.close()
        for connection in self.kept:
            connection.close()


@pytest.fixture
def helper(monkeypatch):
    made = Helper(monkeypatch)
    yield made
    made.close()


def test_a_process_that_is_busy_with_a_long_question_is_not_replaced(workspace, helper, monkeypatch):
    """It greets those who ask whether it lives, and is waited for."""
    monkeypatch.setattr(inspection_client, "BEAT_SECONDS", 0.01)
    assert LabClient(workspace).ask_packed(Subject("run", "a"), "sample", {}) == b"done"
    assert len(helper.pings) >= 3
    assert helper.replaced == []


def test_a_process_that_computes_without_a_greeting_is_not_replaced(workspace, helper, monkeypatch):
    """A long step in compiled code lets no other thread greet."""
    client, spent = LabClient(workspace), []

    def processor_seconds(pid):
        spent.append(1.0)
        if len(spent) == 6:
            helper.may_answer.set()
        return sum(spent)

    client._connection()
    monkeypatch.setattr(client, "_connect", lambda about, seconds: None)
    monkeypatch.setattr(inspection_client, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(inspection_client, "processor_seconds", processor_seconds)
    assert client.ask_packed(Subject("run", "a"), "sample", {}) == b"done"
    assert helper.replaced == []


def test_a_process_that_neither_greets_nor_computes_is_replaced(workspace, helper, monkeypatch):
    client = LabClient(workspace)
    client._connection()
    monkeypatch.setattr(client, "_connect", lambda about, seconds: None)
    monkeypatch.setattr(inspection_client, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(inspection_client, "processor_seconds", lambda pid: 1.0)
    with pytest.raises(RunError, match="does not answer"):
        client.ask_packed(Subject("run", "a"), "sample", {})
    assert helper.replaced == [helper.about]


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="other kinds of sockets elsewhere")
def test_an_answer_that_never_ends_is_cancelled(workspace, helper, monkeypatch):
    """The time limit is for the whole answer, not for its first byte."""
    helper.may_answer.set()
    monkeypatch.setattr(helper, "answer", lambda connection: os.write(connection.fileno(), b"\0\0\1\0half"))
    monkeypatch.setitem(inspection_client.ANSWER_SECONDS, "run", 0.5)
    client = LabClient(workspace)
    with pytest.raises(RunError, match="took longer") as raised:
        client.ask_packed(Subject("run", "a"), "sample", {})
    assert raised.value.code == "slow"
    assert client.local.connection is None, "the half answer is no one else's"


def test_a_folder_whose_tokenizer_ends_the_process_that_loads_it_ends_only_a_child(client, tmp_path):
    folder = tiny_bert(tmp_path / "bert")
    words = json.loads((folder / "tokenizer.json").read_bytes())
    words["normalizer"] = {"type": "Precompiled", "precompiled_charsmap": "/////wAA"}
    (folder / "tokenizer.json").write_text(json.dumps(words))
    subject = Subject("language-model", str(folder))
    state = client.ask(subject, "loading", {}).about["state"]
    about = lab_info(client.workspace)
    assert state == "loading"
    with pytest.raises(StudioError, match=r"The tokenizer .* of bert takes more than"):
        wait_for(
            lambda: client.ask(subject, "loading", {"wait": 5.0}).about["state"] == "ready", "the refusal"
        )
    assert lab_info(client.workspace)["pid"] == about["pid"]


def test_every_kind_of_subject_has_a_time_to_answer():
    """One without would fail in the app alone: tests that ask in their own process never look it up."""
    assert set(inspection_client.ANSWER_SECONDS) == set(get_args(Kind))
