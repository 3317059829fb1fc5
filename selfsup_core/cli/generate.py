"""`generate`: new images by a run's generator."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Annotated

import typer

from selfsup_core.cli.output import AsJson, Workspace, place, show, table
from selfsup_core.wording import brief

LINE = 8  # images side by side


def generate_command(
    run: Annotated[str, typer.Argument(help="Run ID, the beginning of it, or the run's name.")],
    out: Annotated[Path | None, typer.Argument(help="A new PNG file for the images.")] = None,
    label: Annotated[str, typer.Option("--class", help="Class to draw; all in turn if not given.")] = "",
    count: Annotated[int, typer.Option(help="How many images.", min=1, max=64)] = 8,
    seed: Annotated[int, typer.Option(help="Another seed draws other images.", min=0)] = 0,
    guidance: Annotated[
        float | None, typer.Option(help="How much the class is exaggerated; the run's own if not given.")
    ] = None,
    epoch: Annotated[int | None, typer.Option(help="Epoch; the newest if not given.", min=0)] = None,
    nearest: Annotated[
        bool, typer.Option("--nearest", help="Put the nearest training image below each image.")
    ] = False,
    beside: Annotated[
        bool,
        typer.Option(
            "--beside", help="Instead, compare with autoencoders of the same data in the workspace."
        ),
    ] = False,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Draw new images by a run's generator, at any epoch."""
    from selfsup_core.cli.take_away import writing
    from selfsup_core.errors import DataError
    from selfsup_core.files import write_bytes
    from selfsup_core.inspection.desk import Desk
    from selfsup_core.inspection.subject import Subject
    from selfsup_core.runs.folder import open_run

    if out and out.exists():  # said before seconds of work
        raise DataError(f"{out.name} already exists.", code="exists", remedy="Choose another name.")
    if out and out.suffix.lower() != ".png":
        raise DataError(f"{out.name} is not the name of a PNG file.", remedy="Use a name that ends in .png.")
    root = place(workspace)
    subject = Subject("generator", open_run(root, run).id)
    if beside:
        answer = Desk(root).ask(subject, "beside", {"epoch": epoch, "seed": seed})
        about = dict(answer.about)
        rows = [("IMAGES OF", "FRÉCHET DISTANCE", "NOVELTY")]
        for name, distance in about["frechet"].items():
            title = about["names"].get(name, "real training images")
            novelty = about["novelty"][name]
            rows.append((title, *("–" if v is None else brief(v) for v in (distance, novelty))))
        arrays = [answer.arrays[name] for name in about["frechet"]]
        lines = [table(rows), f"To {about['rows']} validation rows, in the features of {about['judge']}."]
    else:
        values = {"label": label, "count": count, "seed": seed, "guidance": guidance, "epoch": epoch}
        answer = Desk(root).ask(subject, "draw", values)
        about = dict(answer.about)
        about["nearest_rows"] = answer.arrays["nearest_rows"].tolist()
        about["nearest_distance"] = [round(float(v), 5) for v in answer.arrays["nearest_distance"]]
        arrays = [answer.arrays["images"], *([answer.arrays["nearest"]] if nearest else [])]
        lines = [f"{count} images by the weights of epoch {about['epoch']}, seed {seed}."]
    if out:
        data = picture(arrays, tuple(about["item_shape"]))
        with writing(out.resolve()):
            write_bytes(out.resolve(), data)
        about["written"] = str(out)
        lines.append(f"Written: {out}")
    show(about, as_json, "\n".join(lines))


def picture(arrays: list, item_shape: tuple[int, ...]) -> bytes:  # type: ignore[type-arg]
    """Stacks of images (N, D) as a PNG; several stacks line by line below each other."""
    import numpy as np
    from PIL import Image

    from selfsup_core.figures.standing import picture_sheet

    step = len(arrays[0]) if len(arrays) > 2 else LINE
    lines = []
    for start in range(0, len(arrays[0]), step):
        lines += [array[start : start + step] for array in arrays]
    width = max(len(line) for line in lines)
    filled = [np.pad(line, [(0, width - len(line)), (0, 0)]) for line in lines]
    sheet = Image.fromarray(picture_sheet(np.concatenate(filled), item_shape, columns=width))
    scale = max(1, 64 // item_shape[0])
    sheet = sheet.resize((sheet.width * scale, sheet.height * scale), Image.Resampling.NEAREST)
    with io.BytesIO() as file:
        sheet.save(file, "PNG")
        return file.getvalue()
