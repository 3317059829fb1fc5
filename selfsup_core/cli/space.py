"""Commands for maps of vectors: what the page Latent space does, without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selfsup_core.cli.output import AsJson, Language, Workspace, in_language, place, show, table
from selfsup_core.errors import SettingError
from selfsup_core.files import hand_over
from selfsup_core.settings import Plain, parse_assignment
from selfsup_core.translation import ENGLISH
from selfsup_core.wording import ROW, brief, percent

if TYPE_CHECKING:
    from selfsup_core.inspection.answer import Answer

space_app = typer.Typer(help="Maps of a latent space, and tools for them.", no_args_is_help=True)

Space = Annotated[str, typer.Argument(help="data:SET, embedding:SET:ENCODER or run:ID; see `space list`.")]
Key = Annotated[str, typer.Argument(help="The key of a map, as `space map` prints it.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="A setting, as in kind=umap or neighbors=30; may be repeated."),
]
Epoch = Annotated[int | None, typer.Option(help="Epoch of a run; the newest unless given.")]
Rows = Annotated[str, typer.Option(help='Rows: numbers as in "3, 10-20", or the name of a saved selection.')]


def settings_of(assignments: list[str] | None) -> Plain:
    return dict(parse_assignment(text, "kind=umap") for text in assignments or [])


def question(root: Path, key: str, tool: str, epoch: int | None, **values: Any) -> Answer:
    """What a map answers; its space is known by the map."""
    from selfsup_core.inspection.desk import Desk
    from selfsup_core.inspection.space.layouts import read_map
    from selfsup_core.inspection.subject import Subject

    space = Subject("space", read_map(root, key)["space"])
    return Desk(root).ask(space, tool, {"key": key, "epoch": epoch} | values)


def bits_of(root: Path, key: str, rows: str) -> str:
    """Rows of the data, by number or by the name of a selection, as bits of the map's places. Raises
    SettingError.
    """
    import numpy as np

    from selfsup_core.inspection.space.layouts import read_map, read_rows
    from selfsup_core.inspection.space.selections import (
        kept_under,
        list_selections,
        pack_rows,
        read_selection,
        rows_meant,
    )

    about, known = read_map(root, key), read_rows(root, key)
    source = kept_under(about["space"], about["source"])
    if rows in list_selections(root, source):
        is_meant = np.isin(known, read_selection(root, source, rows))
    else:
        try:
            is_meant = rows_meant(rows, known)
        except SettingError as error:
            raise SettingError(
                f"{rows!r} is neither a saved selection nor row numbers as in 3, 10-20."
            ) from error
    places = np.flatnonzero(is_meant)
    if not len(places):
        raise SettingError(
            f"No row of {rows!r} is on this map.", remedy="`space export` lists the rows of the map."
        )
    return pack_rows(places)


@space_app.command("list")
def list_command(workspace: Workspace = None, as_json: AsJson = False) -> None:
    """List all spaces that can be mapped."""
    from selfsup_core.inspection.space.listing import list_spaces

    found = list_spaces(place(workspace))
    rows = [
        ("SPACE", "TITLE", "EPOCHS"),
        *((s["space"], s["title"], str(len(s["epochs"]) or "")) for s in found),
    ]
    show(found, as_json, table(rows))


@space_app.command("settings")
def settings_command(as_json: AsJson = False) -> None:
    """List the settings of maps and of groups."""
    from selfsup_core.evaluate.clusters import ClusterConfig
    from selfsup_core.projection.config import MapConfig
    from selfsup_core.settings import list_settings

    found = [
        {"of": of, "setting": s.path, "default": s.default, "bounds": s.bounds, "about": s.description}
        for of, config in (("map", MapConfig), ("groups", ClusterConfig))
        for s in list_settings(config)
    ]
    rows = [
        ("OF", "SETTING", "DEFAULT", "BOUNDS", "ABOUT"),
        *((f["of"], f["setting"], str(f["default"]), f["bounds"], f["about"]) for f in found),
    ]
    show(found, as_json, table(rows))


@space_app.command("map")
def map_command(
    space: Space,
    assignments: Set = None,
    epoch: Epoch = None,
    replay: Annotated[
        bool, typer.Option(help="All kept epochs of a run, each map starting from the one before.")
    ] = False,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Compute a map, wait for it, and print the key that the other commands need."""
    from selfsup_core.inspection.asking import checked
    from selfsup_core.inspection.desk import Desk
    from selfsup_core.inspection.space.layouts import read_map
    from selfsup_core.projection.config import MapConfig

    root = place(workspace)
    config = checked(MapConfig, settings_of(assignments))
    made = Desk(root).spaces.start(space, config, epoch, replay=replay, wait=True)
    about = read_map(root, made["key"])
    notes = "".join(f"\n{note}" for note in about["notes"])
    show(
        dict(made) | {"rows": about["rows"], "of": about["total"], "notes": about["notes"]},
        as_json,
        f"{made['key']}: {about['rows']:,} points.{notes}",
    )


