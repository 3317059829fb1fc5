"""UMAP of a run's fixed samples, epoch by epoch, for the map of the stage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.asking import EpochAsk
from selfsup_core.inspection.holders import Holders
from selfsup_core.inspection.kinds import question
from selfsup_core.inspection.space.live_umap import LiveUmap


@contextmanager
def layouts_of(holders: Holders, run: str, ask: EpochAsk) -> Iterator[LiveUmap]:
    yield holders.umaps.of(run)


@question("run", "umap", EpochAsk, layouts_of)
def umap(layouts: LiveUmap, ask: EpochAsk) -> Answer:
    """The layout of an epoch if it is made, and how many are; the missing ones are begun."""
    found = layouts.ask(ask.epoch)
    about = {"made": found.made, "total": found.total, "reason": found.layout.reason if found.layout else ""}
    if found.layout is None or found.layout.points is None:
        return Answer(about=about)
    return Answer({"map": found.layout.points}, about)
