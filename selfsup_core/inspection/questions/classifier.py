"""What is asked of a run's classifier: the class of new samples, why, and itself as a folder."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from selfsup_core.errors import DataError
from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.asking import EpochAsk
from selfsup_core.inspection.kinds import about_classifier, about_future_classifier
from selfsup_core.settings import Config, Plain, setting
from selfsup_core.translation import tr
from selfsup_core.wording import kinds

if TYPE_CHECKING:
    from selfsup_core.export.new_samples import Prediction
    from selfsup_core.inspection.run_classifiers import ClassifierAt, RunClassifiers

MOST_SAMPLES = 20_000


class Predictions(TypedDict):
    """Samples with their classes, by the weights of an epoch."""

    epoch: int
    classes: list[str]
    found: list[Prediction]


class PredictAsk(EpochAsk):
    """New samples."""

    texts: list[str] | None = setting(None, "Texts as they were typed.", title="Texts")
    files: list[str] | None = setting(None, "Paths of files instead.", title="Files")
    rows: list[int] | None = setting(None, "Rows of the run's data instead.", title="Rows")
    column: str = setting("", "Column with the texts of a CSV file; empty finds it.", title="Text column")


class WhyAsk(EpochAsk):
    """One sample."""

    files: list[str] | None = setting(None, "Paths of files instead.", title="Files")
    column: str = setting("", "Column with the texts of a CSV file; empty finds it.", title="Text column")
    index: int = setting(0, "Which sample of the files, from 0.", title="Sample", ge=0)

    text: str | None = setting(None, "A text as it was typed.", title="Text")
    row: int | None = setting(None, "A row of the run's data instead.", title="Row")


class ZipAsk(EpochAsk):
    """A file to write."""

    target: str = setting(..., "Path of the zip.", title="Target")


class GaugeAsk(Config):
    """A run that is not there yet."""

    spec: Plain = setting(..., "Its spec.", title="Spec")


@about_classifier("predict", PredictAsk)
def predict(at: ClassifierAt, ask: PredictAsk) -> Answer:
    """Classes of texts, of samples in files, or of rows of the run's data.

    Returns: `Predictions`.
    """
    found = at.classifier
    if ask.rows is not None:
        named = predict_rows(at, ask.rows)
    elif ask.texts is not None:
        if found.kind != "text":
            raise DataError(
                tr("This classifier is for {kinds}, not texts.").format(kinds=kinds(found.kind)),
                code="no-texts",
                remedy=tr("Upload a file with a {kind}.").format(kind=found.kind),
            )
        named = found.name(ask.texts, ask.texts)
    else:
        from selfsup_core.export.read_apart import read_apart

        read = read_apart(found.samples, [Path(file) for file in ask.files or []], ask.column, at.workspace)
        named = found.predict_samples(read.samples)
    if len(named) > MOST_SAMPLES:
        raise DataError(
            tr("At most {most_samples:,} samples at once on the page; found {count:,}.").format(
                most_samples=MOST_SAMPLES, count=len(named)
            ),
            remedy=tr("Use the command `classify predict` for more."),
        )
    about: Predictions = {"epoch": at.epoch, "classes": found.classes, "found": named}
    return Answer(about={**about})


def predict_rows(at: ClassifierAt, rows: list[int]) -> list[Prediction]:
    """As `Classifier.name`, with "row" and "true"."""
    from selfsup_core.data.sources import open_source
    from selfsup_core.inspection.held_out import describe_row

    if not rows:
        return []
    dataset = open_source(at.spec.data.source, at.workspace)
    described = [describe_row(dataset, row) for row in rows]
    named = at.classifier.name([one["name"] for one in described], [dataset.x[row] for row in rows])
    return [
        {**one, "row": about["row"], "true": about["label"]}
        for one, about in zip(named, described, strict=True)
    ]


@about_classifier("why", WhyAsk)
def why(at: ClassifierAt, ask: WhyAsk) -> Answer:
    """Why a text, or a row of the run's data, has its class; see `explain_label.explain`."""
    from selfsup_core.export.read_apart import read_apart
    from selfsup_core.inspection.explain_label import explain, sample_of

    spec = at.spec
    if ask.files:
        given = [Path(file) for file in ask.files]
        samples = read_apart(at.classifier.samples, given, ask.column, at.workspace).samples
        if ask.index >= len(samples):
            raise DataError(
                tr("There is no sample {index}; the files hold {count:,}.").format(
                    index=ask.index + 1, count=len(samples)
                ),
                code="no-row",
            )
        item = samples[ask.index].item
    else:
        item = sample_of(at.classifier, spec, at.workspace, ask.row, ask.text)
    return Answer(about={**explain(at.classifier, item, spec, at.workspace), "epoch": at.epoch})


@about_classifier("export", ZipAsk)
def export(at: ClassifierAt, ask: ZipAsk) -> Answer:
    """Write the classifier's folder as a zip."""
    import tempfile

    from selfsup_core.export.portable_classifier import save_classifier

    with tempfile.TemporaryDirectory() as folder:
        save_classifier(at.classifier, Path(folder))
        with zipfile.ZipFile(ask.target, "w", zipfile.ZIP_STORED) as archive:
            for path in sorted(Path(folder).rglob("*")):
                if path.is_file():
                    archive.write(path, path.relative_to(folder))
    return Answer(about={"epoch": at.epoch, "bytes": Path(ask.target).stat().st_size})


@about_future_classifier("gauge", GaugeAsk)
def gauge(classifiers: RunClassifiers, ask: GaugeAsk) -> Answer:
    """How good the first proposals of a run with pseudo-labels are likely to be; see `gauge.gauge_start`."""
    from selfsup_core.inspection.gauge import gauge_start

    return Answer(about=gauge_start(classifiers.workspace, ask.spec))
