"""Spreadsheets and other programs' tables; several files as one table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.inspect import inspect_files
from selfsup_core.errors import DataError
from tests.data.importing.make import write
from tests.data.importing.make_tables import ROWS, arff, feather, libsvm, ods, ods_content, stata, xlsx


def build(paths: list[Path], **config):
    return build_dataset(paths, ImportConfig(**config), "my-t")


def test_a_workbook_is_read_from_its_first_sheet_with_cells(tmp_path):
    path = write(tmp_path, "book.xlsx", xlsx({"Notes": [], "Data": ROWS, "More": [["x"], [1], [2]]}))
    made = build([path])
    assert (made.columns, made.classes, made.x[3].tolist()) == (("a", "b"), ("k0", "k1"), [3, 3.5])
    assert "Sheet 'Data' was read; left out: Notes, More." in made.details["notes"]
    assert build([path], sheet="More").columns == ("x",)
    with pytest.raises(DataError, match=r"has no sheet 'Mine'\. Sheets: Notes, Data, More"):
        build([path], sheet="Mine")


FILES = {
    "t.ods": ods,
    "t.feather": feather,
    "t.dta": stata,
    "t.arff": arff,
    "t.libsvm": libsvm,
    "a9a.txt": libsvm,
}


@pytest.mark.parametrize("name", FILES)
def test_the_same_table_from_every_format(tmp_path, name):
    made = build([write(tmp_path, name, FILES[name]())])
    assert [c.removeprefix("k") for c in made.classes] == ["0", "1"]
    np.testing.assert_array_equal(made.x, [[i, i + 0.5] for i in range(20)])
    assert made.y.tolist() == [i % 2 for i in range(20)]


@pytest.mark.parametrize("name", ["t.xlsx", "t.feather", "t.dta", "t.arff"])
def test_a_damaged_file_is_refused_with_its_format(tmp_path, name):
    whole = xlsx({"Data": ROWS}) if name == "t.xlsx" else FILES[name]()
    with pytest.raises(DataError) as caught:
        build([write(tmp_path, name, whole[: len(whole) // 3])])
    assert caught.value.code == "damaged-table"


@pytest.mark.parametrize("end", ["\r", "\r\n"])
def test_arff_with_the_line_ends_of_other_systems(tmp_path, end):
    made = build([write(tmp_path, "t.arff", arff().decode().replace("\n", end))])
    np.testing.assert_array_equal(made.x, [[i, i + 0.5] for i in range(20)])


def test_a_line_end_amid_a_row_of_arff_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"t\.arff cannot be read as ARFF"):
        build([write(tmp_path, "t.arff", arff().replace(b"6,6.5", b"6,6\r5"))])


def test_the_same_columns_in_another_order_are_more_rows(tmp_path):
    jan = write(tmp_path, "jan.csv", "a,label\n" + "".join(f"{i}.5,x\n" for i in range(10)))
    feb = write(tmp_path, "feb.csv", "label,a\n" + "".join(f"y,{i}.25\n" for i in range(10)))
    made = build([jan, feb])
    assert (made.x[9:11, 0].tolist(), made.y[9:11].tolist()) == ([9.5, 0.25], [0, 1])


def test_features_and_labels_of_as_many_rows_are_put_side_by_side(tmp_path):
    x = write(tmp_path, "X_train.csv", "a,b\n" + "".join(f"{i}.5,{i}.25\n" for i in range(20)))
    y = write(tmp_path, "y_train.csv", "target\n" + "".join(f"k{i % 2}\n" for i in range(20)))
    plan = inspect_files([x, y], ImportConfig())
    assert any("X_train.csv and y_train.csv have as many rows" in note for note in plan["notes"])
    made = build([x, y])
    assert (made.columns, made.classes, made.x.shape) == (("a", "b"), ("k0", "k1"), (20, 2))
    longer = write(tmp_path, "z.csv", "c\n" + "1.5\n" * 25)
    with pytest.raises(DataError, match=r"z\.csv has other columns than X_train\.csv, and 25 rows") as caught:
        build([x, longer])
    assert caught.value.code == "other-columns"


@pytest.mark.parametrize("header", ["word\tclass\n", ""])
def test_vectors_of_the_projector_and_what_they_stand_for(tmp_path, header):
    lines = "".join(f"{i}.5\t{i}.25\t-{i}.75\n" for i in range(30))
    vectors = write(tmp_path, "vectors.tsv", lines)
    about = "".join(f"w{i}\tc{i % 3}\n" if header else f"w{i}\n" for i in range(30))
    metadata = write(tmp_path, "metadata.tsv", header + about)
    made = build([metadata, vectors])
    assert (made.title, made.x.shape) == ("vectors", (30, 3))
    assert made.classes == (("c0", "c1", "c2") if header else ())


def test_a_spreadsheet_that_is_cut_off_between_its_rows_is_refused(tmp_path: Path):
    """The reader itself would wait for the end of the table for ever."""
    row = b"</table:table-row>"
    text = ods_content()
    path = write(tmp_path, "cut.ods", ods(text[: text.rindex(row) + len(row)]))
    with pytest.raises(DataError, match="cannot be read as a spreadsheet") as caught:
        build_dataset([path], ImportConfig(), "my-x")
    assert caught.value.code == "damaged-table"
