"""Hands in the short runs of an ablation one after the other: the queue keeps room for other runs."""

from __future__ import annotations

import time
from collections.abc import Generator

from selfsup_core.errors import RunError
from selfsup_core.runs.ablation import AblationConfig, find_short, keep_asked, plan_of, token_of
from selfsup_core.runs.folder import ENDED, RunFolder, read_state
from selfsup_core.runs.progress import Progress
from selfsup_core.runs.spec import RunSpec
from selfsup_core.translation import tr
from selfsup_core.workers import short_runs
from selfsup_core.workers.short_runs import halt
from selfsup_core.workers.supervisor import ensure_supervisor

POLL_SECONDS = 0.3


def drive(folder: RunFolder, config: AblationConfig) -> Generator[Progress, None, None]:
    """Train what is missing. Closed in between, it stops the short run that is at work, too.

    Raises:
        RunError: the run varies nothing, or it has no labels to compare by.
    """
    state = read_state(folder)
    if state["metrics"].get("probe_accuracy") is None:
        raise RunError(
            tr("This run has no accuracy of a linear classifier to compare by."),
            code="no-probe",
            remedy=tr("Let it reach its end, on data with labels."),
        )
    plan = plan_of(folder, config)
    keep_asked(folder, config)
    for number, spec in enumerate(plan):
        said = tr("Run {number} of {count}: {split}.").format(
            number=number + 1, count=len(plan), split=" · ".join(spec.name.split(" · ")[-2:])
        )
        yield Progress(number / len(plan), said)
        while (run := hand_in(folder, spec, state["preset"])) is None:
            yield Progress(
                number / len(plan), tr("{said} It waits until the queue has room.").format(said=said)
            )
            time.sleep(POLL_SECONDS)
        try:
            while (now := read_state(run))["status"] not in ENDED:
                share = min(1.0, (now["epoch"] + now["epoch_progress"]) / max(1, now["epochs"]))
                yield Progress((number + share) / len(plan), said)
                time.sleep(POLL_SECONDS)
                ensure_supervisor(folder.workspace)  # it may have been killed meanwhile
        except GeneratorExit:
            halt(run)
            raise


def hand_in(folder: RunFolder, spec: RunSpec, preset: str) -> RunFolder | None:
    """The short run, queued unless it has ended for good; None while the queue is full."""
    found = short_runs.hand_in(
        folder.workspace,
        spec,
        find_short(folder, spec),
        submission=token_of(spec),
        part_of=folder.id,
        preset=preset,
    )
    if found and read_state(found)["status"] not in ENDED:
        ensure_supervisor(folder.workspace)
    return found
