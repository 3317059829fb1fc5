"""Maps made and questions answered, in the process that may take its time."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from selfsup_core.data.splits import choose_stratified
from selfsup_core.errors import DataError, SettingError, StudioError
from selfsup_core.files import read_json, sha256, write_json
from selfsup_core.inspection.keyed import KeyedLocks
from selfsup_core.inspection.loaded import Work
from selfsup_core.inspection.registry import Answer
from selfsup_core.inspection.space import layouts
from selfsup_core.inspection.space.acts import ACTS
from selfsup_core.inspection.space.questions import QUESTIONS, Asked
from selfsup_core.inspection.space.selections import kept_under, read_selection
from selfsup_core.inspection.space.subjects import Subject, open_subject, places_in
from selfsup_core.projection.config import QUICK, MapConfig, what_counts
from selfsup_core.projection.linear import Linear
from selfsup_core.projection.maps import Made, make_map
from selfsup_core.settings import explain

KEPT_SUBJECTS, KEPT_VECTORS = 4, 4
MOST_WAIT = 5.0  # seconds that a fetch may wait
QUICK_SECONDS = 1.0  # what takes longer has progress and can be cancelled
MOST_EPOCHS = 60  # of a replay
SHOWN_EVERY = 0.35  # seconds between layouts that are shown while one is made
GRAPHS = "graphs"


class Cancelled(Exception):
    """Somebody does not want the map any more."""


class Job:
    """One map that is being made.

    Attributes:
        status: running, paused, cancelled, failed or done.
        turn: held while it is made, and given away while it is paused.
        done: set once its end is written.
    """

    def __init__(self, folder: Path, turn: AbstractContextManager[Any]) -> None:
        self.folder, self.turn = folder, turn
        self.status = "running"
        self.may_go = threading.Event()
        self.may_go.set()
        self.done = threading.Event()
        self.began = self.shown = time.monotonic()
        self.waited = 0.0
        self.stamp = 0
        self.epoch = 0
        self.share = (0.0, 1.0)  # of the whole work: done before this epoch, and of this epoch
        self.last: dict[str, Any] = {}

    def say(self, stage: str, done: int, total: int, layout: np.ndarray | None) -> None:
        """Told by `make_map`; waits while paused. Raises Cancelled."""
        if self.status == "paused":
            self._write(stage, done, total)
            before = time.monotonic()
            # Whoever pauses a map must not keep the others waiting.
            self.turn.__exit__(None, None, None)
            try:
                self.may_go.wait()
            finally:
                self.turn.__enter__()
            self.waited += time.monotonic() - before
        self.heed()
        now = time.monotonic()
        is_new = stage != self.last.get("stage")
        if now - self.shown < SHOWN_EVERY and done < total and not is_new:
            return
        self.shown = now
        if layout is not None and np.isfinite(layout).all():
            layouts.save_array(self.folder / layouts.PARTIAL, layout)
            self.stamp += 1
        self._write(stage, done, total)

    def heed(self) -> None:
        """Raises Cancelled."""
        if self.status == "cancelled":
            raise Cancelled

    def _write(self, stage: str, done: int, total: int) -> None:
        seconds = time.monotonic() - self.began - self.waited
        whole = self.share[0] + self.share[1] * (done / max(1, total) if stage == "layout" else 0.0)
        left = seconds / whole * (1 - whole) if whole > 0.03 else None
        self.last = {
            "status": self.status,
            "stage": stage,
            "done": done,
            "total": total,
            "epoch": self.epoch,
            "seconds": round(seconds, 2),
            "seconds_left": None if left is None else round(left, 1),
            "stamp": self.stamp,
            "share": round(whole, 4),
        }
        write_json(self.folder / layouts.PROGRESS, self.last)

    def end(self, status: str, error: str = "") -> None:
        self.status = status
        seconds = round(time.monotonic() - self.began - self.waited, 2)
        write_json(
            self.folder / layouts.PROGRESS,
            self.last
            | {
                "status": status,
                "error": error,
                "seconds": seconds,
                "seconds_left": None,
                "stamp": self.stamp,
                "share": 1.0,
            },
        )
        (self.folder / layouts.PARTIAL).unlink(missing_ok=True)


class Spaces:
    """Subjects, vectors, graphs and maps of a workspace.

    Maps are made in threads of their own: long ones one at a time, quick ones at once. No lock is held while something is made
    but that of the very thing, so nobody waits for what another person has asked.
    """

    def __init__(self, workspace: Path, kits: Any) -> None:
        self.workspace, self.kits = workspace, kits
        self.subjects: OrderedDict[str, Subject] = OrderedDict()
        self.kept: OrderedDict[tuple[str, str], np.ndarray] = OrderedDict()
        self.jobs: dict[str, Job] = {}
        self.works: dict[str, Work] = {}
        self.lock, self.turn, self.making = threading.Lock(), threading.Lock(), KeyedLocks()

    def warm_up(self) -> None:
        """Import and compile what UMAP needs, so that the first map does not wait for it."""
        x = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
        make_map(x, MapConfig(kind="umap", steps=2))

    @property
    def is_at_work(self) -> bool:
        is_asked = any(not work.done.is_set() for work in list(self.works.values()))
        return is_asked or any(j.status in ("running", "paused") for j in list(self.jobs.values()))

    def use(self, name: str, tool: str, values: dict[str, Any]) -> Answer:
        """Do what was asked of a space.

        Args:
            tool: describe, start, look, pause, resume, cancel, or one of `questions.QUESTIONS` and `acts.ACTS`; with begin, fetch
                and drop one of the latter is asked without waiting for it.

        Raises:
            StudioError: it cannot be answered.
        """
        own: dict[str, Callable[..., Any]] = {
            "describe": self.describe,
            "start": self.start,
            "look": self.look,
            "pause": self.pause,
            "resume": self.resume,
            "cancel": self.cancel,
            "begin": self.begin,
            "drop": self.drop,
        }
        if tool == "fetch":
            return self.fetch(**values)
        if tool in own:
            return Answer(about=own[tool](name, **values))
        known = QUESTIONS | ACTS
        if tool not in known:
            raise SettingError(f"There is no tool {tool!r} for spaces. Known: {', '.join([*own, *known])}.")
        values = dict(values)
        key, epoch = str(values.pop("key", "")), values.pop("epoch", None)
        # No lock: a question that takes half a minute must not keep the others in the room waiting.
        return known[tool](self.asked(name, key, epoch), **values)

    # Questions that may take long

    def begin(self, name: str, tool: str, values: dict[str, Any]) -> dict[str, Any]:
        """Ask a question in a thread of its own: {"work"}, by which `fetch` gives the answer and `drop` lets go of it."""
        if tool not in QUESTIONS | ACTS:
            raise SettingError(f"{tool!r} is no question. Known: {', '.join(QUESTIONS | ACTS)}.")
        work = Work(tool)
        key = secrets.token_hex(8)
        with self.lock:
            self.works = {k: w for k, w in self.works.items() if not w.is_stale} | {key: work}
        work.begin(lambda say: self.use(name, tool, values))
        return {"work": key}

    def fetch(self, work: str, wait: float = 0.0) -> Answer:
        """The answer of a question that was begun, once; {"working": seconds} while there is none after `wait` seconds.

        Raises:
            StudioError: what the question raised, or that there is no such work.
        """
        found = self.works.get(work)
        if found is None:
            raise DataError("This question is no longer worked on.", code="no-work", remedy="Ask it again.")
        if not found.done.wait(min(max(wait, 0.0), MOST_WAIT)):
            return Answer(about={"working": time.monotonic() - found.started})
        self.drop("", work)
        if found.error is not None:
            raise found.error
        return found.made

    def drop(self, name: str, work: str) -> dict[str, Any]:
        """Nobody wants the answer any more. What is computed ends by itself, and nothing waits for it."""
        with self.lock:
            self.works.pop(work, None)
        return {}

    def subject(self, name: str) -> Subject:
        with self.making(("subject", name)):
            with self.lock:
                found = self.subjects.pop(name, None)
            if found is not None and hasattr(found, "folder") and not found.folder.exists():
                found = None
            if found is None:
                found = open_subject(name, self.workspace, self.kits)
            elif hasattr(found, "folder"):
                from selfsup_core.runs.thinned import list_frames

                found.epochs = list_frames(found.folder.weights)
            with self.lock:
                self.subjects[name] = found
                while len(self.subjects) > KEPT_SUBJECTS:
                    self.subjects.popitem(last=False)
            return found

    def vectors(self, subject: Subject, epoch: int | None) -> np.ndarray:
        """(R, D) of all rows that have one; the newest few are kept."""
        key = (subject.name, subject.digest(epoch))
        with self.making(("vectors", subject.name)):
            with self.lock:
                found = self.kept.pop(key, None)
            if found is None:
                found = subject.vectors(epoch)
            with self.lock:
                self.kept[key] = found
                while len(self.kept) > KEPT_VECTORS:
                    self.kept.popitem(last=False)
            return found

    def describe(self, name: str) -> dict[str, Any]:
        """What a space is: title, kind, rows, width, classes, epochs."""
        subject = self.subject(name)
        return {
            "space": subject.name,
            "title": subject.title,
            "kind": subject.kind,
            "source": subject.source,
            "rows": len(subject.rows),
            "width": subject.width,
            "classes": list(subject.classes),
            "epochs": subject.epochs,
            "can_decode": subject.can_decode,
        }

    # Maps

    def start(
        self,
        name: str,
        config: dict[str, Any],
        epoch: int | None = None,
        *,
        replay: bool = False,
        wait: bool = False,
    ) -> dict[str, Any]:
        """Begin a map, or find it: {"key", "status", "epochs"}. Quick ones are mostly there at once; else they are running.

        Args:
            epoch: of a run; the newest unless given. replay: all kept epochs, each begun from the one before.
            wait: until it is there, however long that takes.
        """
        try:
            settings = MapConfig.model_validate(config)
        except ValidationError as error:
            raise explain(error, MapConfig) from error
        subject = self.subject(name)
        epochs = self._epochs(subject, epoch, replay)
        ends = self._ends(subject, settings)
        marks = [subject.digest(e) for e in epochs]
        said = [list(map(int, part)) for pair in ends or [] for part in (pair or ())]
        key = sha256(
            json.dumps([subject.name, marks, what_counts(settings), epochs, said], sort_keys=True).encode()
        )[:16]
        folder = layouts.folder_of(self.workspace, key)
        is_quick = settings.kind in QUICK and len(epochs) == 1
        with self.making(("map", key)):
            status = (read_json(folder / layouts.PROGRESS) or {}).get("status")
            is_mine = key in self.jobs and self.jobs[key].status in ("running", "paused")
            if status == "done":
                (folder / layouts.ABOUT).touch()
                return {"key": key, "status": "done", "epochs": epochs}
            if not is_mine:
                folder.mkdir(parents=True, exist_ok=True)
                self._write_about(folder, subject, settings, epochs)
                job = self.jobs[key] = Job(folder, nullcontext() if is_quick else self.turn)
                job._write("waiting", 0, 1)
                work = threading.Thread(
                    target=self._work, args=(job, subject, settings, epochs, ends), daemon=True
                )
                work.start()
            job = self.jobs[key]
        if wait or is_quick:
            job.done.wait(None if wait else QUICK_SECONDS)
        if job.status == "failed":
            said_error = (read_json(folder / layouts.PROGRESS) or {}).get("error", "")
            raise DataError(said_error or "This map failed.", code="map-failed")
        return {"key": key, "status": job.status, "epochs": epochs}

    def _epochs(self, subject: Subject, epoch: int | None, replay: bool) -> list[int]:
        if not subject.epochs:
            return [0]
        if not replay:
            return [subject.near(epoch)]  # type: ignore[attr-defined]
        every = subject.epochs
        if len(every) > MOST_EPOCHS:
            every = [every[round(i)] for i in np.linspace(0, len(every) - 1, MOST_EPOCHS)]
        return every

    def _ends(self, subject: Subject, config: MapConfig) -> list[Any] | None:
        """Row numbers of the ends of own axes."""
        if config.kind != "axes":
            return None
        pairs = [(config.x_from, config.x_to), (config.y_from, config.y_to)]
        if not all(pairs[0]):
            raise SettingError(
                "Own axes need a beginning and an end of the x axis.",
                remedy='Name a selection, or a class as in "class:seven".',
            )
        return [tuple(self._rows_of(subject, name) for name in pair) if all(pair) else None for pair in pairs]

    def _rows_of(self, subject: Subject, name: str) -> np.ndarray:
        if name.startswith("class:"):
            wanted = name.removeprefix("class:")
            if wanted not in subject.classes:
                raise SettingError(
                    f"There is no class {wanted!r}. Classes: {', '.join(subject.classes[:20]) or 'none'}."
                )
            return subject.rows[subject.labels == subject.classes.index(wanted)]
        return read_selection(self.workspace, kept_under(subject.name, subject.source), name)

    def _write_about(self, folder: Path, subject: Subject, config: MapConfig, epochs: list[int]) -> None:
        rows, total = subject.rows, len(subject.rows)
        notes = []
        if total > config.most_rows:
            places = choose_stratified(np.arange(total), subject.labels, config.most_rows, 0)
            rows = rows[np.sort(places)]
            notes.append(f"{len(rows):,} of {total:,} rows are shown, drawn in the classes' shares.")
        layouts.save_array(folder / layouts.ROWS, rows.astype(np.int32))
        write_json(
            folder / layouts.ABOUT,
            {
                "key": folder.name,
                "space": subject.name,
                "source": subject.source,
                "title": subject.title,
                "kind": subject.kind,
                "classes": list(subject.classes),
                "config": config.model_dump(),
                "epochs": epochs,
                "done": [],
                "rows": len(rows),
                "total": total,
                "width": 0,
                "notes": notes,
                "explained": {},
                "can_decode": subject.can_decode,
            },
        )

    def _work(self, job: Job, subject: Subject, config: MapConfig, epochs: list[int], ends: Any) -> None:
        try:
            with job.turn:
                self._make(job, subject, config, epochs, ends)
            job.end("done")
            layouts.forget(self.workspace)
        except Cancelled:
            # It may be made anew by now: then its files are another job's.
            if self.jobs.get(job.folder.name) is job:
                job.end("cancelled")
        except StudioError as error:
            job.end("failed", str(error))
        except MemoryError:
            job.end("failed", "There is not enough memory for this map. Choose fewer points.")
        except OSError as error:
            job.end("failed", f"The disk did not take it: {error.strerror}.")
        except Exception as error:
            import traceback

            traceback.print_exc()
            job.end("failed", f"This failed: {type(error).__name__}: {error}.")
        finally:
            job.done.set()

    def _make(self, job: Job, subject: Subject, config: MapConfig, epochs: list[int], ends: Any) -> None:
        folder = job.folder
        rows = np.load(folder / layouts.ROWS)
        places = places_in(subject.rows, rows)
        if ends is not None:
            ends = [None if p is None else tuple(drop_missing(places_in(rows, r)) for r in p) for p in ends]
        previous = None
        about = read_json(folder / layouts.ABOUT)
        for index, epoch in enumerate(epochs):
            job.epoch, job.share = epoch, (index / len(epochs), 1 / len(epochs))
            job.say("vectors", 0, 1, None)
            x = self.vectors(subject, epoch if subject.epochs else None)[places]
            graph = self._kept_graph(subject, epoch, config, rows)
            made = make_map(x, config, say=job.say, previous=previous, graph=graph, ends=ends)
            job.heed()  # a PCA cannot be interrupted, so its cancelling is seen only here
            if made.graph is not None and graph is None:
                self._keep_graph(subject, epoch, config, rows, made.graph)
            layouts.save_array(layouts.layout_path(folder, epoch), made.points)
            if made.linear is not None:
                layouts.save_array(
                    folder / f"axes-{epoch:06d}.npy", np.vstack([made.linear.mean, made.linear.axes])
                )
            about["width"] = x.shape[1]
            about["done"].append(epoch)
            about["explained"][str(epoch)] = made.explained
            about["notes"] += [note for note in made.notes if note not in about["notes"]]
            write_json(folder / layouts.ABOUT, about)
            previous = made.points

    def _graph_path(self, subject: Subject, epoch: int, rows: np.ndarray, metric: str, k: int) -> Path:
        mark = [
            subject.name,
            subject.digest(epoch if subject.epochs else None),
            sha256(rows.tobytes()),
            metric,
            k,
        ]
        return self.workspace / "layouts" / GRAPHS / f"{sha256(json.dumps(mark).encode())[:24]}.npz"

    def _kept_graph(self, subject: Subject, epoch: int, config: MapConfig, rows: np.ndarray) -> Any:
        """Neighbors that an earlier map of the same vectors has found, or None."""
        if config.kind != "umap":
            return None
        k = min(config.neighbors, len(rows)) - 1
        return self.read_graph(self._graph_path(subject, epoch, rows, config.metric, k))

    def read_graph(self, path: Path) -> tuple[np.ndarray, np.ndarray] | None:
        try:
            with np.load(path, allow_pickle=False) as found:
                return found["rows"], found["distances"]
        except (OSError, ValueError, KeyError, EOFError):
            return None

    def _keep_graph(
        self, subject: Subject, epoch: int, config: MapConfig, rows: np.ndarray, graph: Any
    ) -> None:
        self.write_graph(self._graph_path(subject, epoch, rows, config.metric, graph[0].shape[1]), graph)

    def write_graph(self, path: Path, graph: tuple[np.ndarray, np.ndarray]) -> None:
        import io

        from selfsup_core.files import write_bytes

        path.parent.mkdir(parents=True, exist_ok=True)
        buffer = io.BytesIO()
        np.savez(buffer, rows=graph[0], distances=graph[1])
        write_bytes(path, buffer.getvalue())
        old = sorted(path.parent.glob("*.npz"), key=lambda p: p.stat().st_mtime, reverse=True)[20:]
        for one in old:
            one.unlink(missing_ok=True)

    def graph(self, asked: Asked, k: int) -> tuple[np.ndarray, np.ndarray]:
        """k neighbors of each point of a map in the space itself; found once."""
        from selfsup_core.evaluate.nearest import nearest

        metric = asked.config.metric
        k = min(k, len(asked.rows) - 1)
        path = self._graph_path(asked.subject, asked.epoch or 0, asked.rows, metric, k)
        found = self.read_graph(path)
        if found is None:
            found = nearest(asked.x, k, metric)
            self.write_graph(path, found)
        return found

    def look(self, name: str, key: str) -> dict[str, Any]:
        """How a map stands."""
        found = layouts.read_map(self.workspace, key)
        job = found["job"]
        if job["status"] in ("running", "paused") and key not in self.jobs:
            job = job | {"status": "cancelled"}  # its process has ended
        return {"job": job, "epochs": found["epochs"], "done": found["done"], "notes": found["notes"]}

    def pause(self, name: str, key: str) -> dict[str, Any]:
        return self._tell(key, "running", "paused")

    def resume(self, name: str, key: str) -> dict[str, Any]:
        return self._tell(key, "paused", "running")

    def cancel(self, name: str, key: str) -> dict[str, Any]:
        return self._tell(key, "", "cancelled")

    def _tell(self, key: str, old: str, new: str) -> dict[str, Any]:
        job = self.jobs.get(key)
        if job is None:
            raise DataError("This map is not being made.", code="no-job", remedy="Draw it again.")
        if job.status in ((old,) if old else ("running", "paused")):
            job.status = new
            if job.last:
                write_json(job.folder / layouts.PROGRESS, job.last | {"status": new})
            (job.may_go.clear if new == "paused" else job.may_go.set)()
        return {"status": job.status}

    # Questions about a map

    def asked(self, name: str, key: str, epoch: int | None) -> Asked:
        """What a question is about. Raises DataError when the map is not made yet."""
        about = layouts.read_map(self.workspace, key)
        if about["space"] != self.subject(name).name:
            raise DataError(f"The map {key} is of another space.", code="no-map")
        subject = self.subject(name)
        if not about["done"]:
            raise DataError("This map is not there yet.", code="no-layout", remedy="Wait until it is drawn.")
        used = about["done"][-1] if epoch is None else min(about["done"], key=lambda e: abs(e - epoch))
        rows = layouts.read_rows(self.workspace, key)
        return Asked(
            self,
            subject,
            about,
            MapConfig.model_validate(about["config"]),
            rows,
            used if subject.epochs else None,
            used,
        )

    def made(self, asked: Asked) -> Made:
        """The map as something that new rows can be placed on."""
        folder = layouts.folder_of(self.workspace, asked.about["key"])
        linear = None
        path = folder / f"axes-{asked.frame:06d}.npy"
        if path.exists():
            kept = np.load(path, allow_pickle=False)
            linear = Linear(kept[0], kept[1:])
        return Made(asked.points, linear=linear)


def drop_missing(places: np.ndarray) -> np.ndarray:
    return places[places >= 0]
