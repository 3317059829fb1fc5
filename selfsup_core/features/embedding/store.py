"""Embeddings on disk: <key>.npy the array, <key>.json what it is, written last; <key>.part/ what a job has so
far.
"""

from __future__ import annotations

import io
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import NotRequired

import numpy as np
from typing_extensions import TypedDict

from selfsup_core.features.embedding.config import FORMAT, EmbedSettings, Job
from selfsup_core.files import MOST_WEIGHTS, read_file, read_shaped, sha256, write_bytes, write_json

PART_SECONDS = 5.0  # a killed job loses so much at most, plus a batch
PART = re.compile(r"(\d{10})-(\d{10})-([0-9a-f]{16})\.npy")


class EncodingAbout(TypedDict):
    """How an embedding was made. distinct: texts that differ; cut: texts of which not everything was read."""

    distinct: int
    cut: int
    note: str
    device: str


class EmbeddingAbout(EncodingAbout):
    """What a kept array is: <key>.json. made: seconds since 1970; bytes, sha256: of the array's file."""

    format: int
    key: str
    encoder: str
    title: str
    encoder_digest: str
    data_digest: str
    rows: int
    width: int
    settings: EmbedSettings
    seconds: float
    texts_per_second: float | None
    made: float
    bytes: int
    sha256: str


class Plan(TypedDict):
    """plan.json. order: digest of the job's order; precision: "full" or "half"; seconds: that it has taken so
    far.
    """

    data_digest: NotRequired[str]
    order: NotRequired[str]
    precision: NotRequired[str]
    note: NotRequired[str]
    encoder: NotRequired[str]
    rows: NotRequired[int]
    distinct: NotRequired[int]
    seconds: NotRequired[float]


class Unfinished(TypedDict):
    """A job that has not reached its end. done: distinct texts of `distinct` that have their embedding on
    disk.
    """

    encoder: str
    data_digest: str
    rows: int
    distinct: int
    done: int
    touched: float


