"""`pseudo …`: what a run with pseudo-labels has proposed, as a list and as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from selfsup_core.cli.output import AsJson, Workspace, place, show, table

pseudo_app = typer.Typer(help="Pseudo-labels: look, take away.", no_args_is_help=True)

Run = Annotated[str, typer.Argument(help="Run id, its beginning, or the run's name.")]
LETTERS = 60


@pseudo_app.command("list")
def list_command(
    run: Run,
    kept: Annotated[bool, typer.Option(help="Only those that are learned from.")] = False,
    unsure: Annotated[
        bool, typer.Option(help="Least certain first, as a person should look at them.")
    ] = False,
    most: Annotated[int, typer.Option(help="Lines.", min=1)] = 20,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Unlabeled rows with the class proposed for them, the most certain first."""
    from selfsup_core.export.pseudo_labels import read_pseudo_labels

    columns = read_pseudo_labels(place(workspace), run)
    lines = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    lines = [line for line in lines if line["label"] and (line["kept"] or not kept)]
    lines.sort(key=lambda line: line["confidence"] * (1 if unsure else -1))
    rows = [("ROW", "CLASS", "CONFIDENCE", "KEPT", "BY", "TEXT")]
    for line in lines[:most]:
        text = line.get("text", "").replace("\n", " ")
        short = text if len(text) <= LETTERS else f"{text[:LETTERS]} …"
        rows.append(
            (
                str(line["row"]),
                line["label"],
                f"{line['confidence']:.3f}",
                "yes" if line["kept"] else "",
                line["proposers"],
                short,
            )
        )
    show(lines[:most], as_json, table(rows))


@pseudo_app.command("export")
def export_command(
    run: Run,
    out: Annotated[Path, typer.Option(help="A new file, .csv or .parquet.")],
    text: Annotated[bool, typer.Option(help="With the texts.")] = True,
    truth: Annotated[
        bool, typer.Option(help="With the true classes where they are known, for an audit.")
    ] = False,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Write all pseudo-labels with where they are from."""
    from selfsup_core.errors import DataError
    from selfsup_core.export.pseudo_labels import export_pseudo_labels
    from selfsup_core.files import write_bytes

    if out.exists():
        raise DataError(f"{out.name} is there already.", code="exists", remedy="Choose another name.")
    content = export_pseudo_labels(place(workspace), run, out.suffix.lstrip("."), text=text, truth=truth)
    write_bytes(out.resolve(), content)
    show({"file": str(out.resolve()), "bytes": len(content)}, as_json, f"Written: {out}")


@pseudo_app.command("seeds")
def seeds_command(
    run: Run,
    count: Annotated[int, typer.Option(help="Seeds in all, this run included.", min=2, max=20)] = 5,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Repeat a run with other seeds, wait, and say what all of them say together.

    Each run has its own split, labels and first weights; a run with labels by hand is repeated on the same split.
    """
    import time

    from selfsup_core.runs.folder import ENDED, RunFolder, read_state
    from selfsup_core.runs.queue import MAX_QUEUED, list_queue
    from selfsup_core.workers.seeds import describe_seeds, over_seeds, start_seeds, workspace_run
    from selfsup_core.workers.supervisor import ensure_supervisor

    root = place(workspace)
    folder = workspace_run(root, run)
    for upto in range(2, count + 1):
        while len(list_queue(root)) >= MAX_QUEUED:
            time.sleep(0.2)
        started = start_seeds(folder, upto, f"cli-{folder.id}")
        ensure_supervisor(root)
        for name in started:
            while read_state(RunFolder(root / "runs" / name))["status"] not in ENDED:
                time.sleep(0.2)
                ensure_supervisor(root)
    said = over_seeds(folder)
    text = said["verdict"]["text"] if said and said["verdict"] else "Too few of them are finished."
    if said:
        text = f"{text}\n{describe_seeds(said['same_split'])}"
    show(said, as_json, text)


@pseudo_app.command("label")
def label_command(
    source: Annotated[str, typer.Argument(help="A data set, as `data list` names it.")],
    row: Annotated[int, typer.Argument(help="Number of the row, from 0.")],
    label: Annotated[
        str, typer.Argument(metavar="CLASS", help='Name of its class; "-" takes the label back.')
    ],
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Label a row by hand. The next run with pseudo-labels on this data set uses it; `train --no-hand` leaves it out."""
    from selfsup_core.data.sources import open_source
    from selfsup_core.errors import DataError
    from selfsup_core.pseudo.hand import add_hand_label, count_words, read_hand_labels

    root = place(workspace)
    classes = list(open_source(source, root).classes)
    if label != "-" and label not in classes:
        raise DataError(
            f"There is no class {label!r} in {source}. Classes: {', '.join(classes[:20])}.", code="no-class"
        )
    add_hand_label(root, source, row, None if label == "-" else classes.index(label))
    kept = read_hand_labels(root, source)
    pairs = [[r, c] for r, c in sorted(kept.items())]
    show({"labels": pairs}, as_json, f"{count_words(len(kept))}: {pairs}")


@pseudo_app.command("hand")
def hand_command(
    source: Annotated[str, typer.Argument(help="A data set, as `data list` names it.")],
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Labels made by hand for a data set, the newest first; `pseudo label SOURCE ROW -` takes one back."""
    from selfsup_core.data.sources import open_source
    from selfsup_core.pseudo.hand import list_hand_labels

    root = place(workspace)
    classes = open_source(source, root).classes
    made = list_hand_labels(root, source)
    found = [{**one, "class": classes[one["label"]]} for one in made]
    rows = [("ROW", "CLASS", "RUN")]
    rows += [(str(one["row"]), classes[one["label"]], one["run"]) for one in made]
    show(found, as_json, table(rows) if found else "No label by hand.")


@pseudo_app.command("gauge")
def gauge_command(
    preset: Annotated[str, typer.Argument(help="A preset's name.")],
    assignments: Annotated[
        list[str] | None, typer.Option("--set", help="Change a setting, as in data.labels_per_class=5.")
    ] = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """How good the first proposals are likely to be, from the given labels alone."""
    from selfsup_core.inspection.gauge import gauge_start
    from selfsup_core.runs.spec import parse_assignments, preset_spec

    spec = preset_spec(preset, parse_assignments(assignments or []))
    said = gauge_start(place(workspace), spec.as_dict())
    show(said, as_json, said["text"])
