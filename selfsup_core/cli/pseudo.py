"""`pseudo …`: the pseudo-labels of a run, as a list and as a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from selfsup_core.cli.output import AsJson, Workspace, place, show, table
from selfsup_core.wording import ROW, percent

if TYPE_CHECKING:
    from selfsup_core.runs.folder import RunFolder
    from selfsup_core.tasks.parts.labelers import SaidRow
    from selfsup_core.workers.seeds import Seeds

pseudo_app = typer.Typer(help="Pseudo-labels: list, export, label by hand.", no_args_is_help=True)

Run = Annotated[str, typer.Argument(help="Run ID, the beginning of it, or the run's name.")]
LETTERS = 60


@pseudo_app.command("list")
def list_command(
    run: Run,
    kept: Annotated[bool, typer.Option(help="Only those that training uses.")] = False,
    unsure: Annotated[
        bool, typer.Option(help="Least certain first, the order for checking by hand.")
    ] = False,
    most: Annotated[int, typer.Option(help="Number of lines.", min=1)] = 20,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Unlabeled rows with the class proposed for them, the most certain first."""
    from selfsup_core.export.pseudo_labels import read_pseudo_labels

    columns = read_pseudo_labels(place(workspace), run)
    lines = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    lines = [line for line in lines if line["label"] and (line["kept"] or not kept)]
    # A class that was named without a probability is the least sure one.
    lines.sort(key=lambda line: (line["confidence"] or 0.0) * (1 if unsure else -1))
    rows = [(ROW.upper(), "CLASS", "CONFIDENCE", "KEPT", "BY", "TEXT")]
    for line in lines[:most]:
        text = line.get("text", "").replace("\n", " ")
        short = text if len(text) <= LETTERS else f"{text[:LETTERS]} …"
        rows.append(
            (
                str(line["row"]),
                line["label"],
                percent(line["confidence"], 1),
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
    """Write all unlabeled rows with their proposed class, and who proposed it. Validation and test rows
    without a label never enter training; the trained classifier predicts their class.
    """
    from selfsup_core.errors import DataError
    from selfsup_core.export.pseudo_labels import describe_scope, export_pseudo_labels
    from selfsup_core.files import hand_over, write_bytes

    if out.exists():
        raise DataError(f"{out.name} already exists.", code="exists", remedy="Choose another name.")
    content = export_pseudo_labels(place(workspace), run, out.suffix.lstrip("."), text=text, truth=truth)
    write_bytes(out.resolve(), content)
    hand_over(out.resolve())
    scope = describe_scope(place(workspace), run)
    about = {"file": str(out.resolve()), "bytes": len(content), "scope": scope}
    show(about, as_json, f"Written: {out}\n{scope}")


@pseudo_app.command("complete")
def complete_command(
    run: Run,
    out: Annotated[Path, typer.Option(help="A new file, .csv or .parquet.")],
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Write the whole data set with its label column filled: given, by hand (as of now), as a pseudo-label,
    or as the trained classifier predicts it. Column label_from says which.
    """
    from selfsup_core.errors import DataError
    from selfsup_core.export.completed import export_completed
    from selfsup_core.files import hand_over, write_bytes

    if out.exists():
        raise DataError(f"{out.name} already exists.", code="exists", remedy="Choose another name.")
    content, scope = export_completed(place(workspace), run, out.suffix.lstrip("."))
    write_bytes(out.resolve(), content)
    hand_over(out.resolve())
    about = {"file": str(out.resolve()), "bytes": len(content), "scope": scope}
    show(about, as_json, f"Written: {out}\n{scope}")


@pseudo_app.command("seeds")
def seeds_command(
    run: Run,
    count: Annotated[int, typer.Option(help="Number of seeds, including this run.", min=2, max=20)] = 5,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Repeat a run with other seeds, wait for them, and print the result over all seeds.

    Each run has its own split, labels and first weights; a run with labels by hand is repeated on the same
    split.
    """
    from selfsup_core.workers.seeds import workspace_run

    said, text = repeat(workspace_run(place(workspace), run), count)
    show(said, as_json, text)


def repeat(folder: RunFolder, count: int) -> tuple[Seeds | None, str]:
    """Train until there are `count` runs like this one; their joint result, as values and in words."""
    import time

    from selfsup_core.runs.folder import ENDED, RunFolder, read_state
    from selfsup_core.runs.queue import MAX_QUEUED, list_queue
    from selfsup_core.workers.seeds import describe_seeds, over_seeds, start_seeds
    from selfsup_core.workers.supervisor import ensure_supervisor

    root = folder.workspace
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
    text = said["verdict"]["text"] if said and said["verdict"] else "Too few of the runs are finished."
    return said, f"{text}\n{describe_seeds(said['same_split'])}" if said else text


@pseudo_app.command("label")
def label_command(
    source: Annotated[str, typer.Argument(help="A data set, as `data list` names it.")],
    row: Annotated[int, typer.Argument(help="Number of the row, from 0.")],
    label: Annotated[str, typer.Argument(metavar="CLASS", help='Name of its class; "-" removes the label.')],
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Label a row by hand. The next run with pseudo-labels on this data set uses it; `train --no-hand` leaves
    it out.
    """
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
    """Labels made by hand for a data set, the newest first; `pseudo label SOURCE ROW -` removes one."""
    from selfsup_core.data.sources import open_source
    from selfsup_core.pseudo.hand import list_hand_labels

    root = place(workspace)
    classes = open_source(source, root).classes
    made = list_hand_labels(root, source)
    found = [{**one, "class": classes[one["label"]]} for one in made]
    rows = [(ROW.upper(), "CLASS", "RUN")]
    rows += [(str(one["row"]), classes[one["label"]], one["run"]) for one in made]
    show(found, as_json, table(rows) if found else "There are no labels by hand.")


@pseudo_app.command("said")
def said_command(run: Run, workspace: Workspace = None, as_json: AsJson = False) -> None:
    """The answers of a run's language models: text, raw answer, class, probability."""
    from selfsup_core.tasks.parts.labelers import read_said
    from selfsup_core.workers.seeds import workspace_run

    found = read_said(workspace_run(place(workspace), run).path)
    show(
        found,
        as_json,
        "\n\n".join(said_table(rows) for rows in found.values())
        or "No language model proposed labels in this run.",
    )


@pseudo_app.command("try")
def try_command(
    source: Annotated[str, typer.Argument(help="A data set of texts, as `data list` names it.")],
    how: Annotated[str, typer.Option(help="zero-shot, generated or remote.")] = "generated",
    labeler: Annotated[
        str, typer.Option(help="A built-in model, hub:owner/name, run:ID or a folder.")
    ] = "smollm2-135m-instruct",
    prompt: Annotated[str, typer.Option(help="With {text} and {classes}.")] = "",
    rows: Annotated[int, typer.Option(help="Texts.", min=1, max=100)] = 5,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Ask a language model about a few texts before a run asks about many."""
    import sys

    from pydantic import ValidationError

    from selfsup_core.data.sources import open_source
    from selfsup_core.errors import DataError, SettingError
    from selfsup_core.pretrained.zero_shot import ZeroShotConfig
    from selfsup_core.settings import explain
    from selfsup_core.tasks.parts.labelers import (
        LABELERS,
        asking,
        load_labeler,
        said_row,
        trial_rows,
        try_labeler,
    )

    if how not in LABELERS:
        raise SettingError(f"--how must be one of {', '.join(LABELERS)}; found {how!r}.")
    root = place(workspace)
    dataset = open_source(source, root)
    if dataset.kind != "text":
        raise DataError(f"{dataset.title} holds {dataset.kind}s, not texts.", code="no-texts")
    try:
        config = asking(how, prompt, 400)
    except ValidationError as error:
        raise explain(error, ZeroShotConfig) from error
    drawn = trial_rows(root, dataset, rows)
    texts = [str(dataset.x[row]) for row in drawn]
    if how == "remote":
        from selfsup_core.pretrained.remote import label_texts
        from selfsup_core.pseudo.remote import as_said, connect, spent

        remote = connect()
        answers = [as_said(one) for one in label_texts(remote, texts, dataset.classes, config)]
        print(spent(remote), file=sys.stderr)
        said = [
            said_row(row, text, one, dataset.classes)
            for row, text, one in zip(drawn, texts, answers, strict=True)
        ]
    else:
        model, tokenizer, _ = load_labeler(labeler, root, lambda text: print(text, file=sys.stderr))
        said = try_labeler(model, tokenizer, how, texts, dataset.classes, config)
        for row, one in zip(drawn, said, strict=True):
            one["row"] = row
    show(said, as_json, said_table(said))


def said_table(said: Sequence[SaidRow]) -> str:
    rows = [(ROW.upper(), "CLASS", "P", "ANSWER", "TEXT")]
    for line in said:
        p = "" if line["p"] is None else percent(line["p"], 1)
        rows.append(
            (
                str(line["row"]),
                line["label"] or f"({line['reason'][:LETTERS]})",
                p,
                " ".join(line["answer"].split())[:LETTERS],
                " ".join(line["text"].split())[:LETTERS],
            )
        )
    return table(rows)


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
    from selfsup_core.runs.recipes import preset_spec
    from selfsup_core.runs.spec import parse_assignments

    spec = preset_spec(preset, parse_assignments(assignments or []))
    said = gauge_start(place(workspace), spec.as_dict())
    show(said, as_json, said["text"])
