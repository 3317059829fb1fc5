"""Long jobs on a run that learns from views: whether learning helped, and which augmentation helps."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Literal

from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.kinds import Named, about_job
from selfsup_core.runs.ablation import AblationConfig
from selfsup_core.runs.benefit import BenefitConfig
from selfsup_core.runs.progress import Progress
from selfsup_core.settings import Config, setting
from selfsup_core.tasks.parts.benefit import Measuring
from selfsup_core.workers.ablation import drive

if TYPE_CHECKING:
    from selfsup_core.inspection.run_jobs import RunJobs
    from selfsup_core.runs.folder import RunFolder


class JobAsk(Config):
    """One of the jobs."""

    kind: Literal["benefit", "ablation"] = setting(..., "Which job.", title="Job")


@about_job("look", JobAsk)
def look(run: Named[RunJobs], ask: JobAsk) -> Answer:
    """How the job stands: {"job": about it, or null}."""
    return Answer(about={"job": run.holder.look(ask.kind, run.name)})


@about_job("stop", JobAsk)
def stop(run: Named[RunJobs], ask: JobAsk) -> Answer:
    """End the job; what it has reached is kept."""
    return Answer(about={"job": run.holder.stop(ask.kind, run.name)})


@about_job("benefit", BenefitConfig)
def benefit(run: Named[RunJobs], ask: BenefitConfig) -> Answer:
    """Begin or continue to measure whether learning from views helped."""
    workspace = run.holder.workspace

    def make(folder: RunFolder) -> Generator[Progress, None, None]:
        yield from Measuring(workspace, folder, ask).steps()

    return Answer(about={"job": run.holder.start("benefit", run.name, make)})


@about_job("ablation", AblationConfig)
def ablation(run: Named[RunJobs], ask: AblationConfig) -> Answer:
    """Begin or continue to train a run without and with each transformation alone."""
    return Answer(about={"job": run.holder.start("ablation", run.name, lambda folder: drive(folder, ask))})
