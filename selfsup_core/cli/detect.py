"""`detect`: the objects in pictures, by a run of the scenario Detection."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from selfsup_core.cli.output import AsJson, Workspace, place, show, table
from selfsup_core.wording import percent


def detect_command(
    run: Annotated[str, typer.Argument(help="Run ID, the beginning of it, or the run's name.")],
    pictures: Annotated[list[Path], typer.Argument(help="Pictures, or ZIP files of them.")],
    epoch: Annotated[
        int | None, typer.Option(help="Epoch of the run; the newest one if not given.", min=0)
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(help="Confidence from which a box is shown; the run's own if not given.", min=0, max=1),
    ] = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Find the objects in pictures with a run's network at an epoch.

    Boxes are left, top, right and bottom in pixels of the picture as the network sees it: made square with
    borders, at the size of the training pictures.
    """
    from selfsup_core.inspection.desk import Desk
    from selfsup_core.inspection.subject import Subject
    from selfsup_core.runs.folder import open_run

    root = place(workspace)
    values = {"files": [str(path.resolve()) for path in pictures], "epoch": epoch}
    about = dict(Desk(root).ask(Subject("detector", open_run(root, run).id), "detect", values).about)
    least = about["threshold"] if threshold is None else threshold
    about["threshold"] = least
    rows = [("PICTURE", "CLASS", "CONFIDENCE", "BOX")]
    for one in about["pictures"]:
        one["boxes"] = [box for box in one["boxes"] if box["confidence"] >= least]
        rows += [
            (
                one["item"],
                box["class"],
                percent(box["confidence"], 1),
                ", ".join(f"{value:g}" for value in box["box"]),
            )
            for box in one["boxes"]
        ] or [(one["item"], "no object", "", "")]
    said = f"Weights of epoch {about['epoch']}; boxes with a confidence of {percent(least)} or more."
    show(about, as_json, "\n".join([table(rows), said, *about["notes"]]))
