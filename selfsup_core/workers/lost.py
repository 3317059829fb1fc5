"""A run whose machine was lost goes on elsewhere, from its last checkpoint, and its state says so."""

from __future__ import annotations

from selfsup_core.runs.folder import RunFolder, sound_state, state_lock, update_state
from selfsup_core.runs.queue import enqueue
from selfsup_core.translation import tr

MOST_RESTARTS = 3  # before a person has to resume it: what ends its machines may be the run itself


def go_on_elsewhere(folder: RunFolder) -> None:
    """Queue the run again, unless that was done too often; one that a person has paused waits for them."""
    if not folder.exists():
        return
    with state_lock(folder):
        state = sound_state(folder)
        if not state or state["status"] not in ("starting", "running"):
            return
        times = state.get("restarts", 0) + 1
        if times > MOST_RESTARTS:
            said = tr(
                "The machine that trained this run was lost, and {most} others before it. Resume continues "
                "from the last checkpoint."
            ).format(most=MOST_RESTARTS)
            update_state(folder, status="interrupted", message=said, worker=None, seconds_left=None)
            return
        said = tr(
            "The machine that trained this run was lost in epoch {epoch}. It continues from the last "
            "checkpoint on another one ({times} of at most {most} times)."
        ).format(epoch=state["epoch"] + 1, times=times, most=MOST_RESTARTS)
        update_state(
            folder,
            status="queued",
            message=said,
            worker=None,
            seconds_left=None,
            restarts=times,
            notices=[*state["notices"], said][-10:],
        )
        enqueue(folder, state["owner"])
