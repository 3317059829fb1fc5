"""An epoch of a run is on the screen."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from selfsup_core.lessons.checks import Judged, check
from selfsup_core.lessons.evidence import Evidence, RunSeen
from selfsup_core.lessons.which import RunWish, find_closest, no_run
from selfsup_core.settings import KindConfig, setting
from selfsup_core.translation import tr


class LookedConfig(RunWish, KindConfig):
    kind: Literal["looked"] = setting("looked", "An epoch of a run is on the screen.")
    first: int = setting(0, "From this epoch on; 0 is the network before training.", ge=0)
    last: int = setting(0, "Up to this one.", ge=0)

    @model_validator(mode="after")
    def in_order(self) -> LookedConfig:
        if self.last < self.first:
            raise ValueError(tr("last must be at least {first}").format(first=self.first))
        return self

    @property
    def epochs(self) -> str:
        return (
            tr("epoch {first}").format(first=self.first)
            if self.first == self.last
            else tr("an epoch from {first} to {last}").format(first=self.first, last=self.last)
        )


@check("looked", LookedConfig)
def looked(evidence: Evidence, config: LookedConfig) -> Judged:
    """An epoch of a run is on the screen."""
    looking = evidence.looking

    def is_open(run: RunSeen) -> str:
        is_there = looking is not None and looking.run == run.folder.id
        return "" if is_there else tr("is not open; open it and go to {epochs}").format(epochs=config.epochs)

    def at_epoch(run: RunSeen) -> str:
        if looking is None or looking.epoch is None:
            return tr("shows its newest epoch; move the slider Epoch to {epochs}").format(
                epochs=config.epochs
            )
        if config.first <= looking.epoch <= config.last:
            return ""
        return tr("shows epoch {epoch}; the task needs {epochs}").format(
            epoch=looking.epoch, epochs=config.epochs
        )

    run, lack = find_closest(evidence.runs, [*config.wishes(), is_open, at_epoch])
    if run is None:
        return Judged(False, no_run(evidence, config))
    if lack:
        return Judged(False, tr("{run} {lack}.").format(run=run.called, lack=lack))
    assert looking is not None  # else the run is not open
    return Judged(
        True,
        tr("You looked at epoch {epoch} of {called}.").format(epoch=looking.epoch, called=run.called),
        (run.folder.id,),
    )
