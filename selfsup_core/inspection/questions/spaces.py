"""What is asked of a space: what it is, and to draw, look at, pause or cancel a map of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.asking import EpochAsk, NoAsk
from selfsup_core.inspection.kinds import Named, about_space
from selfsup_core.projection.config import MapConfig
from selfsup_core.settings import Config, setting

if TYPE_CHECKING:
    from selfsup_core.inspection.space.spaces import Spaces


class DrawAsk(EpochAsk):
    """A map to draw."""

    config: MapConfig = setting(MapConfig(), "Settings of the map.", title="Map")
    replay: bool = setting(False, "All kept epochs, each begun from the one before.", title="Replay")
    wait: bool = setting(False, "Answer when it is there, however long that takes.", title="Wait")


class JobAsk(Config):
    """A map that is being drawn."""

    key: str = setting(..., "Key of the map, as `start` gives it.", title="Key")


@about_space("describe", NoAsk)
def describe(space: Named[Spaces], ask: NoAsk) -> Answer:
    """Title, kind, rows, width, classes and epochs."""
    return Answer(about={**space.holder.describe(space.name)})


@about_space("start", DrawAsk)
def start(space: Named[Spaces], ask: DrawAsk) -> Answer:
    """Begin a map, or find it; see `Spaces.start`."""
    made = space.holder.start(space.name, ask.config, ask.epoch, replay=ask.replay, wait=ask.wait)
    return Answer(about={**made})


@about_space("look", JobAsk)
def look(space: Named[Spaces], ask: JobAsk) -> Answer:
    """How a map stands."""
    return Answer(about={**space.holder.look(ask.key)})


@about_space("pause", JobAsk)
def pause(space: Named[Spaces], ask: JobAsk) -> Answer:
    """Rest, so that others can be drawn."""
    return Answer(about={"status": space.holder.pause(ask.key)})


@about_space("resume", JobAsk)
def resume(space: Named[Spaces], ask: JobAsk) -> Answer:
    """Go on after a pause."""
    return Answer(about={"status": space.holder.resume(ask.key)})


@about_space("cancel", JobAsk)
def cancel(space: Named[Spaces], ask: JobAsk) -> Answer:
    """Give the map up."""
    return Answer(about={"status": space.holder.cancel(ask.key)})
