"""`link`: the address of a lesson, a view or an experiment, and its QR code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from selfsup_core.cli.output import AsJson, show
from selfsup_core.errors import SettingError
from selfsup_core.files import hand_over, write_bytes

HERE = "http://localhost:8501"


def link(
    preset: Annotated[str, typer.Option(help="Preset that the form shows.")] = "",
    data: Annotated[str, typer.Option(help="Data set; the preset's own without it.")] = "",
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change a setting, as in seed=3; may be repeated."),
    ] = None,
    page: Annotated[str, typer.Option(help="Page to open; without it, the one that trains the preset.")] = "",
    do: Annotated[str, typer.Option(help="Mode of the page.")] = "",
    lesson: Annotated[int, typer.Option(help="Lesson beside the page.", min=0)] = 0,
    step: Annotated[int, typer.Option(help="Step of the lesson.", min=0)] = 0,
    hide: Annotated[str, typer.Option(help="Controls to hide at first, as in advanced,data.")] = "",
    present: Annotated[bool, typer.Option("--present", help="Open in presenter's mode.")] = False,
    url: Annotated[str, typer.Option(help="Where the app is.")] = HERE,
    qr: Annotated[Path | None, typer.Option(help="Also write a QR code: a file .svg or .png.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print a link that opens a lesson, a view or an experiment. Opening it starts nothing."""
    from selfsup_core.export.qr import qr_png, qr_svg
    from selfsup_core.lessons.link import make_link, read_hidden
    from selfsup_core.runs.spec import parse_assignments

    made = make_link(
        {
            "preset": preset,
            "data": data,
            "set": parse_assignments(assignments or []),
            "page": page,
            "do": do,
            "lesson": lesson,
            "step": step,
            "hide": read_hidden(hide),
            "present": present,
        }
    )
    address = made.write(url)
    if qr is not None:
        kinds = {".svg": qr_svg, ".png": qr_png}
        if qr.suffix.lower() not in kinds:
            raise SettingError(f"A QR code is written as .svg or .png; found {qr.name!r}.")
        write_bytes(qr, kinds[qr.suffix.lower()](address))
        hand_over(qr)
    show({"link": address, "qr": str(qr) if qr else None}, as_json, address)
