"""Uploads on their way: on disk, within the limits of a file, a session and a server, and gone when they are
not wanted.
"""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path

import pytest

from selfsup_core.data.library import arrivals as module
from selfsup_core.data.library.arrivals import PREFIX, UNSEEN_SECONDS, Arrivals, Arrived
from selfsup_core.data.library.uploads import sweep_uploads
from selfsup_core.data.limits import LIMITS
from tests.helpers import python


@pytest.fixture
def arrivals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Arrivals:
    small = replace(LIMITS, file_bytes=6_000_000, total_bytes=10_000_000, server_bytes=15_000_000, files=4)
    monkeypatch.setattr(module, "LIMITS", small)
    return Arrivals(tmp_path / "uploads")


def send(arrivals: Arrivals, session: str, name: str, megabytes: float) -> Arrived:
    found = arrivals.begin(session, f"{session}-{name}", name)
    for _ in range(int(megabytes * 2)):
        arrivals.write(found, bytes(500_000))
    return found


def on_disk(arrivals: Arrivals) -> int:
    return sum(path.stat().st_size for path in arrivals.folder.rglob("*") if path.is_file())


def test_what_is_sent_is_what_is_read(arrivals):
    found = arrivals.begin("s", "1", "a.csv")
    arrivals.write(found, b"a,b\n")
    arrivals.write(found, b"1,2\n")
    (same,) = arrivals.files("s", ["no", "1"])
    assert same is found
    assert same.path.read_bytes() == b"a,b\n1,2\n"
    assert arrivals.files("other", ["1"]) == []


@pytest.mark.parametrize(
    ("before", "last", "code"),
    [
        ([], ("s", 6.5), "file-too-large"),
        ([("s", 5), ("s", 4.5)], ("s", 1), "session-full"),
        ([("s", 5), ("s", 5), ("t", 4)], ("t", 2), "server-full"),
        ([("s", 1)] * 4, ("s", 0.5), "too-many-files"),
    ],
    ids=["file", "session", "server", "files"],
)
def test_what_is_too_much_is_refused_whole_and_the_rest_stays(arrivals, before, last, code):
    kept = [send(arrivals, session, f"{i}.csv", size) for i, (session, size) in enumerate(before)]
    held = arrivals.bytes_held()
    refused = send(arrivals, last[0], "last.csv", last[1])
    assert refused.refused.code == code
    assert refused.refused.remedy
    assert "last.csv" in refused.refused.message
    assert not refused.path.exists()
    assert not any(one.refused for one in kept)
    assert held == arrivals.bytes_held() == on_disk(arrivals) == sum(int(size * 1e6) for _, size in before)


def test_room_is_given_back_by_removing_and_by_the_end_of_a_session(arrivals):
    send(arrivals, "s", "a", 6)
    assert send(arrivals, "s", "b", 5).refused
    arrivals.drop("s", "s-a")
    assert not send(arrivals, "s", "b", 5).refused
    send(arrivals, "t", "c", 6)
    arrivals.drop_session("s")
    assert (arrivals.bytes_held("s"), arrivals.bytes_held()) == (0, 6_000_000) == (0, on_disk(arrivals))


def test_what_a_page_does_not_show_any_longer_goes_but_not_what_is_on_its_way(arrivals, monkeypatch):
    shown, left, coming = (send(arrivals, "s", name, 1) for name in "abc")
    arrivals.files("s", ["s-a", "s-b"])
    arrivals.keep_only("s", ["s-a"])
    assert (bool(shown.refused), bool(left.refused), bool(coming.refused)) == (False, True, False)
    now = module.time.monotonic()
    monkeypatch.setattr(module.time, "monotonic", lambda: now + 2 * UNSEEN_SECONDS)
    arrivals.keep_only("s", ["s-a"])
    assert coming.refused
    assert arrivals.bytes_held() == on_disk(arrivals) == 1_000_000


def test_a_file_that_is_removed_while_it_arrives_takes_no_more(arrivals):
    found = send(arrivals, "s", "a", 2)
    arrivals.drop_session("s")
    arrivals.write(found, bytes(500_000))
    assert arrivals.bytes_held() == on_disk(arrivals) == 0


def test_a_full_disk_is_said(arrivals, monkeypatch):
    found = send(arrivals, "s", "a", 1)

    def full(*given, **more):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("builtins.open", full)
    arrivals.write(found, b"x")
    monkeypatch.undo()
    assert found.refused.code == "disk"
    assert on_disk(arrivals) == 0


def test_what_a_killed_server_left_is_removed_and_what_a_living_one_has_stays(arrivals, tmp_path):
    code = (
        "import os, sys; from pathlib import Path\n"
        "from selfsup_core.data.library.arrivals import Arrivals\n"
        "one = Arrivals(Path(sys.argv[1])); one.write(one.begin('s', '1', 'a'), bytes(1000)); os._exit(9)"
    )
    assert python(code, str(arrivals.folder)).returncode == 9
    assert on_disk(arrivals) == 1000
    mine = send(arrivals, "s", "a", 1)
    assert on_disk(arrivals) == 1_000_000
    other = Arrivals(arrivals.folder)
    send(other, "s", "b", 1)
    sweep_uploads(tmp_path, hours=-1)
    assert mine.path.exists()
    for one in (arrivals, other):
        one.close()
    assert list(arrivals.folder.glob(f"{PREFIX}*")) == []
