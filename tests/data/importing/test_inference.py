"""What is guessed of tables: roles, encodings, delimiters, headers; and that values stay what they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.inspect import inspect_files
from selfsup_core.errors import DataError
from tests.data.importing.make import write


def plan(folder: Path, content: bytes | str, name: str = "t.csv", **config) -> dict:
    return inspect_files([write(folder, name, content)], ImportConfig(**config))


def roles(found: dict) -> dict[str, str]:
    return {c["name"]: c["role"] for c in found["columns"]}


def rows(line: str, count: int = 30) -> str:
    """`line` with {i} and {p} (i modulo 2) filled in, again and again."""
    return "".join(line.format(i=i, p=i % 2) + "\n" for i in range(count))


CASES = {
    "leading zeros are codes": ("zip,n\n" + rows("00{i:03d},{i}.5", 60), {"zip": "id", "n": "numeric"}),
    "few leading zeros are a category": (
        "code,n\n" + rows("0{p},{i}.5"),
        {"code": "category", "n": "numeric"},
    ),
    "a label by its name": ("n,label\n" + rows("{i}.5,{p}"), {"n": "numeric", "label": "label"}),
    "the last category is the label": ("a,kind\n" + rows("{i}.5,x{p}"), {"a": "numeric", "kind": "label"}),
    "an id by its name": ("customer_id,a\n" + rows("{i},{i}.5"), {"customer_id": "id", "a": "numeric"}),
    "an id of which two rows are copies": (
        "customer_id,a\n" + rows("{i},{i}.5", 60) + "3,3.5\n5,5.5\n",
        {"customer_id": "id", "a": "numeric"},
    ),
    "dates": ("day,a\n" + rows("2024-01-{i:02d},{i}.5"), {"day": "date", "a": "numeric"}),
    "text and label": (
        "review,sentiment\n" + rows("this is sentence {i} of many,p{p}"),
        {"review": "text", "sentiment": "label"},
    ),
    "an empty column": ("a,b\n" + rows("{i}.5,"), {"a": "numeric", "b": "ignore"}),
    "infinite is missing": ("a,b\n" + rows("{i}.5,2.{p}") + "inf,1\n", {"a": "numeric", "b": "numeric"}),
}


@pytest.mark.parametrize("case", CASES)
def test_role_of_each_column(tmp_path, case):
    content, expected = CASES[case]
    assert roles(plan(tmp_path, content)) == expected


def test_na_is_a_label_among_labels_and_missing_among_numbers(tmp_path):
    path = write(tmp_path, "t.csv", "a,label\n" + rows("{i}.5,X") + rows("{i}.5,NA") + "NA,X\n")
    found = inspect_files([path], ImportConfig())
    assert found["classes"] == {"X": 31, "NA": 30}
    assert "a: 1 cell became missing." in found["notes"]
    made = build_dataset([path], ImportConfig(), "my-t")
    assert made.classes == ("NA", "X")
    assert made.x[-1, 0] != made.x[-1, 0]
    assert made.x[1, 0] == 1.5


def test_what_says_that_nothing_is_known_is_no_category(tmp_path):
    table = (
        "color,a\n" + rows("red,{i}.5") + rows("blue,{i}.5") + rows("n/a,{i}.5", 4) + rows("none,{i}.5", 4)
    )
    made = build_dataset([write(tmp_path, "t.csv", table)], ImportConfig(roles={"color": "category"}), "t")
    assert [c for c in made.columns if c.startswith("color=")] == ["color=blue", "color=none", "color=red"]


def test_an_empty_label_is_the_unlabeled_pool(tmp_path):
    path = write(tmp_path, "t.csv", "a,label\n" + rows("{i}.5,X{p}") + rows("{i}.5,"))
    made = build_dataset([path], ImportConfig(), "my-t")
    assert (made.y == -1).sum() == 30
    assert made.classes == ("X0", "X1")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "utf-32"])
def test_encodings(tmp_path, encoding):
    text = "text,label\n" + rows("Größe und Gemüse für Nummer {i} hier,über{p}", 60)
    path = write(tmp_path, "t.csv", text.encode(encoding))
    made = build_dataset([path], ImportConfig(), "my-t")
    assert made.classes == ("über0", "über1")
    assert made.x[7] == "Größe und Gemüse für Nummer 7 hier"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(tmp_path, delimiter):
    found = plan(tmp_path, f"a{delimiter}b\n" + rows(f"{{i}}.5{delimiter}{{i}}.25"))
    assert (found["found"]["delimiter"], len(found["columns"])) == (delimiter, 2)


def test_semicolons_with_decimal_commas(tmp_path):
    path = write(tmp_path, "t.csv", "a;b\n" + rows("{i},5;1.000,{p}"))
    made = build_dataset([path], ImportConfig(), "my-t")
    assert made.x[3].tolist() == [3.5, pytest.approx(1000.1)]


def test_cjk_texts_and_emoji(tmp_path):
    text = "评论,label\n" + rows("这个产品非常好用我很喜欢{i}号😀,好{p}")
    made = build_dataset([write(tmp_path, "t.csv", text)], ImportConfig(), "my-t")
    assert (made.kind, made.x[2]) == ("text", "这个产品非常好用我很喜欢2号😀")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_lines_may_end_in_a_carriage_return_alone(tmp_path, encoding):
    text = "größe,label\r" + "".join(f"{i}.5,g{i % 2}\r" for i in range(30))
    found = plan(tmp_path, text.encode(encoding))
    assert (found["rows"], [c["name"] for c in found["columns"]]) == (30, ["größe", "label"])


def test_a_single_row_of_words_is_a_header_unless_one_says_that_it_is_none(tmp_path):
    with pytest.raises(DataError, match="single row, 'name, kind', which looks like a header") as caught:
        plan(tmp_path, "name,kind\n")
    assert caught.value.code == "no-rows"
    assert plan(tmp_path, "name,kind\n", header="no")["rows"] == 1
    assert plan(tmp_path, "anna,3.5\n")["rows"] == 1


def test_no_header(tmp_path):
    found = plan(tmp_path, rows("{i}.5,{i}.25"))
    assert found["found"]["header"] is False
    assert (found["rows"], list(roles(found))) == (30, ["column 1", "column 2"])
    assert plan(tmp_path, rows("{i}.5,{i}.25"), header="yes")["rows"] == 29


def test_duplicate_and_empty_column_names(tmp_path):
    found = plan(tmp_path, "a,a,\n" + rows("{i}.5,{i}.25,{i}.75"))
    assert list(roles(found)) == ["a", "a (2)", "column 3"]
    assert any("Two columns are called 'a'" in note for note in found["notes"])


def test_a_few_ragged_rows_are_set_aside_and_said(tmp_path):
    found = plan(tmp_path, "a,b\n" + rows("{i}.5,{i}.25", 100) + "1,2,3\n")
    assert found["rows"] == 100
    assert any("1 row was set aside: row 102 has 3 cells, not 2" in note for note in found["notes"])


def test_one_cell_too_many_in_every_row_never_shifts_the_columns(tmp_path):
    with pytest.raises(DataError, match="header names 2 columns, the rows have 4 cells") as caught:
        plan(tmp_path, "a,b\n" + rows("{i}.5,{i}.25,1,2"))
    assert caught.value.code == "ragged-table"


def test_quotes_hold_delimiters_and_line_breaks(tmp_path):
    content = "text,label\n" + rows('"one, two\nthree and four {i}",x{p}')
    made = build_dataset([write(tmp_path, "t.csv", content)], ImportConfig(), "my-t")
    assert (len(made), made.x[1]) == (30, "one, two\nthree and four 1")


def test_a_guess_can_be_changed(tmp_path):
    content = "a,b\n" + rows("{i}.5,{p}")
    assert roles(plan(tmp_path, content, label="b"))["b"] == "label"
    assert roles(plan(tmp_path, content, roles={"a": "ignore"}))["a"] == "ignore"
    with pytest.raises(DataError, match=r"There is no column 'c'\. Columns: a, b") as caught:
        plan(tmp_path, content, label="c")
    assert caught.value.code == "no-column"


def test_what_is_left_out_is_said_with_its_reason(tmp_path):
    path = write(tmp_path, "t.csv", "user_id,a,color\n" + rows("1{i},{i}.5,red{p}"))
    made = build_dataset([path], ImportConfig(roles={"color": "category"}), "my-t")
    assert made.columns == ("a", "color=red0", "color=red1")
    assert made.x[1].tolist() == [1.5, 0, 1]
    assert made.details["notes"][-1] == "Left out: user_id (id: a different number in each row)."
