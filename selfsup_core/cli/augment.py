"""`augment …`: the transformations that make views, and how samples look through them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from selfsup_core.cli.output import AsJson, Workspace, place, show, table
from selfsup_core.data.sources import find_source, open_source
from selfsup_core.errors import DataError, SettingError
from selfsup_core.files import hand_over, write_bytes
from selfsup_core.settings import parse_assignment

if TYPE_CHECKING:
    from selfsup_core.augment.samples import SampleViews

augment_app = typer.Typer(
    help="Augmentation: random views that self-supervised training learns from.", no_args_is_help=True
)


@augment_app.command("list")
def list_command(
    kind: Annotated[str, typer.Option(help="image, sound, table or text; all of them if not given.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the transformations: what each teaches to ignore, and where it destroys the meaning."""
    from selfsup_core.augment.config import AUGMENTATIONS
    from selfsup_core.augment.transformations import settings_of, transformations_of

    found = [
        {
            "kind": t.kind,
            "setting": t.name,
            "title": t.title,
            "default": t.setting.default,
            "bounds": t.setting.bounds,
            "about": t.setting.description,
            "ignores": t.ignores,
            "destroys": t.destroys,
            "details": {name: settings_of(t.kind)[name].default for name in t.details},
        }
        for each in ([kind] if kind else AUGMENTATIONS)
        for t in transformations_of(each)
    ]
    lines = []
    for one in found:
        more = "".join(f", {name}={value:g}" for name, value in one["details"].items())
        lines += [
            f"{one['kind']}  {one['title']}  {one['setting']}={one['default']:g}{more}",
            f"  Ignored:   {one['ignores']}",
            f"  Destroyed: {one['destroys']}",
        ]
    show(found, as_json, "\n".join(lines))


@augment_app.command("show")
def show_command(
    data: Annotated[str, typer.Option(help="Name of a data set; see `data list`.")],
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting, as in crop=0.5 or flip=0; may be repeated."),
    ] = None,
    samples: Annotated[int, typer.Option(help="Number of samples.", min=1, max=64)] = 6,
    views: Annotated[int, typer.Option(help="Number of views of each.", min=1, max=64)] = 5,
    choice: Annotated[int, typer.Option(help="Another number chooses other samples.", min=0)] = 0,
    seed: Annotated[int, typer.Option(help="Another seed draws other views.", min=0)] = 0,
    out: Annotated[Path | None, typer.Option(help="A PNG file, for images and sounds.")] = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Show a few samples with their views: a contact sheet of images and sounds, else printed."""
    from selfsup_core.augment.config import augmentation_of
    from selfsup_core.augment.samples import SamplesConfig, make_views
    from selfsup_core.inspection.asking import checked

    root = place(workspace)
    kind = find_source(data, root).kind
    is_picture = kind in ("image", "sound")
    if is_picture and out is None:
        raise SettingError("Views of images and sounds are a picture.", remedy="Add --out views.png.")
    if out and not (is_picture and out.suffix.lower() == ".png"):
        raise SettingError(f"{out.name}: --out is a .png file, for images and sounds only.")
    config = checked(
        augmentation_of(kind), dict(parse_assignment(text, "crop=0.5") for text in assignments or [])
    )
    asked = checked(SamplesConfig, {"samples": samples, "views": views, "choice": choice, "seed": seed})
    made = make_views(open_source(data, root), config, asked, root)
    if out:
        write_sheet(made, out.resolve())
    about = {
        "data": data,
        "kind": kind,
        "settings": config.model_dump(exclude={"kind"}),
        "rows": list(made.rows),
        "labels": list(made.labels),
        "names": list(made.names),
        "file": str(out.resolve()) if out else "",
        "texts": [list(texts) for texts in made.texts],
        "values": made.values.tolist() if kind == "table" else [],
    }
    show(about, as_json, f"Written: {out}" if out else in_words(made))


def write_sheet(made: SampleViews, out: Path) -> None:
    import io

    from PIL import Image

    from selfsup_core.figures.views import view_sheet

    buffer = io.BytesIO()
    Image.fromarray(view_sheet(made.values)).save(buffer, "PNG")
    try:
        write_bytes(out, buffer.getvalue())
    except FileNotFoundError as error:
        raise DataError(f"There is no folder {str(out.parent)!r}.", code="no-folder") from error
    hand_over(out)


def in_words(made: SampleViews) -> str:
    """Each sample with its views below it; changed values of a table have a star."""
    lines = []
    for place_, (row, label) in enumerate(zip(made.rows, made.labels, strict=True)):
        lines.append(f"row {row}" + (f", {label}" if label else ""))
        if made.texts:
            lines += [f"  {text}" for text in made.texts[place_]]
            continue
        cells = [("", *made.columns)]
        first = made.values[place_, 0]
        for number, values in enumerate(made.values[place_]):
            words = (
                f"{value:.2f}{'*' if value != before else ''}"
                for value, before in zip(values, first, strict=True)
            )
            cells.append((f"view {number}" if number else "itself", *words))
        lines.append(table(cells))
    return "\n".join(lines)