@space_app.command("trust")
def trust_command(
    key: Key, epoch: Epoch = None, workspace: Workspace = None, as_json: AsJson = False
) -> None:
    """How far a map can be trusted."""
    found = question(place(workspace), key, "trust", epoch)
    said = dict(found.about)
    show(
        said,
        as_json,
        f"Trustworthiness {said['trustworthiness']:.4f}, continuity {said['continuity']:.4f}. {said['text']}",
    )


@space_app.command("groups")
def groups_command(
    key: Key,
    assignments: Set = None,
    epoch: Epoch = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Find groups, name them, and compare them with the labels."""
    found = question(place(workspace), key, "clusters", epoch, **settings_of(assignments))
    said = dict(found.about)
    agreed = said["agreement"]
    rows = [
        ("GROUP", "POINTS", "MOST FREQUENT LABEL"),
        *((g["name"], str(g["size"]), g["label"]) for g in said["groups"]),
    ]
    close = f"\nCompared with the labels: ARI {agreed['ari']:.3f}, NMI {agreed['nmi']:.3f}." if agreed else ""
    show(said, as_json, table(rows) + f"\n{said['loners']} points belong to no group.{close}")


@space_app.command("why")
def why_command(
    key: Key, rows: Rows, epoch: Epoch = None, workspace: Workspace = None, as_json: AsJson = False
) -> None:
    """What sets rows apart from the rest."""
    root = place(workspace)
    found = question(root, key, "why", epoch, bits=bits_of(root, key, rows))
    said = dict(found.about)
    lines = [
        ("EFFECT", "WHAT", "HERE"),
        *((f"{d['effect']:.2f}", d["what"], d["text"]) for d in said["differences"]),
    ]
    words = f"\nWords: {', '.join(w['what'] for w in said['words'])}" if said["words"] else ""
    typical = (
        f"\nMost typical rows: {', '.join(str(c['row']) for c in said['typical'])}; least typical: "
        f"{', '.join(str(c['row']) for c in said['odd']) or '–'}."
    )
    show(said, as_json, f"{said['count']:,} of {said['of']:,} points.\n{table(lines)}{words}{typical}")


@space_app.command("neighbors")
def neighbors_command(
    key: Key,
    row: Annotated[int, typer.Argument(help="Number of the row.")],
    count: Annotated[int, typer.Option(help="How many.", min=1, max=200)] = 10,
    epoch: Epoch = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """The nearest rows in the space itself, and whether the map keeps them near."""
    from selfsup_core.inspection.space.selections import unpack_rows

    root = place(workspace)
    at = int(unpack_rows(bits_of(root, key, str(row)))[0])
    found = question(root, key, "neighbors", epoch, place=at, count=count)
    lines = [
        (ROW.upper(), "LABEL", "DISTANCE", "NEAR ON THE MAP"),
        *(
            (str(f["row"]), f["label"], brief(f["distance"], 4), "yes" if f["kept"] else "no")
            for f in found.about["found"]
        ),
    ]
    show(dict(found.about), as_json, table(lines))


@space_app.command("search")
def search_command(
    key: Key,
    text: Annotated[
        str, typer.Argument(help="What to look for; for nearest, a text or a file with a sample.")
    ],
    by: Annotated[str, typer.Option(help="contains, label, row or nearest.")] = "contains",
    epoch: Epoch = None,
    keep: Annotated[str, typer.Option(help="Save the result as a selection with this name.")] = "",
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Find points by text, label or row number, or nearest to a new sample."""
    from selfsup_core.inspection.space.layouts import read_map, read_rows
    from selfsup_core.inspection.space.selections import kept_under, save_selection, unpack_rows

    root = place(workspace)
    found = question(root, key, "search", epoch, how=by, text=text)
    rows = read_rows(root, key)[unpack_rows(found.about["bits"])]
    if keep:
        about = read_map(root, key)
        save_selection(root, kept_under(about["space"], about["source"]), keep, rows)
    lines = "\n".join(f"{c['row']}  {c['label']}  {c['text'][:100]}" for c in found.about["first"])
    show(dict(found.about) | {"rows": rows.tolist()}, as_json, f"{len(rows):,} rows.\n{lines}")


@space_app.command("compare")
def compare_command(
    key: Key,
    other: Annotated[str, typer.Argument(help="Another map of the same data.")],
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """CKA and Procrustes distance between the spaces of two maps."""
    from selfsup_core.inspection.space.layouts import read_map

    root = place(workspace)
    second = {"space": read_map(root, other)["space"], "key": other}
    found = question(root, key, "compare", None, other=second)
    said = dict(found.about)
    show(
        said,
        as_json,
        f"Over {said['rows']:,} rows: CKA {said['cka']}, Procrustes distance of the vectors "
        f"{said['procrustes']}, of the maps {said['procrustes_maps']}; {percent(said['shared'], 1)} of "
        f"{said['neighbors']} neighbors are shared.",
    )


@space_app.command("select")
def select_command(
    key: Key,
    name: Annotated[str, typer.Argument(help="Name of the selection.")],
    rows: Rows = "",
    delete: Annotated[bool, typer.Option(help="Delete it instead.")] = False,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Save rows as a named selection, or delete one."""
    from selfsup_core.inspection.space.layouts import read_map, read_rows
    from selfsup_core.inspection.space.selections import (
        delete_selection,
        kept_under,
        save_selection,
        unpack_rows,
    )

    root = place(workspace)
    about = read_map(root, key)
    source = kept_under(about["space"], about["source"])
    if delete:
        delete_selection(root, source, name)
        return show({"deleted": name}, as_json, f"Deleted: {name}")
    chosen = read_rows(root, key)[unpack_rows(bits_of(root, key, rows))]
    save_selection(root, source, name, chosen)
    return show({"selection": name, "rows": len(chosen)}, as_json, f"Saved: {name}, {len(chosen):,} rows.")


@space_app.command("label")
def label_command(
    key: Key,
    rows: Rows,
    label: Annotated[str, typer.Option(help="A class, or a new name.")] = "",
    how: Annotated[
        str,
        typer.Option(
            help="version: a new version of the data with this label; hand: labels for runs with "
            "pseudo-labels; leave-out: a new version without the rows."
        ),
    ] = "version",
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Label rows of the data set, or leave them out."""
    if how not in ("version", "hand", "leave-out"):
        raise SettingError(f"--how is version, hand or leave-out; found {how!r}.")
    root = place(workspace)
    found = question(root, key, "relabel", None, bits=bits_of(root, key, rows), label=label, how=how)
    show(dict(found.about), as_json, f"{found.about['rows']:,} rows; data set {found.about['source']}.")


@space_app.command("export")
def export_command(
    key: Key,
    out: Annotated[Path, typer.Argument(help="File to write: .csv, .parquet, .npz or .html.")],
    rows: Rows = "",
    by: Annotated[str, typer.Option(help="What the HTML map is colored by.")] = "",
    language: Language = ENGLISH,
    epoch: Epoch = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Export points, or the whole map as one HTML file that works offline."""
    root = place(workspace)
    kind = out.suffix.removeprefix(".").lower()
    target = str(out.resolve())
    if kind == "html":
        with in_language(language):
            found = question(root, key, "html", epoch, target=target, by=by)
    else:
        bits = bits_of(root, key, rows) if rows else ""
        found = question(root, key, "export", epoch, target=target, kind=kind, bits=bits)
    hand_over(out)
    show(dict(found.about), as_json, f"Written: {out}, {found.about['rows']:,} points.")
