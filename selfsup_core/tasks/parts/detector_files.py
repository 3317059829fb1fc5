"""What a detector's run keeps beside its weights, its classes and the shape of its pictures; and a detector
made of both again.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pydantic import Field
from typing_extensions import TypedDict

from selfsup_core.errors import DataError, RunError
from selfsup_core.files import DamagedFile, read_checked, write_folder
from selfsup_core.models import MODELS
from selfsup_core.runs.folder import open_run
from selfsup_core.runs.spec import read_spec, task_of
from selfsup_core.runs.weights import epoch_weights, nearest_epoch, set_weights
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from typing import Annotated

    from selfsup_core.models.modules.detector import Detector as Network
else:
    from typing import Annotated

FOLDER, FILE = "model", "detector.json"


class DetectorAbout(TypedDict):
    """Classes, and (height, width, channels) of a picture."""

    classes: Annotated[list[str], Field(min_length=1, max_length=200)]
    shape: Annotated[list[Annotated[int, Field(ge=1, le=8192)]], Field(min_length=3, max_length=3)]


@dataclass(frozen=True)
class Detector:
    """A run's detector at an epoch, in evaluation mode. threshold: as the run's settings have it."""

    network: Network
    classes: list[str]
    shape: tuple[int, int, int]
    epoch: int
    threshold: float


def write_detector(folder: Path, classes: Sequence[str], shape: Sequence[int]) -> None:
    """Write what is known of the pictures into a run's folder; skipped when it is there."""
    about = json.dumps({"classes": list(classes), "shape": list(shape)}, ensure_ascii=False).encode()
    if not (folder / FOLDER).is_dir():
        with contextlib.suppress(FileExistsError):
            write_folder(folder / FOLDER, {FILE: about})


def load_detector(workspace: Path, run: str, epoch: int | None = None) -> Detector:
    """The detector of a run at the kept epoch nearest to the one asked for, the newest one for None.

    Raises:
        RunError: no such run, no weights yet, or no detector. DataError: its files are damaged.
    """
    folder = open_run(workspace, run)
    spec = read_spec(folder.spec)
    if task_of(spec) != "detect":
        raise RunError(
            tr("The run {id} is not a detection run.").format(id=folder.id),
            code="no-detector",
            remedy=tr("Choose a run of the page Scenarios, Detection."),
        )
    used = nearest_epoch(folder.weights, epoch)
    try:
        about = read_checked(folder.path / FOLDER / FILE, DetectorAbout)
    except DamagedFile as error:
        raise DataError(tr("{name} of the run is damaged.").format(name=FILE), code="bad-weights") from error
    if about is None:
        raise RunError(tr("This run has no network yet."), code="no-weights")
    shape = cast("tuple[int, int, int]", tuple(about["shape"]))
    network = MODELS[spec.model.kind].build(spec.model, (*shape, len(about["classes"])))
    set_weights(network, epoch_weights(folder, used), used)
    threshold = float(cast("Any", spec.objective).threshold)
    network.eval().requires_grad_(False)
    return Detector(cast("Network", network), about["classes"], shape, used, threshold)
