"""A run has been trained to its end."""

from __future__ import annotations

from typing import Literal

from selfsup_core.lessons.checks import Judged, check, not_yet
from selfsup_core.lessons.evidence import Evidence
from selfsup_core.lessons.which import RunWish, find_closest, has_ended, no_run
from selfsup_core.settings import KindConfig, setting
from selfsup_core.translation import tr


class FinishedConfig(RunWish, KindConfig):
    kind: Literal["finished"] = setting("finished", "A run has been trained to its end.")
    epochs: int = setting(0, "Enough epochs.", zero="all of the run's", ge=0)


@check("finished", FinishedConfig)
def finished(evidence: Evidence, config: FinishedConfig) -> Judged:
    """A run has been trained to its end."""
    run, lack = find_closest(evidence.runs, [*config.wishes(), has_ended(config.epochs)])
    if run is None:
        return Judged(False, no_run(evidence, config), missing=config)
    if lack:
        return not_yet(evidence, config, run, lack)
    return Judged(
        True,
        tr("{called} has been trained for {epoch} epochs.").format(
            called=run.called, epoch=run.state["epoch"]
        ),
        (run.folder.id,),
    )
