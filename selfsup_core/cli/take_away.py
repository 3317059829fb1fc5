"""`runs pack` and the other commands that write a run, or parts of it, to files of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from selfsup_core.cli.output import AsJson, Language, Workspace, in_language, place, show, table
from selfsup_core.cli.runs import RunName, runs_app
from selfsup_core.errors import DataError
from selfsup_core.files import hand_over
from selfsup_core.translation import ENGLISH


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """What cannot be written is said with its remedy; what was written is the person's own."""
    try:
        yield
        hand_over(out)
    except OSError as error:
        raise DataError(
            f"{out} cannot be written: {error.strerror or type(error).__name__}.",
            remedy="Choose another place.",
        ) from error


@runs_app.command("pack")
def runs_pack(
    run: RunName,
    out: Annotated[Path, typer.Argument(help="ZIP file to write.")],
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Write the whole run to one ZIP file, which opens in another studio."""
    from selfsup_core.runs.folder import open_run
    from selfsup_core.runs.pack import pack_run

    folder = open_run(place(workspace), run)
    with writing(out):
        packed = pack_run(folder, out)
    show(asdict(packed) | {"written": str(out)}, as_json, packed.say())


@runs_app.command("unpack")
def runs_unpack(
    file: Annotated[Path, typer.Argument(help="ZIP file that `runs pack` or a run's page has written.")],
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Open a packed run; the file is checked before anything of it appears."""
    from selfsup_core.runs.unpack import unpack_run

    root = place(workspace)
    opened = unpack_run(root, file)
    about = {"run": opened.folder.id, "is_new": opened.is_new, "note": opened.note}
    show(about, as_json, opened.say())


@runs_app.command("report")
def runs_report(
    run: RunName,
    out: Annotated[Path, typer.Argument(help="HTML file to write.")],
    language: Language = ENGLISH,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Write one HTML file that replays the run offline, with its results and settings."""
    from selfsup_core.export.report import write_report
    from selfsup_core.runs.folder import open_run

    folder = open_run(place(workspace), run)
    with writing(out), in_language(language):
        report = write_report(folder, out)
    show(asdict(report) | {"written": str(out)}, as_json, report.say())


@runs_app.command("card")
def runs_card(
    run: RunName,
    out: Annotated[
        Path | None,
        typer.Option(help="ZIP file to write: the card with the weights as safetensors and all settings."),
    ] = None,
    text: Annotated[
        Path | None,
        typer.Option(help="Markdown file of your own to keep as the card; an empty one undoes that."),
    ] = None,
    epoch: Annotated[int | None, typer.Option(help="Epoch of the weights; the best unless given.")] = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Print the model card of a run, or write it with the model to one ZIP file."""
    from selfsup_core.export.card import keep_card, read_card
    from selfsup_core.runs.folder import open_run

    folder = open_run(place(workspace), run)
    if text:
        keep_card(folder, read_text(text))
    card, is_edited = read_card(folder)
    about = {"run": folder.id, "card": card, "edited": is_edited}
    if not out:
        show(about, as_json, card)
        return
    from selfsup_core.export.model_files import write_model

    with writing(out):
        written = write_model(folder, out, epoch)
    show(about | asdict(written) | {"written": str(out), "said": written.say()}, as_json, written.say())


@runs_app.command("onnx")
def runs_onnx(
    run: RunName,
    out: Annotated[Path, typer.Argument(help="ONNX file to write.")],
    epoch: Annotated[int | None, typer.Option(help="Epoch of the weights; the best unless given.")] = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Write a run's network as ONNX, checked against torch; needs requirements-onnx.txt."""
    from selfsup_core.export.onnx_file import write_onnx
    from selfsup_core.runs.folder import open_run

    folder = open_run(place(workspace), run)
    with writing(out):
        written = write_onnx(folder, out, epoch)
    show(asdict(written) | {"written": str(out), "said": written.say()}, as_json, written.say())


@runs_app.command("metrics")
def runs_metrics(
    run: RunName,
    out: Annotated[
        Path | None, typer.Argument(help="File to write, .csv or .parquet; printed if not given.")
    ] = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Print the metrics of all epochs, or write them as a table."""
    from selfsup_core.export.metrics import metric_columns, write_metrics
    from selfsup_core.runs.folder import open_run

    folder = open_run(place(workspace), run)
    if not out:
        columns = metric_columns(folder)
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        cells = [tuple("" if value is None else str(value) for value in row.values()) for row in rows]
        show({"run": folder.id, "epochs": rows}, as_json, table([tuple(columns), *cells]))
        return
    with writing(out):
        said = write_metrics(folder, out)
    show({"run": folder.id, "written": str(out), "said": said}, as_json, said)


@runs_app.command("figures")
def runs_figures(
    run: RunName,
    out: Annotated[Path, typer.Argument(help="A new folder, or a .zip file.")],
    epoch: Annotated[
        int | None, typer.Option(help="Epoch or round; the newest one if not given.", min=0)
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option("--format", help="html, svg or png; may be repeated. All that can be drawn by default."),
    ] = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Write the figures of a run; pictures (.svg, .png) need requirements-figures.txt and Chromium."""
    from selfsup_core.export.figure_files import write_figures
    from selfsup_core.runs.folder import open_run

    folder = open_run(place(workspace), run)
    with writing(out.resolve()):
        written = write_figures(folder, out.resolve(), epoch, formats)
    show(asdict(written) | {"written": str(out), "said": written.say()}, as_json, written.say())


@runs_app.command("animate")
def runs_animate(
    run: RunName,
    out: Annotated[
        Path, typer.Argument(help="File to write; its name ends with .gif, .webp, .webm or .mp4.")
    ],
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Write the training as a moving picture; videos (.webm, .mp4) need requirements-video.txt."""
    from selfsup_core.export.animation import write_animation
    from selfsup_core.runs.folder import open_run

    folder = open_run(place(workspace), run)
    with writing(out):
        said = write_animation(folder, out)
    show({"run": folder.id, "written": str(out), "said": said}, as_json, said)


def read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as a UTF-8 text file.", remedy="Check the path.") from error
