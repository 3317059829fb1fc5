"""Helper processes leave the processor to what people wait for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from selfsup_core.runs.processes import GIVE_WAY, give_way
from tests.helpers import ROOT

AUTOGROUP, IN_USE = Path("/proc/self/autogroup"), Path("/proc/sys/kernel/sched_autogroup_enabled")
ASK = """
import json, os
from pathlib import Path
from selfsup_core.runs.processes import give_way
give_way(7)
place = Path("/proc/self/autogroup")
print(json.dumps({"niceness": os.nice(0), "group": place.read_text().split() if place.exists() else []}))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no niceness there")
@pytest.mark.parametrize("is_leader", [True, False])
def test_a_session_of_its_own_gives_way_as_a_whole_and_somebody_else_s_does_not(
    is_leader: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv(GIVE_WAY)
    is_in_use = IN_USE.exists() and IN_USE.read_text().strip() == "1"
    before = AUTOGROUP.read_text().split() if is_in_use else []
    done = subprocess.run(
        [sys.executable, "-c", ASK], cwd=ROOT, start_new_session=is_leader, capture_output=True, check=True
    )
    found = json.loads(done.stdout)
    assert found["niceness"] == os.nice(0) + 7
    if before:
        number, _, niceness = found["group"]
        assert (number != before[0]) is is_leader
        assert niceness == ("7" if is_leader else before[2])


def test_a_change_that_has_to_wait_is_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """The system takes one change in a tenth of a second."""
    said: list[str] = []

    def write(path: Path, text: str) -> int:
        said.append(text)
        if len(said) == 1:
            raise BlockingIOError
        return len(text)

    monkeypatch.delenv(GIVE_WAY)
    monkeypatch.setattr(os, "nice", lambda niceness: niceness)
    monkeypatch.setattr(os, "getsid", lambda pid: os.getpid())
    monkeypatch.setattr(Path, "exists", lambda path: True)
    monkeypatch.setattr(Path, "write_text", write)
    give_way(3)
    assert said == ["3", "3"]


def test_where_it_is_switched_off_nothing_gives_way(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(GIVE_WAY, "off")
    before = os.nice(0)
    give_way(3)
    assert os.nice(0) == before
