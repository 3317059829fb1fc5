"""The identity of a run at its start, and what is said where it goes on, or a branch begins, with another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from selfsup_core.runs.folder import RunFolder, sound_state
from selfsup_core.runs.identity import RunIdentity, differing, identify
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.train.device import DeviceChoice
    from selfsup_core.workers.keeper import RunKeeper


def note_identity(keeper: RunKeeper, choice: DeviceChoice, belongs: Mapping[str, str]) -> list[str]:
    """Write the identity of a run that starts; that of one that goes on stays.

    Args:
        belongs: digests of the spec and of the data.

    Returns: a sentence where it goes on, or branches off, with something else than it began with.
    """
    state = keeper.state
    now = identify(belongs["spec"], belongs["data"])
    if first := state.get("identity"):
        before = state["device"]["label"] if state["device"] else choice.label
        others = list_others(first, now, before, choice.label)
        said = tr(
            "This run goes on with something else than it began with: {others}. Its numbers may differ a "
            "little from what they would have been."
        )
        return [said.format(others=", ".join(others))] if others else []
    state["identity"] = now
    parent = state.get("parent")
    found = sound_state(RunFolder(keeper.folder.workspace / "runs" / parent)) if parent else None
    if not found or "identity" not in found or not found["device"]:
        return []
    others = list_others(found["identity"], now, found["device"]["label"], choice.label)
    said = tr(
        "This branch does not have the same conditions as its parent: {others} differ. Even with the same "
        "settings, its numbers may differ a little."
    )
    return [said.format(others=", ".join(others))] if others else []


def list_others(first: RunIdentity, now: RunIdentity, before: str, device: str) -> list[str]:
    """All that differs, the device first."""
    others = differing([first, now])
    if before != device:
        others.insert(0, tr("the device ({devices})").format(devices=f"{before}; {device}"))
    return others
