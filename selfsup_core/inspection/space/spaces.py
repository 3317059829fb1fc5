"""Spaces, their vectors and their maps, in the process that may take its time.

Long, because it is one class: what is kept of a space, its map and its questions is locked, counted and
forgotten together.
"""

from __future__ import annotations

import json
import threading
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import numpy as np
from cachetools import LRUCache

from selfsup_core.data.splits import choose_stratified
from selfsup_core.errors import DataError, StudioError
from selfsup_core.files import load_array, sha256, write_json
from selfsup_core.inspection.keyed import KeyedLocks
from selfsup_core.inspection.space import layouts
from selfsup_core.inspection.space.asked import Asked
from selfsup_core.inspection.space.axes import Ends, ends_of_axes, mark_of, places_of
from selfsup_core.inspection.space.base import Space, places_in
from selfsup_core.inspection.space.graphs import Graph, graph_path, read_graph, write_graph
from selfsup_core.inspection.space.jobs import Cancelled, MapJob
from selfsup_core.inspection.space.layouts import MapAbout, Progress
from selfsup_core.inspection.space.opening import open_space
from selfsup_core.inspection.space.run_spaces import RunSpace
from selfsup_core.inspection.space.works import Works
from selfsup_core.projection.config import QUICK, MapConfig, what_counts
from selfsup_core.projection.linear import Linear
from selfsup_core.projection.maps import Made, make_map
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.inspection.model_at import Kits

KEPT_SPACES, KEPT_VECTORS = 4, 4
QUICK_SECONDS = 1.0  # what takes longer has progress and can be cancelled
MOST_EPOCHS = 60  # of a replay


class Described(TypedDict):
    """What a space is."""

    space: str
    title: str
    kind: str
    source: str
    rows: int
    width: int
    classes: list[str]
    epochs: list[int]
    can_decode: bool


class Started(TypedDict):
    """A map that was begun or found."""

    key: str
    status: str
    epochs: list[int]


class Looked(TypedDict):
    """How a map stands."""

    job: Progress
    epochs: list[int]
    done: list[int]
    notes: list[str]


