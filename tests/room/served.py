"""A real server with a room, of which nothing is left running."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from benchmarks.people import Served, serve_room
from selfsup_core.shared import people_workspaces
from tests.conftest import kill_workers


@contextlib.contextmanager
def room_served(workspace: Path) -> Iterator[Served]:
    try:
        with serve_room(workspace) as served:
            yield served
    finally:
        for place in (workspace, *people_workspaces(workspace)):
            kill_workers(place)
