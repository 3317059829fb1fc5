"""Which text files are tables, and how numbers and dates in them are read."""

from __future__ import annotations

import numpy as np
import pytest

from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.inspect import inspect_files
from tests.data.importing.make import write


def lines(line: str, count: int = 30) -> str:
    """`line` with {i} and {p} (i modulo 2) filled in, again and again."""
    return "".join(line.format(i=i, p=i % 2) + "\n" for i in range(count))


def plan(folder, content, name="t.csv", **config):
    return inspect_files([write(folder, name, content)], ImportConfig(**config))


def build(folder, content, name="t.csv", **config):
    return build_dataset([write(folder, name, content)], ImportConfig(**config), "my-t")


def roles(found):
    return {c["name"]: c["role"] for c in found["columns"]}


TEXT = "a film about town {i} that people like"
LAYOUTS = {
    "iris.data": (lines("4.{i},2.9,0.7,0.4,kind-{p}"), (30, 5), {"kind-0": 15, "kind-1": 15}),
    "KDDTrain+.txt": (lines("{i},udp,http,SF,1{i},0.5,smurf{p}"), (30, 7), {"smurf0": 15, "smurf1": 15}),
    "SMSSpamCollection": (lines("ham{p}\t" + TEXT), (30, 2), {"ham0": 15, "ham1": 15}),
    "train.ft.txt": (lines("__label__{p} " + TEXT), (30, 2), {"0": 15, "1": 15}),
    "numbers.txt": (lines("  1.{i}e+00   -9.3e-03  4.4e-02"), (30, 3), {}),
    "spaces.csv": (
        "# instrument 7\n# units: m\nx y label\n" + lines("0.{i} 1.{i} p{p}"),
        (30, 3),
        {"p0": 15, "p1": 15},
    ),
    "savetxt.txt": ("# x y\n" + lines("0.{i} 1.{i}"), (30, 2), {}),
    "sep.csv": ("sep=;\ntext;label\n" + lines(TEXT + ";n{p}"), (30, 2), {"n0": 15, "n1": 15}),
    "spam.csv": ("v1,v2,,,\n" + lines("ham{p}," + TEXT + ",,,"), (30, 5), {"ham0": 15, "ham1": 15}),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_tables_in_text_files_are_read_as_such(tmp_path, name):
    content, shape, classes = LAYOUTS[name]
    found = plan(tmp_path, content, name)
    assert (found["rows"], len(found["columns"])) == shape
    assert found["classes"] == classes


def test_comments_above_the_table_are_said_and_the_last_may_name_the_columns(tmp_path):
    found = plan(tmp_path, "# instrument 7\n# x y\n" + lines("0.{i} 1.{i}"), "t.txt")
    assert list(roles(found)) == ["x", "y"]
    assert "t.txt: 1 lines of comments were left out." in found["notes"]


@pytest.mark.parametrize(
    "text", [TEXT, "well, {i}, said the town, and slept", "{i} men went", "# a note {i}"]
)
def test_lines_of_text_stay_lines_of_text(tmp_path, text):
    found = plan(tmp_path, lines(text), "t.txt")
    assert (found["form"], found["rows"]) == ("txt", 30)


def test_what_lines_are_can_be_said(tmp_path):
    content = lines("{i},2.5")
    assert plan(tmp_path, content, "t.txt")["form"] == "csv"
    assert plan(tmp_path, content, "t.txt", lines="text")["form"] == "txt"
    assert len(plan(tmp_path, lines("red,blue,p{p}"), "t.txt", kind="table")["columns"]) == 3


def test_years_and_wavelengths_are_a_header(tmp_path):
    years = "country,2015,2016,2017\n" + lines("C{i},5{p}.4,47.{i},62.01")
    assert list(roles(plan(tmp_path, years))) == ["country", "2015", "2016", "2017"]
    waves = "400,402,404,406\n" + lines("0.1{i},0.3,0.2{p},0.5")
    assert list(roles(plan(tmp_path, waves))) == ["400", "402", "404", "406"]
    assert plan(tmp_path, lines("{i},1{i},2{i},3{i}"))["rows"] == 30


def test_the_numbers_of_rows_that_pandas_writes_are_no_feature(tmp_path):
    made = build(tmp_path, ",a,b\n" + lines("{i},0.{i},1.5"))
    assert made.columns == ("a", "b")
    assert any("counts the rows" in note for note in made.details["notes"])


DRESSED = {
    "dollars": ('"$1,299.00"', 1299.0),
    "cents": ("$668.67", 668.67),
    "percent": ("45%", 45.0),
    "euros": ('"12,50 €"', 12.5),
    "a unit": ("3.1 kg", 3.1),
    "in brackets": ("(5.00)", -5.0),
    "a typographic minus": ("−4.2", -4.2),
    "a no-break space": ("46\u00a0403", 46403.0),
    "thousands": ('"1,234,567"', 1234567.0),
    "Swiss thousands": ("1'234.50", 1234.5),
    "a currency's code": ("EUR 7.5", 7.5),
}


@pytest.mark.parametrize("how", DRESSED)
def test_numbers_with_signs_become_numbers(tmp_path, how):
    cell, value = DRESSED[how]
    made = build(tmp_path, "n,x\n" + lines(f"{cell},{{i}}.5"))
    assert made.columns == ("n", "x")
    np.testing.assert_allclose(made.x[:, 0], value, rtol=1e-6)


def test_units_that_differ_are_not_mixed(tmp_path):
    found = plan(tmp_path, "n,x,y\n" + lines("3 kg,{i}.5,1", 20) + lines("3 g,{i}.5,1", 20))
    assert roles(found)["n"] == "category"


def test_a_comma_before_three_digits_is_read_by_what_parts_the_cells(tmp_path):
    assert build(tmp_path, "n,x\n" + lines('"1,234",{i}.5')).x[0, 0] == 1234
    assert build(tmp_path, "n;x\n" + lines("1,234;{i},5")).x[0, 0] == pytest.approx(1.234)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2024-01-05", "2024-01-15"),
        ("2024/01/05", "2024/01/15"),
        ('"Jan 5, 2024"', '"Jan 15, 2024"'),
        ("20240105", "20240115"),
        ("05.01.2024", "15.01.2024"),
        ("1/5/2024", "1/15/2024"),
        ("2024-01-05 12:00", "2024-01-15 12:00"),
    ],
)
def test_dates_become_days(tmp_path, first, second):
    made = build(tmp_path, "day,x\n" + f"{first},1.5\n{second},2.5\n" * 10 + ",2.5\n")
    assert made.columns == ("day", "x")
    np.testing.assert_array_equal(made.x[:3, 0], [0, 10, 0])
    assert np.isnan(made.x[-1, 0])
    assert "day is in days since its first date." in made.details["notes"]


def test_a_column_without_any_value_is_left_out(tmp_path):
    found = plan(tmp_path, "a,b,c\n" + lines("nan,{i}.5,NaN"))
    assert roles(found) == {"a": "ignore", "b": "numeric", "c": "ignore"}
