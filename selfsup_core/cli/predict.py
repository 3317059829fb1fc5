"""`predict`: a run on new files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from selfsup_core.cli.output import AsJson, Workspace, place, show, table
from selfsup_core.wording import brief, percent

if TYPE_CHECKING:
    from selfsup_core.export.predicted import Predicted, PredictedSample

LETTERS = 60  # of a sample in the table
MOST_SHOWN = 200
MOST_NUMBERS = 4  # of a code in the table


def predict_command(
    run: Annotated[str, typer.Argument(help="Run ID, the beginning of it, or the run's name.")],
    given: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE_OR_TEXT...",
            help="Texts, text files with one text per line, tables, images, sounds, or ZIP files of them.",
        ),
    ],
    column: Annotated[
        str, typer.Option(help="Column with the texts of a table; detected if not given.")
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(help="A new folder, or a .zip file: predictions, codes and reconstructions."),
    ] = None,
    epoch: Annotated[
        int | None, typer.Option(help="Epoch of the run; the best one if not given.", min=0)
    ] = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """What a run makes of new samples: codes, reconstructions, classes, anomaly scores."""
    from selfsup_core.cli.take_away import writing
    from selfsup_core.errors import DataError
    from selfsup_core.export.predicted import write_predicted
    from selfsup_core.export.predicting import predict
    from selfsup_core.export.reading import as_given

    if out and out.exists():  # said before seconds of work
        raise DataError(f"{out.name} already exists.", code="exists", remedy="Choose another name.")
    found = predict(place(workspace), run, as_given(given), epoch=epoch, column=column)
    about = dict(found.about())
    if out:
        with writing(out.resolve()):
            about["written"] = write_predicted(found, out.resolve())
    show(about | {"samples": found.samples()}, as_json, describe(found, out))


def describe(found: Predicted, out: Path | None) -> str:
    """As a table, with what is said of all samples below it."""
    samples = found.samples(MOST_SHOWN)
    rows = [cells(one) for one in samples]
    heads = list(dict.fromkeys(name for row in rows for name in row))
    lines = [table([tuple(heads), *(tuple(row.get(name, "") for name in heads) for row in rows)])]
    if len(found) > MOST_SHOWN:
        lines.append(f"The first {MOST_SHOWN} of {len(found):,}; --out writes all.")
    if found.limit is not None:
        unusual = int(found.is_unusual.sum())
        lines.append(
            f"{found.score}: 99% of the training samples are below {brief(found.limit)}; "
            f"{unusual:,} of {len(found):,} new ones are above."
        )
    lines += [f"Weights of epoch {found.epoch}.", *found.notes]
    return "\n".join([*lines, f"Written: {out}"] if out else lines)


def cells(one: PredictedSample) -> dict[str, str]:
    item = " ".join(one["item"].split())
    row = {"SAMPLE": item if len(item) <= LETTERS else f"{item[:LETTERS]} …"}
    if "label" in one:
        row |= {"CLASS": one["label"], "PROBABILITY": percent(one["probability"], 1)}
        ranked = sorted(one["probabilities"].items(), key=lambda pair: -pair[1])[1:2]
        row["NEXT"] = ", ".join(f"{name} {percent(p, 1)}" for name, p in ranked)
    if "perplexity" in one:
        row |= {"PERPLEXITY": said(one["perplexity"]), "BITS/CHARACTER": said(one["bits_per_character"])}
    if "score" in one:
        row |= {"SCORE": said(one["score"])}
    if "is_unusual" in one:
        row["UNUSUAL"] = "yes" if one["is_unusual"] else "no"
    if "code" in one:
        code = [brief(value) if value == value else "–" for value in one["code"][:MOST_NUMBERS]]
        row["CODE"] = " ".join([*code, *(["…"] if len(one["code"]) > MOST_NUMBERS else [])])
    if one["far"]:
        row["WARNING"] = one["far"]
    return row


def said(value: float | None) -> str:
    return "–" if value is None else brief(value)
