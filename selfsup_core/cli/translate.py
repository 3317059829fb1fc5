"""`translate`: a sentence through a run of the scenario Translation."""

from __future__ import annotations

from typing import Annotated

import typer

from selfsup_core.cli.output import AsJson, Workspace, place, show
from selfsup_core.wording import percent


def translate_command(
    run: Annotated[str, typer.Argument(help="Run ID, the beginning of it, or the run's name.")],
    text: Annotated[str, typer.Argument(help="The sentence to translate.")],
    epoch: Annotated[
        int | None, typer.Option(help="Epoch of the run; the newest one if not given.", min=0)
    ] = None,
    beam: Annotated[
        int, typer.Option(help="Translations followed at once; 0 is the run's own setting.", min=0, max=16)
    ] = 0,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Translate a sentence with a run's network at an epoch."""
    from selfsup_core.inspection.desk import Desk
    from selfsup_core.inspection.subject import Subject
    from selfsup_core.runs.folder import open_run

    root = place(workspace)
    found = Desk(root).ask(
        Subject("translator", open_run(root, run).id),
        "translate",
        {"text": text, "epoch": epoch, "beam": beam},
    )
    about = dict(found.about)
    lines = [
        str(about["text"]),
        f"Weights of epoch {about['epoch']}; mean probability per token {percent(about['probability'])}.",
    ]
    show(about, as_json, "\n".join([*lines, *([about["note"]] if about["note"] else [])]))