class Parts:
    """What is done, on disk: plan.json, and files `<first>-<end>-<digest>.npy` of embeddings in the job's
    order.
    """

    def __init__(self, folder: Path | None, made: np.ndarray, order: np.ndarray, job: Job) -> None:
        self.folder, self.made, self.order, self.job = folder, made, order, job
        self.done = self.added = 0  # written, and made
        self.seconds = self.waiting = 0.0
        self.plan: Plan | None = None  # with a folder

    def open(self, choose: Callable[[], tuple[str, str]], use: Callable[[str], bool]) -> str:
        """Read what is there, in the precision that it was begun with; the reason of that precision."""
        if self.folder is None:
            return choose()[1]
        name = sha256(self.order.tobytes())
        plan = read_shaped(self.folder / "plan.json", Plan)
        if plan and plan.get("order") == name and (plan.get("precision") == "full" or use("half")):
            self.plan = plan
            self.seconds = plan.get("seconds", 0.0)
            self.read()
            return plan.get("note", "")
        shutil.rmtree(self.folder, ignore_errors=True)
        precision, note = choose()
        self.plan = {
            "order": name,
            "precision": precision,
            "note": note,
            "encoder": self.job.encoder.name,
            "data_digest": self.job.data_digest,
            "rows": self.job.rows,
            "distinct": len(self.order),
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        write_json(self.folder / "plan.json", self.plan)
        return note

    def read(self) -> None:
        assert self.folder is not None  # `open` asked
        for path in sorted(self.folder.iterdir()):
            if not (match := PART.fullmatch(path.name)):
                continue
            first, end, digest = match.groups()
            if int(first) != self.done or not self.done < int(end) <= len(self.order):
                continue
            data = read_file(path, MOST_WEIGHTS)
            if sha256(data)[:16] == digest:
                values = np.load(io.BytesIO(data), allow_pickle=False)
                self.made[self.order[self.done : int(end)]] = values
                self.done = self.added = int(end)

    def add(self, count: int, seconds: float) -> None:
        self.added += count
        self.seconds += seconds
        self.waiting += seconds
        if self.waiting >= PART_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what was made since the last time."""
        self.waiting = 0.0
        if self.folder is None or self.added == self.done:
            return
        assert self.plan is not None  # `open` made it
        data = as_npy(self.made[self.order[self.done : self.added]])
        name = f"{self.done:010d}-{self.added:010d}-{sha256(data)[:16]}.npy"
        # Another process that made the same has cleared its parts away by now, maybe these.
        self.folder.mkdir(parents=True, exist_ok=True)
        write_bytes(self.folder / name, data)
        write_json(self.folder / "plan.json", self.plan | {"seconds": self.seconds})
        self.done = self.added


def as_npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def keep(cache: Path, job: Job, result: np.ndarray, about: EncodingAbout, seconds: float) -> None:
    """Write the result; the JSON comes last, so an array without one was not finished."""
    data = as_npy(result)
    cache.mkdir(parents=True, exist_ok=True)
    write_bytes(cache / f"{job.key}.npy", data)
    whole: EmbeddingAbout = {
        **about,
        "format": FORMAT,
        "key": job.key,
        "encoder": job.encoder.name,
        "title": job.encoder.title,
        "encoder_digest": job.encoder.digest,
        "data_digest": job.data_digest,
        "rows": job.rows,
        "width": job.encoder.width,
        "settings": job.settings,
        "seconds": seconds,
        "texts_per_second": job.rows / seconds if seconds > 0 else None,
        "made": time.time(),
        "bytes": len(data),
        "sha256": sha256(data),
    }
    write_json(cache / f"{job.key}.json", whole)
    shutil.rmtree(cache / f"{job.key}.part", ignore_errors=True)


def read_cached(cache: Path | None, job: Job) -> np.ndarray | None:
    """The array of an earlier job, or None when there is none or it is not what was written."""
    if cache is None:
        return None
    about = read_shaped(cache / f"{job.key}.json", EmbeddingAbout)
    if about is None or about["key"] != job.key:
        return None
    try:
        data = read_file(cache / f"{job.key}.npy", MOST_WEIGHTS)
        if about["sha256"] != sha256(data):
            return None
        known = np.load(io.BytesIO(data), allow_pickle=False)
    except (OSError, ValueError):
        return None
    is_right = known.shape == (job.rows, job.encoder.width) and known.dtype == np.float32
    return known if is_right else None


def list_embeddings(workspace: Path) -> list[EmbeddingAbout]:
    """What each kept array is, the newest first."""
    folder = workspace / "embeddings"
    found: list[EmbeddingAbout] = []
    for path in folder.glob("*.json") if folder.is_dir() else ():
        about = read_shaped(path, EmbeddingAbout)
        if about is None or about["format"] != FORMAT:
            continue
        array = path.with_suffix(".npy")
        if array.is_file() and array.stat().st_size == about["bytes"]:
            found.append(about)
    return sorted(found, key=lambda about: -about["made"])


def list_unfinished(workspace: Path) -> list[Unfinished]:
    """Jobs of which a part is kept, the newest first: running in some process, or stopped. Parts of 0.1 name
    no data.
    """
    folder = workspace / "embeddings"
    found: list[Unfinished] = []
    for path in folder.glob("*.part/plan.json") if folder.is_dir() else ():
        plan = read_shaped(path, Plan)
        if plan is None or "data_digest" not in plan:
            continue
        try:
            names = [part.name for part in path.parent.iterdir()]
            touched = path.stat().st_mtime
        except OSError:  # finished by another process meanwhile
            continue
        ends = [int(match.group(2)) for name in names if (match := PART.fullmatch(name))]
        found.append(
            {
                "encoder": plan.get("encoder", ""),
                "data_digest": plan["data_digest"],
                "rows": plan.get("rows", 0),
                "distinct": plan.get("distinct", 0),
                "done": max(ends, default=0),
                "touched": touched,
            }
        )
    return sorted(found, key=lambda one: -one["touched"])
