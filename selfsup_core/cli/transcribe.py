"""`transcribe`: recordings through a run of the scenario Speech."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from selfsup_core.cli.output import AsJson, Workspace, place, show
from selfsup_core.wording import percent


def transcribe_command(
    run: Annotated[str, typer.Argument(help="Run ID, the beginning of it, or the run's name.")],
    files: Annotated[list[Path], typer.Argument(help="Sounds: WAV, FLAC, MP3, OGG, or ZIP files of them.")],
    epoch: Annotated[
        int | None, typer.Option(help="Epoch of the run; the newest one if not given.", min=0)
    ] = None,
    beam: Annotated[
        int, typer.Option(help="Transcripts followed at once; 0 is the run's own setting.", min=0, max=64)
    ] = 0,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Write down what is said in recordings, with a run's network at an epoch."""
    from selfsup_core.errors import DataError
    from selfsup_core.inspection.desk import Desk
    from selfsup_core.inspection.subject import Subject
    from selfsup_core.runs.folder import open_run

    root = place(workspace)
    for file in files:
        if not file.is_file():
            raise DataError(f"There is no file {file.name!r}.", code="no-file", remedy="Check the name.")
    found = Desk(root).ask(
        Subject("transcriber", open_run(root, run).id),
        "transcribe",
        {"files": [str(file.resolve()) for file in files], "epoch": epoch, "beam": beam},
    )
    about = dict(found.about)
    lines = [
        f"{clip['name']}: {clip['text'] or '…'}  ({percent(clip['sure'])} sure, {clip['seconds']:.1f} s)"
        + (f"  {clip['note']}" if clip["note"] else "")
        for clip in about["clips"]
    ]
    show(about, as_json, "\n".join([*lines, f"Weights of epoch {about['epoch']}."]))
