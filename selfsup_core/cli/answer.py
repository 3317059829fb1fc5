"""`answer`: a question about a passage, through a run of the scenario Answers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from selfsup_core.cli.output import AsJson, Workspace, place, show
from selfsup_core.wording import percent


def answer_command(
    run: Annotated[str, typer.Argument(help="Run ID, the beginning of it, or the run's name.")],
    question: Annotated[str, typer.Argument(help="The question.")],
    passage: Annotated[
        str, typer.Option(help="The passage in which the answer stands: a text file, or the text itself.")
    ],
    epoch: Annotated[
        int | None, typer.Option(help="Epoch of the run; the newest one if not given.", min=0)
    ] = None,
    count: Annotated[int, typer.Option(help="Answers, the likeliest first.", min=1, max=20)] = 3,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Find the answer to a question in a passage, with a run's network at an epoch."""
    from selfsup_core.inspection.desk import Desk
    from selfsup_core.inspection.subject import Subject
    from selfsup_core.runs.folder import open_run

    root = place(workspace)
    asked = {"question": question, "passage": read_passage(passage), "epoch": epoch, "count": count}
    found = Desk(root).ask(Subject("reader", open_run(root, run).id), "answer", asked)
    about = dict(found.about)
    lines = [f"{one['text'] or '…'}  ({percent(one['probability'])})" for one in about["answers"]]
    lines += [f"Weights of epoch {about['epoch']}.", *([about["note"]] if about["note"] else [])]
    show(about, as_json, "\n".join(lines))


def read_passage(given: str) -> str:
    """The text of a file of that name, else what was given.

    Raises:
        DataError: the file is not a text, or too long.
    """
    from selfsup_core.data.questions import MOST_LETTERS
    from selfsup_core.errors import DataError
    from selfsup_core.files import read_file

    try:
        path = Path(given)
        if not path.is_file():
            return given
    except (OSError, ValueError):  # too long for a name, or a letter that no name has
        return given
    try:
        return read_file(path, 4 * MOST_LETTERS).decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path.name} is not a text in UTF-8 of at most {MOST_LETTERS:,} letters.",
            code="no-text",
            remedy="Save a shorter text as UTF-8.",
        ) from error
