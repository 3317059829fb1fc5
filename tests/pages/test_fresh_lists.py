"""Lists of runs stay fresh: a run of another tab or of a shell appears, and the pace follows what is at
work.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import streamlit as st

from pages.parts.shared import runlist
from selfsup_core.runs.queue import submit
from selfsup_core.runs.recipes import preset_spec


@pytest.fixture
def paces(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """With what `run_every` each list was drawn."""
    found: list[Any] = []

    def fragment(*, run_every: Any) -> Any:
        found.append(run_every)
        return lambda function: function

    monkeypatch.setattr(st, "fragment", fragment)
    return found


def test_the_pace_follows_what_is_at_work(workspace: Path, monkeypatch, paces):
    monkeypatch.setattr(runlist, "workspace", lambda: workspace)
    again: list[bool] = []
    monkeypatch.setattr(runlist, "rerun", lambda: again.append(True))
    runlist.keep_fresh(lambda: None)
    assert (paces, again) == ([runlist.IDLE], [])

    def started_elsewhere() -> None:
        submit(workspace, preset_spec("dense-64-32-16"), preset="dense-64-32-16")

    runlist.keep_fresh(started_elsewhere)
    assert (paces[-1], again) == (runlist.IDLE, [True])
    runlist.keep_fresh(lambda: None)
    assert (paces[-1], again) == (runlist.BUSY, [True])