class Spaces:
    """Spaces, vectors and maps of a workspace.

    Maps are made in threads: long ones one at a time, quick ones at once. While something is made, only its
    own lock is held, so nobody waits for another person's request.
    """

    def __init__(self, workspace: Path, kits: Kits) -> None:
        self.workspace, self.kits = workspace, kits
        self.opened: LRUCache[str, Space] = LRUCache(KEPT_SPACES)
        self.kept: LRUCache[tuple[str, str], np.ndarray] = LRUCache(KEPT_VECTORS)
        self.jobs: dict[str, MapJob] = {}
        self.works = Works()
        self.lock, self.turn, self.making = threading.Lock(), threading.Lock(), KeyedLocks()

    @property
    def is_at_work(self) -> bool:
        is_drawn = any(job.status in ("running", "paused") for job in list(self.jobs.values()))
        return is_drawn or self.works.is_at_work

    def space(self, name: str) -> Space:
        """Raises StudioError as `open_space`."""
        with self.making(("space", name)):
            with self.lock:
                found = self.opened.get(name)
            if isinstance(found, RunSpace):
                if found.folder.exists():
                    found.look_for_epochs()
                else:
                    with self.lock:
                        self.opened.pop(name, None)
                    found = None
            if found is None:
                found = open_space(name, self.workspace, self.kits)
                with self.lock:
                    self.opened[name] = found
            return found

    def vectors(self, space: Space, epoch: int | None) -> np.ndarray:
        """(R, D) of all rows that have one; the newest few are kept."""
        key = (space.name, space.digest(epoch))
        with self.making(("vectors", space.name)):
            with self.lock:
                found = self.kept.get(key)
            if found is None:
                found = space.vectors(epoch)
                with self.lock:
                    self.kept[key] = found
            return found

    def describe(self, name: str) -> Described:
        space = self.space(name)
        return {
            "space": space.name,
            "title": space.title,
            "kind": space.kind,
            "source": space.source,
            "rows": len(space.rows),
            "width": space.width,
            "classes": list(space.classes),
            "epochs": space.epochs,
            "can_decode": space.can_decode,
        }

    def start(
        self,
        name: str,
        config: MapConfig,
        epoch: int | None = None,
        *,
        replay: bool = False,
        wait: bool = False,
    ) -> Started:
        """Begin a map, or find it. Quick ones are mostly there at once; else they are running.

        Args:
            epoch: of a run; the newest unless given. replay: all kept epochs, each begun from the one before.
            wait: until it is there, however long that takes.
        """
        space = self.space(name)
        epochs = epochs_of(space, epoch, replay)
        ends = ends_of_axes(self.workspace, space, config)
        marks = [space.digest(e) for e in epochs]
        mark = [space.name, marks, what_counts(config), epochs, mark_of(ends)]
        key = sha256(json.dumps(mark, sort_keys=True).encode())[:16]
        folder = layouts.folder_of(self.workspace, key)
        is_quick = config.kind in QUICK and len(epochs) == 1
        with self.making(("map", key)):
            progress = layouts.read_progress(folder)
            if progress and progress["status"] == "done":
                (folder / layouts.ABOUT).touch()
                return {"key": key, "status": "done", "epochs": epochs}
            job = self.jobs.get(key)
            if job is None or job.status not in ("running", "paused"):
                folder.mkdir(parents=True, exist_ok=True)
                write_about(folder, space, config, epochs)
                job = self.jobs[key] = MapJob(folder, nullcontext() if is_quick else self.turn)
                job.write("waiting", 0, 1)
                work = threading.Thread(
                    target=self._work, args=(job, space, config, epochs, ends), daemon=True
                )
                work.start()
        if wait or is_quick:
            job.done.wait(None if wait else QUICK_SECONDS)
        if job.status == "failed":
            ended = layouts.read_progress(folder)
            said = ended.get("error", "") if ended else ""
            raise DataError(said or tr("This map could not be computed."), code="map-failed")
        return {"key": key, "status": job.status, "epochs": epochs}

    def _work(
        self, job: MapJob, space: Space, config: MapConfig, epochs: list[int], ends: Ends | None
    ) -> None:
        try:
            with job.turn:
                self._make(job, space, config, epochs, ends)
            job.end("done")
            layouts.forget(self.workspace)
        except Cancelled:
            # It may be made again by now: then its files are another job's.
            if self.jobs.get(job.folder.name) is job:
                job.end("cancelled")
        except StudioError as error:
            job.end("failed", str(error))
        except MemoryError:
            job.end("failed", tr("There is not enough memory for this map. Choose fewer points."))
        except OSError as error:
            job.end("failed", tr("Could not write to disk: {strerror}.").format(strerror=error.strerror))
        except Exception as error:
            import traceback

            traceback.print_exc()
            job.end(
                "failed", tr("This failed: {name}: {error}.").format(name=type(error).__name__, error=error)
            )
        finally:
            job.done.set()

    def _make(
        self, job: MapJob, space: Space, config: MapConfig, epochs: list[int], ends: Ends | None
    ) -> None:
        folder = job.folder
        rows = layouts.read_rows(self.workspace, folder.name)
        places = places_in(space.rows, rows)
        near_ends = None if ends is None else places_of(ends, rows)
        previous = None
        about = layouts.read_map(self.workspace, folder.name)
        for index, epoch in enumerate(epochs):
            job.epoch, job.share = epoch, (index / len(epochs), 1 / len(epochs))
            job.say("vectors", 0, 1, None)
            used = epoch if space.epochs else None
            x = self.vectors(space, used)[places]
            graph = self._kept_graph(space, used, config, rows)
            made = make_map(x, config, say=job.say, previous=previous, graph=graph, ends=near_ends)
            job.heed()  # a PCA cannot be interrupted, so its cancelling is seen only here
            if made.graph is not None and graph is None:
                k = made.graph[0].shape[1]
                write_graph(graph_path(self.workspace, space, used, rows, config.metric, k), made.graph)
            layouts.save_array(layouts.layout_path(folder, epoch), made.points)
            if made.linear is not None:
                layouts.save_array(
                    folder / f"axes-{epoch:06d}.npy", np.vstack([made.linear.mean, made.linear.axes])
                )
            about["width"] = x.shape[1]
            about["done"].append(epoch)
            about["explained"][str(epoch)] = made.explained
            about["notes"] += [note for note in made.notes if note not in about["notes"]]
            write_json(folder / layouts.ABOUT, {k: v for k, v in about.items() if k != "job"})
            previous = made.points

    def _kept_graph(
        self, space: Space, epoch: int | None, config: MapConfig, rows: np.ndarray
    ) -> Graph | None:
        """Neighbors that an earlier map of the same vectors has found, or None."""
        if config.kind != "umap":
            return None
        k = min(config.neighbors, len(rows)) - 1
        return read_graph(graph_path(self.workspace, space, epoch, rows, config.metric, k))

    def look(self, key: str) -> Looked:
        """How a map stands."""
        found = layouts.read_map(self.workspace, key)
        job = found["job"]
        if job["status"] in ("running", "paused") and key not in self.jobs:
            job = {**job, "status": "cancelled"}  # its process has ended
        return {"job": job, "epochs": found["epochs"], "done": found["done"], "notes": found["notes"]}

    def pause(self, key: str) -> str:
        """The status that the map has then, as for `resume` and `cancel`. Raises DataError when it is not
        being made.
        """
        return self._job(key).tell("running", "paused")

    def resume(self, key: str) -> str:
        return self._job(key).tell("paused", "running")

    def cancel(self, key: str) -> str:
        return self._job(key).tell("", "cancelled")

    def _job(self, key: str) -> MapJob:
        job = self.jobs.get(key)
        if job is None:
            raise DataError(tr("This map is not being computed."), code="no-job", remedy=tr("Draw it again."))
        return job

    def asked(self, name: str, key: str, epoch: int | None) -> Asked:
        """What a question is about. Raises DataError when the map is not made yet."""
        about = layouts.read_map(self.workspace, key)
        space = self.space(name)
        if about["space"] != space.name:
            raise DataError(tr("The map {key} belongs to another space.").format(key=key), code="no-map")
        if not about["done"]:
            raise DataError(
                tr("This map is not ready yet."), code="no-layout", remedy=tr("Wait until it is drawn.")
            )
        used = about["done"][-1] if epoch is None else min(about["done"], key=lambda e: abs(e - epoch))
        return Asked(
            spaces=self,
            space=space,
            about=about,
            config=MapConfig.model_validate(about["config"]),
            rows=layouts.read_rows(self.workspace, key),
            epoch=used if space.epochs else None,
            frame=used,
        )

    def graph(self, asked: Asked, k: int) -> Graph:
        """k neighbors of each point of a map in the space itself; found once."""
        from selfsup_core.evaluate.nearest import nearest

        metric = asked.config.metric
        k = min(k, len(asked.rows) - 1)
        path = graph_path(self.workspace, asked.space, asked.epoch, asked.rows, metric, k)
        found = read_graph(path)
        if found is None:
            found = nearest(asked.x, k, metric)
            write_graph(path, found)
        return found

    def made(self, asked: Asked) -> Made:
        """The map as something that new rows can be placed on."""
        path = asked.folder / f"axes-{asked.frame:06d}.npy"
        linear = None
        if path.exists():
            kept = load_array(path)
            linear = Linear(kept[0], kept[1:])
        return Made(asked.points, linear=linear)


