"""Embedding of whole data sets in the lab process: a job in a thread, with progress, pause and stop; its parts stay on disk.

What was stopped, or died with the process, goes on behind its last part when it is started again.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from selfsup_core.errors import DataError, SettingError, StudioError
from selfsup_core.export.embeddings import folder_of, open_texts, read_embeddings
from selfsup_core.features.embedding.embed import EmbedConfig, embed, embed_steps
from selfsup_core.pretrained.encoders.catalogue import find_encoder
from selfsup_core.pretrained.encoders.language import check_language

MOST_POINTS = 3000  # on the map
MOST_FOUND = 20
LETTERS = 300


@dataclass
class Job:
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

    def as_dict(self) -> dict[str, Any]:
        names = (
            "source",
            "encoder",
            "status",
            "stage",
            "done",
            "total",
            "seconds_left",
            "rate",
            "note",
            "error",
        )
        return {name: getattr(self, name) for name in names}


class EmbedJobs:
    """The jobs of a workspace; one is at work at a time, the others wait for it."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.jobs: dict[tuple[str, str], Job] = {}
        self.lock, self.turn, self.asking = threading.Lock(), threading.Lock(), threading.Lock()

    @property
    def is_at_work(self) -> bool:
        return any(job.status in ("running", "paused") for job in self.jobs.values())

    def use(self, source: str, tool: str, values: dict[str, Any]) -> dict[str, Any]:
        """Args: tool: look, start, pause, resume, stop, map or nearest. Raises StudioError."""
        tools = {
            name: getattr(self, name)
            for name in ("look", "start", "pause", "resume", "stop", "map", "nearest")
        }
        if tool not in tools:
            raise SettingError(f"There is no tool {tool!r} for embeddings. Known: {', '.join(tools)}.")
        return tools[tool](source, **values)

    def look(self, source: str, encoder: str, *, check: bool = False) -> dict[str, Any]:
        """{"ready", "job", "warning"}: whether all are there, how the job stands, and what speaks against the encoder.

        Args:
            check: whether texts are read for the warning.
        """
        job = self.jobs.get((source, encoder))
        is_busy = job is not None and job.status in ("running", "paused")
        ready = not is_busy and read_embeddings(self.workspace, source, encoder) is not None
        warning = check_language(open_texts(self.workspace, source)[1], encoder) if check else ""
        return {"ready": ready, "job": job.as_dict() if job else None, "warning": warning}

    def start(self, source: str, encoder: str) -> dict[str, Any]:
        """Begin, or go on; a job that is at work stays as it is."""
        missing = find_encoder(encoder).missing()
        if missing:
            raise DataError(missing, code="no-encoder")
        _, texts = open_texts(self.workspace, source)
        with self.lock:
            job = self.jobs.get((source, encoder))
            if job is None or job.status not in ("running", "paused"):
                job = Job(source, encoder, total=len(texts))
                job.may_go.set()
                self.jobs[source, encoder] = job
                threading.Thread(target=self._work, args=(job,), daemon=True).start()
        return job.as_dict()

    def pause(self, source: str, encoder: str) -> dict[str, Any]:
        return self._tell(source, encoder, "running", "paused")

    def resume(self, source: str, encoder: str) -> dict[str, Any]:
        return self._tell(source, encoder, "paused", "running")

    def stop(self, source: str, encoder: str) -> dict[str, Any]:
        return self._tell(source, encoder, "", "stopped")

    def _tell(self, source: str, encoder: str, old: str, new: str) -> dict[str, Any]:
        job = self.jobs.get((source, encoder))
        if job is None:
            raise DataError(
                "There is no such job; it may have ended with its process.",
                code="no-job",
                remedy="Start it again: it goes on where it was.",
            )
        with self.lock:
            if job.status in ((old,) if old else ("running", "paused")):
                job.status = new
                job.shall_stop = new == "stopped"
                (job.may_go.clear if new == "paused" else job.may_go.set)()
        return job.as_dict()

    def _work(self, job: Job) -> None:
        try:
            with self.turn:
                self._embed(job)
        except StudioError as error:
            job.status, job.error = "failed", str(error)
        except OSError as error:
            job.status, job.error = "failed", f"The disk did not take it: {error.strerror}."
        except Exception as error:
            import traceback

            traceback.print_exc()
            job.status, job.error = "failed", f"This failed: {type(error).__name__}: {error}."

    def _embed(self, job: Job) -> None:
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

    def map(self, source: str, encoder: str) -> dict[str, Any]:
        """{"points": (S, 2), "rows", "labels", "texts", "classes", "explained", "total"} of a stratified sample, by PCA."""
        import torch

        from selfsup_core.data.splits import choose_stratified
        from selfsup_core.projection.pca import fit_pca

        x = self._ready(source, encoder)
        dataset, texts = open_texts(self.workspace, source)
        y = None if dataset.y is None else np.asarray(dataset.y)
        rows = np.sort(choose_stratified(np.arange(len(x)), y, MOST_POINTS, 0))
        part = torch.from_numpy(np.array(x[rows]))
        points, explained = np.zeros((len(rows), 2)), 0.0
        if len(rows) > 2:
            pca = fit_pca(part, 2)
            points, explained = pca.transform(part).numpy(), float(pca.explained.sum())
        return {
            "points": np.round(points, 5).tolist(),
            "rows": rows.tolist(),
            "total": len(x),
            "explained": explained,
            "labels": (np.full(len(rows), -1) if y is None else y[rows]).tolist(),
            "classes": list(dataset.classes),
            "texts": [texts[int(row)][:LETTERS] for row in rows],
        }

    def nearest(self, source: str, encoder: str, text: str, most: int = 8) -> dict[str, Any]:
        """The texts with the largest cosine to a sentence: {"found": [{"row", "cosine", "label", "text"}]}."""
        if not text.strip():
            raise DataError("Type a sentence first.", code="no-text")
        x = self._ready(source, encoder)
        dataset, texts = open_texts(self.workspace, source)
        with self.asking:
            wanted = embed([text], EmbedConfig(encoder=encoder))[0]
        cosines = x @ wanted
        best = np.argsort(-cosines, kind="stable")[: min(most, MOST_FOUND)]
        names = dataset.label_names() if dataset.y is not None else None
        return {
            "found": [
                {
                    "row": int(row),
                    "cosine": float(cosines[row]),
                    "label": names[row] if names else "",
                    "text": texts[int(row)][:LETTERS],
                }
                for row in best
            ]
        }

    def _ready(self, source: str, encoder: str) -> np.ndarray:
        x = read_embeddings(self.workspace, source, encoder)
        if x is None:
            raise DataError(
                "These texts have no embeddings yet.",
                code="no-embeddings",
                remedy="Start the embedding first.",
            )
        return x
