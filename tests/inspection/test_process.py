"""The lab process: started on demand, answers over its socket, survives rubbish, is replaced when it dies."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client

import pytest

from selfsup_core.errors import RunError, StudioError
from selfsup_core.inspection import server, wire
from selfsup_core.inspection.client import LabClient, home, lab_info, stop_lab
from selfsup_core.inspection.subject import Subject
from tests.helpers import wait_for


@pytest.fixture
def client(runs):
    yield LabClient(runs.workspace)
    stop_lab(runs.workspace)


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


def test_an_idle_process_leaves(runs):
    assert server.serve(runs.workspace, idle_seconds=0.0) == 0
    info = lab_info(runs.workspace)
    assert info is None or info["pid"] == os.getpid()
    (home(runs.workspace) / "about.json").unlink(missing_ok=True)
