"""Snapshots of runs for many viewers: one read serves all who ask within a fraction of a second.

Rows are kept as the bytes they were written in, so an answer is joined, not encoded again.
"""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, NotRequired, cast

from cachetools import LRUCache
from safetensors.numpy import save as save_arrays

from selfsup_core.errors import RunError
from selfsup_core.evaluate.rows import EpochRow
from selfsup_core.files import MOST_FRAME, MOST_LINES, finite, parse_json, read_file, require_plain
from selfsup_core.room.line import say_wait
from selfsup_core.runs.access import sign
from selfsup_core.runs.folder import RunFolder, find_run, read_state
from selfsup_core.runs.frames import unpack_frame
from selfsup_core.runs.said import Shot, as_words, say_frame
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.runs.spoken import spoken
from selfsup_core.runs.state import RunState
from selfsup_core.runs.thinned import early_path, frame_path, list_early, list_frames
from selfsup_core.runs.waiting import Waits, waiting_for
from selfsup_core.settings import whole_number
from selfsup_core.shared import host_of, label_of, person_of
from selfsup_core.translation import ENGLISH, language, speak, tr
from selfsup_core.workers.supervisor import supervisor_info

if TYPE_CHECKING:
    from selfsup_core.runs.folder import Row

FRESH_SECONDS = 0.2
MAX_RUNS = 64
MAX_FRAMES = 512
SHARED = ("static", "thumbnails")
HIDDEN = (
    "latents",
    "map_mean",
    "map_axes",
)  # kept for analyses; no view draws them, and they are most of a frame


class Tail:
    """Complete lines of a growing file; detects when it was truncated or replaced."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = 0
        self.inode: int | None = None

    def read(self) -> tuple[list[bytes], bool]:
        """(new lines, whether everything read before is void)."""
        try:
            require_plain(self.path)
            with open(self.path, "rb") as file:
                status = os.fstat(file.fileno())
                is_void = self.inode not in (None, status.st_ino) or status.st_size < self.offset
                if is_void:
                    self.offset = 0
                self.inode = status.st_ino
                file.seek(self.offset)
                data = file.read(MOST_LINES)
        except OSError:
            return [], False
        end = data.rfind(b"\n") + 1
        self.offset += end
        return data[:end].splitlines(), is_void


def parse_row(line: bytes) -> Row | None:
    """None for an invalid line, which would make the whole answer unreadable."""
    try:
        found = parse_json(line)
    except ValueError:
        return None
    return cast("Row", found) if isinstance(found, dict) else None


def spoken_line(line: bytes) -> bytes:
    """A row in the reader's language."""
    if language() == ENGLISH:
        return line
    return json.dumps(finite(spoken(parse_json(line))), ensure_ascii=False).encode()


class SeenState(RunState):
    """The state of a run, whether its worker shows signs of life, and what it waits for.

    Attributes:
        tokens: of the runs that it waits for, by which a view may pause them.
    """

    is_responding: bool
    waits: NotRequired[Waits]
    tokens: NotRequired[dict[str, str]]


