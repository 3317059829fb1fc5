"""What a data set's folder says of how its rows came about, in plain values: `details` of dataset.json."""

from __future__ import annotations

from typing import NotRequired

from pydantic import with_config
from typing_extensions import TypedDict

from selfsup_core.translation import tr, tr_later

# Why files and arrays are set aside that could be read, and are no samples of the set.
NO_SAMPLE = tr_later("not one of the samples")
SEVERAL_LABELS = tr_later("several labels per row, of which none was taken")
VALUES_BESIDE = tr_later("values beside the images, of which none was taken")
NUMBERS_BESIDE = tr_later("numbers beside the samples, of which none was taken")
ONE_VALUE = tr_later("one value only")
AS_ASKED = tr_later("left out, as asked for")
ANNOTATION = tr_later("named as an image: annotations, as of objects in it, are not read")
MOST_ALIKE = 3  # files of one reason that are listed one by one
NOT_SAMPLES = frozenset(
    [NO_SAMPLE, SEVERAL_LABELS, VALUES_BESIDE, NUMBERS_BESIDE, ONE_VALUE, AS_ASKED, ANNOTATION]
)


@with_config({"extra": "allow"})
class ColumnAbout(TypedDict):
    """A `Column` in plain values, as a plan and a data set's details hold it."""

    name: str
    role: str
    # Earlier versions did not write all of these.
    reason: NotRequired[str]
    examples: NotRequired[list[str]]
    missing: NotRequired[int]
    distinct: NotRequired[int]
    decimal_comma: NotRequired[bool]
    whole: NotRequired[bool]
    dressed: NotRequired[bool]
    date_format: NotRequired[str]
    date_origin: NotRequired[float]  # the first date, in seconds since 1970


@with_config({"extra": "allow"})
class TableFound(TypedDict, total=False):
    """What was found of the format of a table's file: the parts that its format has.

    Attributes:
        pair: the two languages of a translation memory that were taken, as the setting "languages" has them.
        pairs: {two of its languages: units that have both}, the most first.
        one_hot: labels that may be made of several columns of 0 and 1, as the setting "label" takes them.
    """

    encoding: str
    delimiter: str
    header: bool
    sheet: str
    sheets: list[str]
    one_hot: list[str]
    pair: str
    pairs: dict[str, int]


@with_config({"extra": "allow"})
class Details(TypedDict, total=False):
    """What an import or a source found and decided.

    Attributes:
        rows: number of samples. shape: of one; [] for texts.
        form: format of the files. config: settings of the import. notes: what was decided, in words.
        aside: {name: reason} of files that could not be read.
        columns, found, label: of tables: each column, the file's format, the column of the classes.
        text: the column that the texts are from. cells: names of the columns whose cells were kept.
        grouped_by: what rows of one group share ("speaker").
        categories: names of texts of `Dataset.extra` by which rows can be distinguished.
        tone: of images: by which values and background their files became bytes.
        rate, seconds: of sounds: samples a second, and length.
        is_running: of texts: whether the rows are one text.
        recipe: changes since the import, the oldest first. origin: the data set that was changed.
        texts_per_class, and what follows: counts of a built-in set of texts, to check how it was made.
    """

    rows: int
    shape: list[int]
    form: str
    config: dict[str, object]
    notes: list[str]
    aside: dict[str, str]
    columns: list[ColumnAbout]
    found: TableFound
    label: str | None
    text: str
    cells: list[str]
    grouped_by: str
    categories: list[str]
    tone: dict[str, object]
    rate: int
    seconds: float
    is_running: bool
    recipe: list[str]
    origin: str
    texts_per_class: dict[str, int]
    from_train_file: int
    from_test_file: int
    empty_dropped: int
    repeated: int
    lines_dropped: int


def grouped(aside: dict[str, str]) -> list[str]:
    """Files that were set aside, with their reasons; many of one reason are one entry."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in aside.items():
        by_reason.setdefault(reason, []).append(name)
    said = []
    for reason, names in by_reason.items():
        if len(names) > MOST_ALIKE:
            said.append(
                tr("{names} and {count:,} more: {reason}").format(
                    names=names[0], count=len(names) - 1, reason=reason
                )
            )
        else:
            said += [reason if reason.startswith(name) else f"{name}: {reason}" for name in names]
    return said
