"""What the commands share: where the workspace is, and output for people or for programs."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from selfsup_core.errors import SettingError
from selfsup_core.runs.folder import default_workspace
from selfsup_core.runs.state import RunState
from selfsup_core.runs.workspace import open_workspace
from selfsup_core.translation import known_languages, speak

Workspace = Annotated[
    Path | None,
    typer.Option("--workspace", help="Folder for data and runs; default: SELFSUP_WORKSPACE or ./workspace."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

Language = Annotated[str, typer.Option("--language", help="Language of the file, such as zh.")]


@contextlib.contextmanager
def in_language(code: str) -> Iterator[None]:
    """What is written within the block is in this language. Raises SettingError for one that is not there."""
    if code not in known_languages():
        raise SettingError(f"--language is {' or '.join(known_languages())}; found {code!r}.")
    with speak(code):
        yield


def place(workspace: Path | None) -> Path:
    return open_workspace(workspace.resolve() if workspace else default_workspace())


def show(value: Any, as_json: bool, text: str) -> None:
    print(json.dumps(value, ensure_ascii=False) if as_json else text)


def say_waiting() -> Callable[[str], None]:
    """For `run_job`: prints on stderr why a command waits; Ctrl-C cancels it."""
    said = [""]

    def tell(text: str) -> None:
        if text and text != said[0]:
            typer.echo(f"{text} Ctrl-C cancels this one.", err=True)
        said[0] = text

    return tell


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Left-aligned columns."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def summary_of(state: RunState) -> str:
    from selfsup_core.evaluate.words.verdict import describe_run

    return f"{state['run']}  {state['status']}: {describe_run(state)}"