class RunView:
    """What is known of one run, refreshed at most every `FRESH_SECONDS`."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.lock = threading.Lock()
        self.refreshed = float("-inf")
        self._restart()

    def _restart(self) -> None:
        self.generation = uuid.uuid4().hex[:8]
        self.rows: list[bytes] = []
        self.epoch_rows: list[EpochRow] = []
        self.tails = [Tail(self.folder.metrics), Tail(self.folder.path / "changes.jsonl")]

    def refresh(self) -> None:
        if time.monotonic() - self.refreshed < FRESH_SECONDS:
            return
        with speak(ENGLISH):  # one for all who look; each hears it in a language of their own
            self._refresh()

    def _refresh(self) -> None:
        about = supervisor_info(self.folder.workspace)
        state = cast("SeenState", read_state(self.folder))
        workspace = self.folder.workspace
        label = label_of(host_of(workspace), workspace, self.folder.id)
        state["is_responding"] = about is None or label not in about["silent"]
        is_waiting = state["status"] == "queued" or state.get("frees_slot")
        if is_waiting and person_of(workspace):
            state["message"] = say_wait(self.folder, state) or state["message"]
        elif is_waiting and (waits := waiting_for(self.folder)):
            state["message"] = waits.sentence()
            if about_wait := waits.for_view():
                state["waits"] = about_wait
                if working := about_wait["working"]:
                    state["tokens"] = {working["run"]: sign(self.folder.workspace, working["run"])}
        self.state = state
        self.state_bytes = {ENGLISH: json.dumps(finite(state), ensure_ascii=False).encode()}
        self.frames = json.dumps(list_frames(self.folder.frames)).encode()
        self.early = json.dumps(list_early(self.folder.frames)).encode()
        fresh: list[bytes] = []
        for tail in self.tails:
            lines, is_void = tail.read()
            if is_void:
                self._restart()
                fresh = [line for again in self.tails for line in again.read()[0]]
                break
            fresh += lines
        parsed = [(line, row) for line in fresh if (row := parse_row(line)) is not None]
        self.rows += [line for line, _ in parsed]
        self.epoch_rows += epoch_rows(row for _, row in parsed)
        self.refreshed = time.monotonic()

    def state_in(self, code: str) -> bytes:
        if code not in self.state_bytes:
            self.state_bytes[code] = json.dumps(finite(spoken(self.state)), ensure_ascii=False).encode()
        return self.state_bytes[code]

    def snapshot(self, since: str) -> bytes:
        """JSON with state, frames and the rows after `since` (an earlier answer's `next`)."""
        with self.lock:
            self.refresh()
            generation, _, count = since.partition("-")
            number = whole_number(count)
            is_same = generation == self.generation and number is not None
            start = min(number, len(self.rows)) if is_same and number is not None else 0
            head: dict[str, bool | str] = {"restart": not is_same and since not in ("", "0")}
            head |= {"next": f"{self.generation}-{len(self.rows)}"}
            return b"".join(
                (
                    json.dumps(head).encode()[:-1],
                    b', "state": ',
                    self.state_in(language()),
                    b', "frames": ',
                    self.frames,
                    b', "early": ',
                    self.early,
                    b', "rows": [',
                    b",".join(map(spoken_line, self.rows[start:])),
                    b"]}",
                )
            )


class LiveRuns:
    """Views of the runs of a workspace, shared by all viewers of a web server.

    Every method raises RunError when there is no such run or frame.
    """

    def __init__(self, workspace: Path, most_frames: int = MAX_FRAMES) -> None:
        self.workspace = workspace
        self.lock = threading.Lock()
        self.views: LRUCache[str, RunView] = LRUCache(MAX_RUNS)
        self.blobs: LRUCache[tuple[str, str, int, bool, str], bytes] = LRUCache(most_frames)

    def view(self, run: str) -> RunView:
        with self.lock:
            view = self.views.get(run)
            if view is None:
                folder = find_run(self.workspace, run)
                if folder is None:
                    raise RunError(tr("There is no run {run!r}.").format(run=run), code="no-run")
                view = self.views[run] = RunView(folder)
            return view

    def snapshot(self, run: str, since: str = "0") -> bytes:
        return self.view(run).snapshot(since)

    def state(self, run: str) -> SeenState:
        view = self.view(run)
        with view.lock:
            view.refresh()
            return view.state

    def shared(self, run: str, name: str) -> bytes:
        """`static` or `thumbnails`, as they are on disk."""
        if name not in SHARED:
            raise RunError(tr("There is no file {name!r} in a run.").format(name=name), code="no-frame")
        return self._blob(run, self.view(run).folder.frames / f"{name}.safetensors", name)

    def frame(self, run: str, epoch: int, step: int | None = None) -> bytes:
        """The parts of an epoch's frame that are drawn, and what the panels say of it; with `step` of one
        in the middle of the first epoch.
        """
        if step is not None:
            if epoch:
                raise RunError(tr("Only the first epoch has frames of its steps."), code="no-frame")
            return self._blob(run, early_path(self.view(run).folder.frames, step), f"0-{step}")
        return self._blob(run, frame_path(self.view(run).folder.frames, epoch), str(epoch))

    def _drawn(self, run: str, blob: bytes, name: str) -> bytes:
        """What the stage is sent of a frame."""
        frame = Shot.of(blob, name)
        static = Shot.of(self.shared(run, "static"), "static.safetensors")
        view = self.view(run)
        with view.lock:
            view.refreshed = float("-inf")  # a frame is written just before its row
            view.refresh()
            state, rows = view.state, list(view.epoch_rows)
        return without_hidden(frame, as_words(say_frame(state, rows, frame, static)))

    def _blob(self, run: str, path: Path, name: str) -> bytes:
        try:
            # A frame written again after a resume has another time, so it is not mistaken for the old one.
            # The baseline may be measured later than the first frames, and panels compare with it.
            is_compared = name in SHARED or self.state(run)["baseline"] is not None
            key = (run, name, path.stat().st_mtime_ns, is_compared, language())
            with self.lock:
                blob = self.blobs.get(key)
            if blob is None:
                read = read_file(path, MOST_FRAME)
                if name in SHARED:
                    unpack_frame(read, path.name)  # nothing else is sent
                blob = read if name in SHARED else self._drawn(run, read, path.name)
                with self.lock:
                    self.blobs[key] = blob
            return blob
        except FileNotFoundError as error:
            raise RunError(
                tr("The run {run} has no frame {name}.").format(run=run, name=name), code="no-frame"
            ) from error


def without_hidden(frame: Shot, more: dict[str, str] | None = None) -> bytes:
    """A frame without the arrays that no view draws, and with more texts."""
    drawn = {key: array for key, array in frame.arrays.items() if key not in HIDDEN}
    return save_arrays(drawn, metadata={**frame.about, **(more or {})})
