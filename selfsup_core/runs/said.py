"""What the panels of the stage say of a run at an epoch; the stage, `runs say` and static figures agree."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from selfsup_core.errors import RunError
from selfsup_core.evaluate.rows import Baseline, EpochRow
from selfsup_core.evaluate.words.panels.sayers import say_panels, say_with_truth
from selfsup_core.evaluate.words.panels.seen import Seen
from selfsup_core.files import MOST_FRAME, parse_json, read_file
from selfsup_core.runs.folder import RunFolder, read_rows, read_state
from selfsup_core.runs.frames import unpack_frame
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.runs.state import RunState
from selfsup_core.runs.thinned import frame_path, list_frames
from selfsup_core.safetensors_header import read_metadata
from selfsup_core.translation import tr


@dataclass(frozen=True)
class Shot:
    """A file of arrays and the texts that belong to them."""

    arrays: Mapping[str, np.ndarray]
    about: Mapping[str, str]

    @classmethod
    def of(cls, blob: bytes, name: str) -> Shot:
        """From a file's bytes. Raises RunError that calls it `name`."""
        return cls(unpack_frame(blob, name), read_metadata(blob))


@dataclass(frozen=True)
class Said:
    """Panel → its sentence.

    Attributes:
        plain: without the true classes of unlabeled rows. with_truth: of the panels that say another thing
            where these may be seen.
    """

    plain: dict[str, str]
    with_truth: dict[str, str]


def say_frame(state: RunState, rows: Iterable[EpochRow], frame: Shot, static: Shot) -> Said:
    """The sentences on one frame.

    A frame of another version or another hand may lack arrays, or have others under these names: then nothing
    is said of it.
    """
    try:
        seen = see(state, rows, frame, static)
        task = state["task"]
        return Said(say_panels(task, seen), say_with_truth(task, seen))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return Said({}, {})


def see(state: RunState, rows: Iterable[EpochRow], frame: Shot, static: Shot) -> Seen:
    """What the sentences are made from."""
    epoch = int(frame.about["epoch"])
    all_rows = list(rows)
    is_whole = "step" not in frame.about  # else in the middle of the first epoch, which has no row
    row = next((r for r in all_rows if r["epoch"] == epoch), None) if is_whole else None
    return Seen(
        epoch=epoch,
        row=row or EpochRow(),
        past=[r for r in all_rows if r["epoch"] < epoch],
        baseline=state["baseline"] or Baseline(),
        arrays=frame.arrays,
        static=static.arrays,
        words={name: parse_json(text.encode()) for name, text in frame.about.items()},
        classes=json.loads(static.about.get("classes", "[]")),
        kind=static.about.get("kind", ""),
        code_size=state["code_size"],
    )


def say_epoch(folder: RunFolder, epoch: int | None = None) -> tuple[int, Said]:
    """The sentences on an epoch of a run, the newest one for None; and which epoch that is.

    Raises:
        RunError: there is no frame of this epoch.
    """
    frames = list_frames(folder.frames)
    if not frames or (epoch is not None and epoch not in frames):
        raise RunError(
            tr("The run {id} has no frame of epoch {epoch}.").format(id=folder.id, epoch=epoch)
            if frames
            else tr("Nothing has been measured yet."),
            code="no-frame",
            remedy=tr("There are frames of {count} epochs, from {frames} to {frames_2}.").format(
                count=len(frames), frames=frames[0], frames_2=frames[-1]
            )
            if frames
            else "",
        )
    at = frames[-1] if epoch is None else epoch
    paths = frame_path(folder.frames, at), folder.frames / "static.safetensors"
    frame, static = (Shot.of(read_file(path, MOST_FRAME), path.name) for path in paths)
    return at, say_frame(read_state(folder), epoch_rows(read_rows(folder.metrics)), frame, static)


def as_words(said: Said) -> dict[str, str]:
    """As texts of a frame that is sent to the stage."""
    return {
        "said": json.dumps(said.plain, ensure_ascii=False),
        "said_with_truth": json.dumps(said.with_truth, ensure_ascii=False),
    }