def epochs_of(space: Space, epoch: int | None, replay: bool) -> list[int]:
    """Epochs that a map has; [0] where the space does not change."""
    if not isinstance(space, RunSpace):
        return [0]
    if not replay:
        return [space.near(epoch)]
    every = space.epochs
    if len(every) > MOST_EPOCHS:
        every = [every[round(i)] for i in np.linspace(0, len(every) - 1, MOST_EPOCHS)]
    return every


def write_about(folder: Path, space: Space, config: MapConfig, epochs: list[int]) -> None:
    """Choose the rows of a map, and write down what it will be."""
    rows, total = space.rows, len(space.rows)
    notes = []
    if total > config.most_rows:
        places = choose_stratified(np.arange(total), space.labels, config.most_rows, 0)
        rows = rows[np.sort(places)]
        notes.append(
            tr("{count:,} of {total:,} rows are shown, sampled in proportion to the classes.").format(
                count=len(rows), total=total
            )
        )
    layouts.save_array(folder / layouts.ROWS, rows.astype(np.int32))
    about: MapAbout = {
        "key": folder.name,
        "space": space.name,
        "source": space.source,
        "title": space.title,
        "kind": space.kind,
        "classes": list(space.classes),
        "config": config.model_dump(),
        "epochs": epochs,
        "done": [],
        "rows": len(rows),
        "total": total,
        "width": 0,
        "notes": notes,
        "explained": {},
        "can_decode": space.can_decode,
    }
    write_json(folder / layouts.ABOUT, dict(about))
