"""`classify …`: predict the classes of new samples, and write a classifier as a folder of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from selfsup_core.cli.output import AsJson, Workspace, place, show, table
from selfsup_core.settings import Plain
from selfsup_core.wording import ROW, percent

classify_app = typer.Typer(help="Classifiers: predict classes, explain, export.", no_args_is_help=True)

Run = Annotated[
    str,
    typer.Argument(
        help="Run ID, the beginning of it, or the run's name; or the folder of an exported classifier."
    ),
]
Epoch = Annotated[int | None, typer.Option(help="Epoch of the run; the best one if not given.")]
LETTERS = 60  # of an item in the table


@classify_app.command("predict")
def predict_command(
    run: Run,
    given: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE_OR_TEXT...",
            help="Texts, text files with one text per line, CSV files, images or WAV files.",
        ),
    ],
    column: Annotated[
        str, typer.Option(help="Column with the texts of a CSV file; detected if not given.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help="A new CSV file: the input with the predictions beside it.")
    ] = None,
    epoch: Epoch = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """The most likely class of each sample, with its probability."""
    from selfsup_core.errors import DataError
    from selfsup_core.export.new_samples import predictions_csv
    from selfsup_core.export.portable_classifier import ABOUT, load_classifier
    from selfsup_core.export.reading import as_given
    from selfsup_core.export.run_classifier import load_run
    from selfsup_core.files import hand_over, write_bytes

    folder = Path(run)
    if (folder / ABOUT).is_file():
        classifier = load_classifier(folder)
    else:
        classifier, _ = load_run(place(workspace), run, epoch)
    if out and out.exists():
        raise DataError(f"{out.name} already exists.", code="exists", remedy="Choose another name.")
    found = classifier.predict(as_given(given), column)
    if out:
        write_bytes(out.resolve(), predictions_csv(found, classifier.classes))
        hand_over(out.resolve())
    rows = [("SAMPLE", "CLASS", "PROBABILITY", "NEXT", "WARNING")]
    for one in found:
        ranked = sorted(one["probabilities"].items(), key=lambda pair: -pair[1])[1:2]
        after = ", ".join(f"{name} {percent(p, 1)}" for name, p in ranked)
        item = one["item"].replace("\n", " ")
        short = item if len(item) <= LETTERS else f"{item[:LETTERS]} …"
        rows.append((short, one["label"], percent(one["probability"], 1), after, one["far"]))
    show(found, as_json, table(rows))


@classify_app.command("try")
def try_command(
    run: Annotated[str, typer.Argument(help="Run ID, the beginning of it, or the run's name.")],
    count: Annotated[int, typer.Option(help="How many rows.", min=1, max=1000)] = 8,
    seed: Annotated[int, typer.Option(help="Another seed draws other rows.")] = 0,
    epoch: Epoch = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Classify a few validation rows, which the run was not trained on, and compare with their labels."""
    from selfsup_core.inspection.desk import Desk
    from selfsup_core.inspection.held_out import held_out
    from selfsup_core.inspection.subject import Subject

    root = place(workspace)
    chosen = [one["row"] for one in held_out(root, run, count, seed)]
    values = {"rows": chosen, "epoch": epoch}
    found = Desk(root).ask(Subject("classifier", run), "predict", values).about["found"]
    rows = [(ROW.upper(), "TRUE CLASS", "PREDICTED", "PROBABILITY", "SAMPLE")]
    rows += [
        (
            str(one["row"]),
            one["true"] or "–",
            one["label"],
            percent(one["probability"], 1),
            one["item"][:LETTERS],
        )
        for one in found
    ]
    show(found, as_json, table(rows))


@classify_app.command("export")
def export_command(
    run: Annotated[str, typer.Argument(help="Run ID, the beginning of it, or the run's name.")],
    out: Annotated[Path, typer.Option(help="The new folder.")],
    epoch: Epoch = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Write the classifier of a run as a folder: safetensors and JSON; a transformer in Hugging Face's
    layout.
    """
    from selfsup_core.export.run_classifier import export_classifier
    from selfsup_core.files import hand_over

    used = export_classifier(place(workspace), run, out.resolve(), epoch)
    hand_over(out.resolve())
    show({"folder": str(out.resolve()), "epoch": used}, as_json, f"Epoch {used} is in {out}.")


@classify_app.command("why")
def why_command(
    run: Annotated[str, typer.Argument(help="Run ID, the beginning of it, or the run's name.")],
    text: Annotated[str | None, typer.Argument(help="A text.")] = None,
    file: Annotated[Path | None, typer.Option(help="A file with the sample instead.")] = None,
    sample: Annotated[int, typer.Option(help="Which sample of the file, from 1.", min=1)] = 1,
    column: Annotated[str, typer.Option(help="Column with the texts of a CSV file.")] = "",
    row: Annotated[int | None, typer.Option(help="A row of the run's data instead.")] = None,
    epoch: Epoch = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Why a sample gets its class: what speaks for and against it, and the most similar labeled rows."""
    from selfsup_core.inspection.desk import Desk
    from selfsup_core.inspection.subject import Subject

    values: Plain = {"text": text, "row": row, "epoch": epoch}
    if file:
        values = {"files": [str(file.resolve())], "column": column, "index": sample - 1, "epoch": epoch}
    why = Desk(place(workspace)).ask(Subject("classifier", run), "why", values).about
    rows = [("PART", "NATS")]
    if "places" in why:
        pairs = sorted(zip(why["places"], why["parts"], strict=True), key=lambda pair: -abs(pair[1]))
        rows += [(why["text"][a:b], f"{part:+.3f}") for (a, b), part in pairs[:12]]
    rows += [(term["name"], f"{term['part']:+.3f}") for term in why.get("terms", [])]
    near = [f"row {n['row']}: {n['label']} (cosine {n['cosine']:.3f})" for n in why["nearest"]]
    head = f"{why['label']}, {percent(why['probability'], 1)} sure"
    show(why, as_json, "\n".join([head, *([table(rows)] if len(rows) > 1 else []), *near]))
