"""Embedding of whole data sets in the lab process: a job in a thread, with progress, pause and stop; its
parts stay on disk.

What was stopped, or died with the process, continues behind its last part when it is started again.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

import numpy as np

from selfsup_core.errors import DataError, StudioError
from selfsup_core.export.embeddings import folder_of, open_texts, read_embeddings
from selfsup_core.features.embedding.embed import EmbedConfig, embed_steps
from selfsup_core.pretrained.encoders.catalogue import find_encoder
from selfsup_core.pretrained.encoders.language import check_language
from selfsup_core.translation import tr


class EmbedJobAbout(TypedDict):
    """A job as others see it."""

    source: str
    encoder: str
    status: str
    stage: str
    done: int
    total: int
    seconds_left: float | None
    rate: float | None
    note: str
    error: str


class Looked(TypedDict):
    """How the embeddings of a data set stand. ready: whether all are there; warning: what speaks against the
    encoder.
    """

    ready: bool
    job: EmbedJobAbout | None
    warning: str


@dataclass
class EmbedJob:
    """One data set through one encoder.

    Attributes:
        status: "running", "paused", "stopped", "failed" or "done".
    """

    source: str
    encoder: str
    status: str = "running"
    stage: str = "reading"
    done: int = 0
    total: int = 0
    seconds_left: float | None = None
    rate: float | None = None
    note: str = ""
    error: str = ""
    may_go: threading.Event = field(default_factory=threading.Event)
    shall_stop: bool = False

    def about(self) -> EmbedJobAbout:
        return {
            "source": self.source,
            "encoder": self.encoder,
            "status": self.status,
            "stage": self.stage,
            "done": self.done,
            "total": self.total,
            "seconds_left": self.seconds_left,
            "rate": self.rate,
            "note": self.note,
            "error": self.error,
        }


class EmbedJobs:
    """The jobs of a workspace; one is running at a time, the others wait for it."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.jobs: dict[tuple[str, str], EmbedJob] = {}
        self.lock, self.turn = threading.Lock(), threading.Lock()
        self.asking = threading.Lock()  # held while a typed sentence is embedded

    @property
    def is_at_work(self) -> bool:
        return any(job.status in ("running", "paused") for job in self.jobs.values())

    def look(self, source: str, encoder: str, *, check: bool = False) -> Looked:
        """Args: check: whether texts are read for the warning."""
        job = self.jobs.get((source, encoder))
        is_busy = job is not None and job.status in ("running", "paused")
        ready = not is_busy and read_embeddings(self.workspace, source, encoder) is not None
        warning = check_language(open_texts(self.workspace, source)[1], encoder) if check else ""
        return {"ready": ready, "job": job.about() if job else None, "warning": warning}

    def list_jobs(self) -> list[EmbedJobAbout]:
        """Jobs of this process that have not reached their end, the newest first."""
        with self.lock:
            jobs = list(self.jobs.values())
        return [job.about() for job in reversed(jobs) if job.status != "done"]

    def start(self, source: str, encoder: str) -> EmbedJobAbout:
        """Start or resume a job; a running job is not changed."""
        missing = find_encoder(encoder).missing()
        if missing:
            raise DataError(missing, code="no-encoder")
        _, texts = open_texts(self.workspace, source)
        with self.lock:
            job = self.jobs.get((source, encoder))
            if job is None or job.status not in ("running", "paused"):
                job = EmbedJob(source, encoder, total=len(texts))
                job.may_go.set()
                self.jobs[source, encoder] = job
                threading.Thread(target=self._work, args=(job,), daemon=True).start()
        return job.about()

    def pause(self, source: str, encoder: str) -> EmbedJobAbout:
        return self._tell(source, encoder, "running", "paused")

    def resume(self, source: str, encoder: str) -> EmbedJobAbout:
        return self._tell(source, encoder, "paused", "running")

    def stop(self, source: str, encoder: str) -> EmbedJobAbout:
        return self._tell(source, encoder, "", "stopped")

    def _tell(self, source: str, encoder: str, old: str, new: str) -> EmbedJobAbout:
        job = self.jobs.get((source, encoder))
        if job is None:
            raise DataError(
                tr("There is no such job; it may have ended with its process."),
                code="no-job",
                remedy=tr("Start it again; it continues where it stopped."),
            )
        with self.lock:
            if job.status in ((old,) if old else ("running", "paused")):
                job.status = new
                job.shall_stop = new == "stopped"
                (job.may_go.clear if new == "paused" else job.may_go.set)()
        return job.about()

    def _work(self, job: EmbedJob) -> None:
        try:
            with self.turn:
                self._embed(job)
        except StudioError as error:
            job.status, job.error = "failed", str(error)
        except OSError as error:
            job.status, job.error = (
                "failed",
                tr("Could not write to disk: {strerror}.").format(strerror=error.strerror),
            )
        except Exception as error:
            import traceback

            traceback.print_exc()
            job.status, job.error = (
                "failed",
                tr("This failed: {name}: {error}.").format(name=type(error).__name__, error=error),
            )

    def _embed(self, job: EmbedJob) -> None:
        dataset, texts = open_texts(self.workspace, job.source)
        steps = embed_steps(
            texts,
            EmbedConfig(encoder=job.encoder),
            cache=folder_of(self.workspace),
            data_digest=dataset.digest or dataset.id,
        )
        try:
            for step in steps:
                job.stage, job.done, job.total, job.note = (
                    step.stage,
                    step.done,
                    step.total,
                    step.note,
                )
                job.seconds_left, job.rate = step.seconds_left, step.texts_per_second
                if not job.may_go.is_set():
                    self.turn.release()  # whoever pauses must not keep the others waiting
                    try:
                        job.may_go.wait()
                    finally:
                        self.turn.acquire()
                if job.shall_stop:
                    return
        finally:
            steps.close()
        job.status = "done"

    def ready(self, source: str, encoder: str) -> np.ndarray:
        """(N, width). Raises DataError when they are not there yet."""
        x = read_embeddings(self.workspace, source, encoder)
        if x is None:
            raise DataError(
                tr("These texts have no embeddings yet."),
                code="no-embeddings",
                remedy=tr("Start the embedding first."),
            )
        return x
