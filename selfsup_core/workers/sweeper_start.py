"""Where the sweeper of a workspace is, how it is started and asked to leave; `sweeper.py` is what it does."""

from __future__ import annotations

from pathlib import Path

from selfsup_core.runs.processes import ServerAbout, ask_to_leave, start_detached, who_serves
from selfsup_core.runs.sweeps.folder import SweepFolder, running_sweeps
from selfsup_core.shared import host_of, people_workspaces

MODULE = "selfsup_core.workers.sweeper"


def home(workspace: Path) -> Path:
    """Folder of the sweeper of a workspace; of a room's people it is the host's."""
    return host_of(workspace) / "sweeper"


def sweeper_info(workspace: Path) -> ServerAbout | None:
    """What the sweeper says of itself, or None when none is alive."""
    return who_serves(home(workspace), MODULE, ServerAbout)


def ensure_sweeper(workspace: Path, fingerprint: str) -> None:
    """Start a sweeper when none is alive; does not wait for it.

    Args:
        fingerprint: of the code. A sweeper that runs other code is replaced.
    """
    about = sweeper_info(workspace)
    if about and about["fingerprint"] == fingerprint:
        return
    if about:
        stop_sweeper(workspace)
    start_detached(MODULE, host_of(workspace), home(workspace))


def stop_sweeper(workspace: Path, *, timeout: float = 5.0) -> bool:
    """Ask it to leave; sweeps go on with the next one. False when there was none."""
    return ask_to_leave(sweeper_info(workspace), timeout)


def all_running(host: Path) -> list[SweepFolder]:
    """Sweeps at work, of the workspace and of the people of its room."""
    return [folder for place in (host, *people_workspaces(host)) for folder in running_sweeps(place)]
