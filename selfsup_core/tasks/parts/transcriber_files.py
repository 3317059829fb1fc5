"""What a transcriber's run keeps beside its weights: the alphabet and how sound is read; and a transcriber
made of both again.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

from pydantic import Field
from typing_extensions import TypedDict

from selfsup_core.errors import DataError, RunError
from selfsup_core.features.letters import Letters
from selfsup_core.files import MOST_WEIGHTS, check_shape, read_file, write_folder
from selfsup_core.models import MODELS
from selfsup_core.runs.folder import open_run
from selfsup_core.runs.spec import read_spec, task_of
from selfsup_core.runs.weights import epoch_weights, nearest_epoch, set_weights
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.models.modules.transcriber import Transcriber

FOLDER, FILE = "model", "letters.json"


class LettersAbout(TypedDict):
    """The file. rate: samples a second."""

    alphabet: list[Annotated[str, Field(min_length=1, max_length=4)]]
    bands: Annotated[int, Field(ge=1, le=512)]
    rate: Annotated[int, Field(ge=1000, le=192_000)]


@dataclass(frozen=True)
class RunTranscriber:
    """A run's network at an epoch, in evaluation mode. rate: samples a second that it was trained on; beam:
    as the run's settings have it.
    """

    network: Transcriber
    letters: Letters
    rate: int
    epoch: int
    beam: int


def write_letters(folder: Path, letters: Letters, bands: int, rate: int) -> None:
    """Write the alphabet into a run's folder; skipped when it is there."""
    about: LettersAbout = {"alphabet": list(letters.alphabet), "bands": bands, "rate": rate}
    if not (folder / FOLDER).is_dir():
        with contextlib.suppress(FileExistsError):
            write_folder(folder / FOLDER, {FILE: json.dumps(about, ensure_ascii=False).encode()})


def read_letters(folder: Path) -> LettersAbout:
    """Raises RunError: it is not there yet. DataError: it is damaged."""
    try:
        found = json.loads(read_file(folder / FOLDER / FILE, MOST_WEIGHTS))
    except FileNotFoundError as error:
        raise RunError(tr("This run has no alphabet yet."), code="no-weights") from error
    except ValueError as error:
        raise DataError(tr("{name} of the run is damaged.").format(name=FILE), code="bad-weights") from error
    return check_shape(found, LettersAbout, FILE)


def load_transcriber(workspace: Path, run: str, epoch: int | None = None) -> RunTranscriber:
    """The network of a run at the kept epoch nearest to the one asked for, the newest one for None.

    Raises:
        RunError: no such run, no weights yet, or it does not transcribe. DataError: its files are damaged.
    """
    folder = open_run(workspace, run)
    spec = read_spec(folder.spec)
    if task_of(spec) != "transcribe":
        raise RunError(
            tr("The run {id} does not transcribe speech.").format(id=folder.id),
            code="no-transcriber",
            remedy=tr("Choose a run of the page Scenarios, Speech."),
        )
    used = nearest_epoch(folder.weights, epoch)
    about = read_letters(folder.path)
    letters = Letters(tuple(about["alphabet"]))
    network = MODELS[spec.model.kind].build(spec.model, (about["bands"], letters.size))
    set_weights(network, epoch_weights(folder, used), used)
    beam = int(cast("Any", spec.objective).beam)
    made = cast("Transcriber", network.eval().requires_grad_(False))
    return RunTranscriber(made, letters, about["rate"], used, beam)
