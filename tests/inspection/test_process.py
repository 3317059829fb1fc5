"""The lab process: started on demand, answers over its socket, survives rubbish, is replaced when it dies."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from pathlib import Path

import pytest

from selfsup_core.errors import RunError, StudioError
from selfsup_core.inspection import server, wire
from selfsup_core.inspection.client import LabClient, home, lab_info, stop_lab
from selfsup_core.inspection.subject import Subject
from selfsup_core.runs import processes
from tests.helpers import ROOT, wait_for


@pytest.fixture
def client(runs):
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
    command = [sys.executable, "-m", "selfsup_core.inspection.server", str(workspace), "--idle-seconds", "6"]
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


def test_a_process_that_hangs_is_replaced(runs, client, monkeypatch):
    """Stopped, it still takes connections, but never greets."""
    folder = runs["plain"]
    client.ask(Subject("run", folder.id), "sample", {"count": 1})
    about = lab_info(runs.workspace)
    os.kill(about["pid"], signal.SIGSTOP)
    monkeypatch.setattr("selfsup_core.inspection.client.CONNECT_SECONDS", 2.0)
    other = LabClient(runs.workspace)
    arrays = other.ask(Subject("run", folder.id), "sample", {"count": 2}).arrays
    assert arrays["images"].shape == (2, 64)
    assert lab_info(runs.workspace)["pid"] != about["pid"]
