"""Commands that try a run's network: what the tabs below the live view do, and the family portrait."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Annotated, Any, TypedDict

import typer

from selfsup_core.cli.output import AsJson, Workspace, place, show, table
from selfsup_core.errors import DataError
from selfsup_core.files import hand_over, write_bytes
from selfsup_core.settings import parse_assignment

lab_app = typer.Typer(help="Try a run's network at any epoch.", no_args_is_help=True)

RunName = Annotated[str, typer.Argument(help="Run ID, the beginning of it, or the run's name.")]


class SettingEntry(TypedDict):
    """A setting of a tool."""

    setting: str
    default: Any
    bounds: str
    about: str


class ToolEntry(TypedDict):
    """A tool as `lab tools --json` prints it."""

    tool: str
    about: str
    settings: list[SettingEntry]


@lab_app.command("tools")
def tools_command(as_json: AsJson = False) -> None:
    """Every tool with its settings."""
    from selfsup_core.inspection.asking import questions_about
    from selfsup_core.settings import list_settings

    entries: list[ToolEntry] = [
        {
            "tool": name,
            "about": entry.about,
            "settings": [
                {"setting": s.path, "default": s.default, "bounds": s.bounds, "about": s.description}
                for s in list_settings(entry.config)
            ],
        }
        for name, entry in sorted(questions_about("run").items())
    ]
    rows = [("TOOL", "SETTING", "DEFAULT", "ABOUT")]
    for entry in entries:
        rows.append((entry["tool"], "", "", entry["about"]))
        rows += [("", s["setting"], str(s["default"]), s["about"]) for s in entry["settings"]]
    show(entries, as_json, table(rows))


@lab_app.command("use")
def use_command(
    run: RunName,
    tool: Annotated[str, typer.Argument(help="decode, traversal, repair, …; see `lab tools`.")],
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of the tool, as in steps=9; may be repeated."),
    ] = None,
    epoch: Annotated[int | None, typer.Option(help="Epoch; the newest unless given.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the arrays (.npz) and pictures (.png).")
    ] = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Use one tool, print its result, and write arrays and pictures to --out."""
    from selfsup_core.inspection.desk import Desk
    from selfsup_core.inspection.subject import Subject
    from selfsup_core.runs.folder import open_run

    root = place(workspace)
    folder = open_run(root, run)
    desk = Desk(root)
    values = dict(parse_assignment(text, "steps=9") for text in assignments or []) | {"epoch": epoch}
    answer = desk.ask(Subject("run", folder.id), tool, values)
    written = write_answer(answer, desk.kits.kit(folder.id).data.item_shape, out, tool) if out else []
    about = dict(answer.about) | {"arrays": {k: list(v.shape) for k, v in answer.arrays.items()}}
    lines = [f"{name}: {value}" for name, value in about.items()]
    show(about | {"written": written}, as_json, "\n".join([*lines, *written]))


def write_answer(answer: Any, item_shape: tuple[int, ...], out: Path, tool: str) -> list[str]:
    """The arrays as one .npz, and each stack of pictures as a .png.

    Raises:
        DataError: the folder cannot be written.
    """
    files = answer_files(answer, item_shape, tool)
    is_new = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            write_bytes(out / name, data)
            hand_over(out / name)
        if is_new:
            hand_over(out)
    except OSError as error:
        raise DataError(
            f"{out} cannot be written: {error.strerror}.", remedy="Choose another folder with --out."
        ) from error
    return [str(out / name) for name in files]


def answer_files(answer: Any, item_shape: tuple[int, ...], tool: str) -> dict[str, bytes]:
    """File name → content."""
    import numpy as np

    from selfsup_core.figures.standing import picture_sheet

    if "zip" in answer.arrays:
        return {"script.zip": answer.arrays["zip"].tobytes()}
    files = {}
    if answer.arrays:
        with io.BytesIO() as archive:
            np.savez_compressed(archive, **answer.arrays)
            files[f"{tool}.npz"] = archive.getvalue()
    if "text" in answer.about:
        files[f"{tool}.py"] = answer.about["text"].encode()
    width = int(np.prod(item_shape))
    for name, array in answer.arrays.items():
        is_picture = array.dtype == np.uint8 and array.size and array.shape[-1] == width
        if is_picture and len(item_shape) > 1:
            from PIL import Image

            sheet = Image.fromarray(picture_sheet(array.reshape(-1, width), item_shape))
            with io.BytesIO() as picture:
                sheet.save(picture, "PNG")
                files[f"{tool}-{name}.png"] = picture.getvalue()
    return files


@lab_app.command("family")
def family_command(run: RunName, workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Train the other objectives on the same data, network, seed and number of epochs."""
    import uuid

    from selfsup_core.runs.family import describe_family, start_family
    from selfsup_core.runs.folder import open_run
    from selfsup_core.workers.supervisor import ensure_supervisor

    folder = open_run(place(workspace), run)
    start_family(folder, uuid.uuid4().hex)
    ensure_supervisor(folder.workspace)
    found = [{k: v for k, v in member.items() if k != "token"} for member in describe_family(folder)]
    rows = [("RUN", "OBJECTIVE", "STATUS")]
    rows += [(str(m["run"]), str(m["title"]), str(m["status"])) for m in found]
    show(json.loads(json.dumps(found)), as_json, table(rows))
