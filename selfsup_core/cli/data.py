"""`data …`: import data, inspect, check, fix, split, rename, delete, export.

Long, because one group of commands is one file, in the order in which `data --help` lists them.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from selfsup_core.cli.data_words import (
    SourceEntry,
    describe,
    describe_findings,
    describe_preview,
    missing_note,
)
from selfsup_core.cli.output import AsJson, Workspace, place, say_waiting, show, table
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.errors import DataError, SettingError
from selfsup_core.features.config import DataConfig
from selfsup_core.settings import explain, list_settings
from selfsup_core.wording import brief, counted

data_app = typer.Typer(help="Data sets.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="A data set's name, as `data list` gives it.")]
ABOUT = {s.path: s for s in list_settings(ImportConfig)} | {s.path: s for s in list_settings(DataConfig)}


def option(name: str, *flags: str) -> Any:
    """An option whose help is the setting's description."""
    return typer.Option(*flags, help=f"{ABOUT[name].description} {ABOUT[name].why}".strip())


@data_app.command("list")
def data_list(workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Data sets that runs can use."""
    from selfsup_core.data.sources import list_damaged_sources, list_sources

    root = place(workspace)
    damaged = [
        {"source": name, "status": "damaged", "message": problem}
        for name, problem in list_damaged_sources(root).items()
    ]
    entries: list[SourceEntry] = [
        {
            "source": name,
            "title": source.title,
            "kind": source.kind,
            "samples": source.samples,
            "shape": list(source.shape),
            "classes": source.classes,
            "licence": source.licence,
            "origin": source.origin,
            "version": source.version,
            "about": source.about,
            "missing": source.missing(),
        }
        for name, source in list_sources(root).items()
    ]
    rows = [("SOURCE", "KIND", "ROWS", "ABOUT")]
    rows += [(e["source"], e["kind"], str(e["samples"]), e["about"] + missing_note(e)) for e in entries]
    rows += [(e["source"], "damaged", "", e["message"]) for e in damaged]
    show(entries + damaged, as_json, table(rows))


@data_app.command("add")
def data_add(
    paths: Annotated[list[Path], typer.Argument(help="Files of one data set.")],
    kind: Annotated[str, option("kind", "--kind")] = "auto",
    label: Annotated[str, option("label", "--label")] = "",
    text: Annotated[str, option("text", "--text")] = "",
    name: Annotated[str, option("name", "--name")] = "",
    unlabeled: Annotated[str, option("unlabeled", "--unlabeled")] = "",
    several: Annotated[str, option("several", "--several")] = "together",
    against: Annotated[str, option("against", "--against")] = "",
    header: Annotated[str, option("header", "--header")] = "auto",
    lines: Annotated[str, option("lines", "--lines")] = "auto",
    sheet: Annotated[str, option("sheet", "--sheet")] = "",
    languages: Annotated[str, option("languages", "--languages")] = "",
    only: Annotated[str, option("only", "--only")] = "",
    damaged: Annotated[str, option("damaged", "--damaged")] = "refuse",
    columns: Annotated[int, option("columns", "--columns")] = 0,
    delimiter: Annotated[str, option("delimiter", "--delimiter")] = "",
    encoding: Annotated[str, option("encoding", "--encoding")] = "",
    unit: Annotated[str, option("unit", "--unit")] = "auto",
    size: Annotated[int, option("size", "--size")] = 0,
    color: Annotated[str, option("color", "--color")] = "auto",
    fit: Annotated[str, option("fit", "--fit")] = "pad",
    classes: Annotated[str, option("classes", "--classes")] = "auto",
    splits: Annotated[str, option("splits", "--splits")] = "keep",
    background: Annotated[str, option("background", "--background")] = "auto",
    transpose: Annotated[str, option("transpose", "--transpose")] = "auto",
    slices: Annotated[str, option("slices", "--slices")] = "auto",
    seconds: Annotated[float, option("seconds", "--seconds")] = 0.0,
    role: Annotated[
        list[str] | None,
        typer.Option("--role", help="Role of a column, as in zip=category; repeat."),
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Only report what the files contain.")] = False,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Create a data set from files, and check it."""
    from pydantic import ValidationError

    from selfsup_core.data.importing.preview import without_media
    from selfsup_core.data.library import own

    for path in paths:
        if not path.is_file():
            raise DataError(f"There is no file {path.name!r}.", code="no-file", remedy="Check the path.")
    roles = dict(entry.partition("=")[::2] for entry in role or [])
    try:
        config = ImportConfig.model_validate(
            {
                "name": name,
                "kind": kind,
                "label": label,
                "text": text,
                "unlabeled": unlabeled,
                "several": several,
                "against": against,
                "header": header,
                "lines": lines,
                "sheet": sheet,
                "languages": languages,
                "only": only,
                "damaged": damaged,
                "columns": columns,
                "delimiter": delimiter,
                "encoding": encoding,
                "unit": unit,
                "size": size,
                "color": color,
                "fit": fit,
                "classes": classes,
                "splits": splits,
                "background": background,
                "transpose": transpose,
                "slices": slices,
                "seconds": seconds,
                "roles": roles,
            }
        )
    except ValidationError as error:
        raise explain(error, ImportConfig) from error
    root = place(workspace)
    files = [path.resolve() for path in paths]
    if plan:
        seen = own.preview(root, files, config, tell=say_waiting())
        show({**seen["plan"], **without_media(seen)}, as_json, describe_preview(seen))
        return
    made = own.import_files(root, files, config, tell=say_waiting())
    about = {**own.summarize(root, made), "findings": own.check(root, made, tell=say_waiting())}
    shown = ("dataset", "kind", "rows", "classes", "shape", "findings", "notes", "set_aside")
    show({key: about[key] for key in shown}, as_json, describe(about))


@data_app.command("example")
def data_example(
    name: Annotated[str, typer.Argument(help="Which one; all are listed when empty.")] = "",
    folder: Annotated[Path, typer.Argument(help="Folder to write to.")] = Path("."),
    as_json: AsJson = False,
) -> None:
    """Write a small example of a layout that `data add` reads."""
    from selfsup_core.data.importing.examples import EXAMPLES, find_example
    from selfsup_core.files import hand_over, write_bytes

    if not name:
        rows = [("NAME", "LAYOUT", "ABOUT"), *((e.name, e.title, e.about) for e in EXAMPLES)]
        show([{"name": e.name, "title": e.title, "about": e.about} for e in EXAMPLES], as_json, table(rows))
        return
    example = find_example(name)
    if not folder.is_dir():
        raise SettingError(f"{folder} is not a folder.", remedy="Create it first.")
    write_bytes(folder / example.file, example.make())
    hand_over(folder / example.file)
    file = str(folder / example.file)
    show({"example": name, "file": file}, as_json, file)


@data_app.command("hub")
def data_hub(
    dataset_id: Annotated[str, typer.Argument(help="ID on the Hugging Face Hub, as owner/name.")],
    split: Annotated[str, typer.Option(help="Which of its splits to fetch.")] = "train",
    label: Annotated[str, option("label", "--label")] = "",
    text: Annotated[str, option("text", "--text")] = "",
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Fetch a data set of texts or a table from the Hugging Face Hub."""
    from selfsup_core.data.library import own
    from selfsup_core.data.library.hub import fetch

    root = place(workspace)
    files = fetch(root, dataset_id, split=split)
    title = dataset_id.rsplit("/", 1)[-1][:80]
    made = own.import_files(root, files, ImportConfig(name=title, label=label, text=text), tell=say_waiting())
    about = own.summarize(root, made)
    show(about, as_json, describe(about))


@data_app.command("show")
def data_show(name: Name, workspace: Workspace = None, as_json: AsJson = False) -> None:
    """What a data set contains."""
    from selfsup_core.data.library import own

    about = own.summarize(place(workspace), name)
    show(about, as_json, describe(about))


@data_app.command("rows")
def data_rows(
    name: Name,
    rows: Annotated[int, typer.Option("--rows", min=1, max=100, help="How many.")] = 5,
    numbers: Annotated[
        list[int] | None,
        typer.Option("--row", min=1, help="A row by its number, as `data check` counts; repeat for more."),
    ] = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """The first rows of a table, or some by their numbers, as they were read and as a network sees them."""
    from selfsup_core.data.library import own
    from selfsup_core.data.sources import open_source
    from selfsup_core.features.seen import see_table

    root = place(workspace)
    dataset = open_source(name, root)
    if dataset.kind != "table":
        raise DataError(f"{name} is not a table.", code="no-table", remedy="See data show.")
    config = DataConfig(source=name, **own.read_split(root, name))
    if wrong := [number for number in numbers or [] if number > len(dataset)]:
        raise DataError(f"There is no row {wrong[0]}; the data have {len(dataset):,}.", code="no-row")
    seen = see_table(dataset, config, rows, rows=[number - 1 for number in numbers] if numbers else None)
    given = [
        tuple(brief(v) + "*" * bool(f) for v, f in zip(row, filled, strict=True))
        for row, filled in zip(seen.values, seen.filled, strict=True)
    ]
    title = "As in the file" if seen.is_file else "As in the data set"
    text = (
        f"{title}:\n{table([tuple(seen.read_columns), *map(tuple, seen.read)])}\n\n"
        f"As a network sees them (* missing, filled with the median):\n{table([seen.columns, *given])}"
    )
    about = {
        "read_columns": seen.read_columns,
        "read": seen.read,
        "columns": seen.columns,
        "values": seen.values.tolist(),
        "filled": seen.filled.tolist(),
    }
    show({"dataset": name, **about}, as_json, text)


@data_app.command("check")
def data_check(name: Name, workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Duplicates, imbalance, missing values, suspected label errors and more."""
    from selfsup_core.data.library import own

    found = own.check(place(workspace), name, tell=say_waiting())
    text = "\n".join(describe_findings(found)) or "No problems found."
    show({"dataset": name, "findings": found}, as_json, text)


@data_app.command("mend")
def data_mend(
    name: Name,
    mends: Annotated[list[str], typer.Argument(help="Fixes that `data check` names.")],
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Create a new version with safe fixes; the original stays."""
    from selfsup_core.data.library import own

    new = own.mend(place(workspace), name, mends, tell=say_waiting())
    about = own.summarize(place(workspace), new)
    show(about, as_json, describe(about))


@data_app.command("split")
def data_split(
    name: Name,
    validation: Annotated[float | None, option("validation", "--validation")] = None,
    test: Annotated[float | None, option("test", "--test")] = None,
    split_seed: Annotated[int | None, option("split_seed", "--seed")] = None,
    labels_per_class: Annotated[int | None, option("labels_per_class", "--labels-per-class")] = None,
    labels_fraction: Annotated[float | None, option("labels_fraction", "--labels-fraction")] = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Set the split and the labels that new runs start with, and show the resulting counts."""
    from selfsup_core.data.budget import describe_split
    from selfsup_core.data.library import own
    from selfsup_core.data.sources import open_source
    from selfsup_core.evaluate.words.few_rows import warn_of_labels

    root = place(workspace)
    given = {
        "validation": validation,
        "test": test,
        "split_seed": split_seed,
        "labels_per_class": labels_per_class,
        "labels_fraction": labels_fraction,
    }
    config = own.save_split(root, name, **{k: v for k, v in given.items() if v is not None})
    outcome = describe_split(open_source(name, root), config)
    text = (
        f"{outcome['train']:,} training rows, {outcome['validation']:,} validation, {outcome['test']:,} "
        f"test; {outcome['labels_seen']:,} labels for training, {outcome['labels_hidden']:,} hidden"
    )
    text = "\n".join([text, *warn_of_labels(outcome)])
    show({"dataset": name, **outcome}, as_json, text)


@data_app.command("rename")
def data_rename(
    name: Name,
    title: Annotated[str, typer.Argument(help="The new title.")],
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Rename one of your data sets."""
    from selfsup_core.data.library import own

    own.rename(place(workspace), name, title)
    show({"dataset": name, "title": title}, as_json, f"{name} is now called {title}.")


@data_app.command("delete")
def data_delete(name: Name, workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Move one of your data sets to the trash, where it is kept for seven days."""
    from selfsup_core.data.library import own

    own.delete(place(workspace), name)
    show({"dataset": name, "deleted": True}, as_json, f"Deleted. Undo: data restore {name}")


@data_app.command("trash")
def data_trash(
    empty: Annotated[bool, typer.Option("--empty", help="Delete them for good.")] = False,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Deleted data sets that can still be restored."""
    from selfsup_core.runs import trash
    from selfsup_core.runs.trash import list_trash

    if empty:
        count = trash.empty(place(workspace), is_data=True)
        show({"deleted": count}, as_json, f"{counted(count, 'data set')} deleted for good.")
        return
    found = [entry for entry in list_trash(place(workspace)) if entry.is_data is True]
    rows = [("ID", "NAME", "DAYS LEFT")]
    rows += [(entry.id, entry.name, f"{entry.days_left:.1f}") for entry in found]
    show([asdict(entry) for entry in found], as_json, table(rows) if found else "Nothing was deleted.")


@data_app.command("restore")
def data_restore(name: Name, workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Take a deleted data set back out of the trash."""
    from selfsup_core.data.library import own

    own.restore(place(workspace), name)
    show({"dataset": name, "restored": True}, as_json, f"{name} is restored.")


@data_app.command("export")
def data_export(
    name: Name,
    folder: Annotated[Path, typer.Argument(help="Folder to write to.")] = Path("."),
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Write a data set as Parquet (texts, tables) or ZIP (images, sounds)."""
    from selfsup_core.export import datasets
    from selfsup_core.files import hand_over, write_bytes

    if not folder.is_dir():
        raise SettingError(f"{folder} is not a folder.", remedy="Create it first.")
    file, content = datasets.export_dataset(place(workspace), name)
    write_bytes(folder / file, content)
    hand_over(folder / file)
    show({"dataset": name, "file": str(folder / file)}, as_json, str(folder / file))
