"""Long jobs on runs, in threads of the process for maps: begun, looked at, stopped.

What a job has reached stays with the run, so what was stopped, or died with its process, goes on from there
when it is started again.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypedDict

from selfsup_core.errors import DataError, StudioError
from selfsup_core.files import disk_error
from selfsup_core.runs.folder import RunFolder, open_run
from selfsup_core.runs.progress import Progress
from selfsup_core.translation import tr, tr_later

Status = Literal["running", "stopping", "stopped", "failed", "done"]
Kind = Literal["benefit", "ablation"]
Make = Callable[[RunFolder], Generator[Progress, None, None]]
LEAST_SHARE = 0.03  # of the work, before which nothing is said of the time that is left
AT_WORK = ("running", "stopping")


class RunJobAbout(TypedDict):
    """A job as others see it."""

    status: Status
    share: float
    said: str
    seconds_left: float | None
    error: str


@dataclass
class RunJob:
    """One job on one run."""

    status: Status = "running"
    share: float = 0.0
    said: str = tr_later("Waiting for another comparison to end.")
    error: str = ""
    began: float = field(default_factory=time.monotonic)

    def tell(self, progress: Progress) -> None:
        self.share, self.said = progress.share, progress.said

    def about(self) -> RunJobAbout:
        spent = time.monotonic() - self.began
        is_known = self.status == "running" and self.share > LEAST_SHARE
        left = spent / self.share * (1 - self.share) if is_known else None
        return {
            "status": self.status,
            "share": self.share,
            "said": self.said,
            "seconds_left": left,
            "error": self.error,
        }


class RunJobs:
    """The jobs of a workspace; of one kind one works at a time, the others wait for it."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.jobs: dict[tuple[Kind, str], RunJob] = {}
        self.lock = threading.Lock()
        self.turns: dict[Kind, threading.Lock] = {"benefit": threading.Lock(), "ablation": threading.Lock()}

    @property
    def is_at_work(self) -> bool:
        return any(job.status in AT_WORK for job in list(self.jobs.values()))

    def look(self, kind: Kind, run: str) -> RunJobAbout | None:
        """None where this process has no such job."""
        job = self.jobs.get((kind, open_run(self.workspace, run).id))
        return job.about() if job else None

    def start(self, kind: Kind, run: str, make: Make) -> RunJobAbout:
        """Begin or continue a job; one that is at work is not changed.

        Args:
            make: folder → the work, which may be closed after any of its steps.
        """
        folder = open_run(self.workspace, run)
        with self.lock:
            job = self.jobs.get((kind, folder.id))
            if job is None or job.status not in AT_WORK:
                job = self.jobs[kind, folder.id] = RunJob()
                threading.Thread(target=self._work, args=(kind, folder, job, make), daemon=True).start()
        return job.about()

    def stop(self, kind: Kind, run: str) -> RunJobAbout:
        """Let it end after the step that it is at. Raises DataError when there is none."""
        job = self.jobs.get((kind, open_run(self.workspace, run).id))
        if job is None:
            raise DataError(
                tr("There is no such job; it may have ended with its process."),
                code="no-job",
                remedy=tr("Start it again; it continues where it stopped."),
            )
        with self.lock:
            if job.status == "running":
                job.status = "stopping"
        return job.about()

    def _work(self, kind: Kind, folder: RunFolder, job: RunJob, make: Make) -> None:
        try:
            with self.turns[kind]:
                job.began = time.monotonic()
                job.said = tr("Reading the run.")
                with closing(make(folder)) as steps:
                    for progress in steps:
                        job.tell(progress)
                        if job.status == "stopping":
                            break
        except StudioError as error:
            job.error = str(error)
        except OSError as error:
            job.error = str(disk_error(error))
        except Exception as error:
            traceback.print_exc()
            job.error = tr("This failed: {name}: {error}.").format(name=type(error).__name__, error=error)
        with self.lock:
            job.status = "failed" if job.error else "stopped" if job.status == "stopping" else "done"
