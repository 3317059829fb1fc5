"""What the values of a label column become: classes, rows without a label, several labels in one cell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.inspect import inspect_files
from selfsup_core.data.importing.labels import array_labels, one_name, split_labels
from selfsup_core.data.importing.plan import ImportPlan
from selfsup_core.data.library.health.finding import plain_name
from selfsup_core.errors import DataError
from tests.data.importing.make import write

TEXT = "this is sentence {} of many here"


def table(labels: list[str], name: str = "label") -> str:
    return f"text,{name}\n" + "".join(f'{TEXT.format(i)},"{x}"\n' for i, x in enumerate(labels))


def plan(folder: Path, content: str, name: str = "t.csv", **config) -> ImportPlan:
    return inspect_files([write(folder, name, content)], ImportConfig(**config))


def build(folder: Path, content: str, name: str = "t.csv", **config) -> Dataset:
    return build_dataset([write(folder, name, content)], ImportConfig(**config), "my-t")


def label_of(found: ImportPlan) -> str | None:
    return next((c["name"] for c in found["columns"] if c["role"] == "label"), None)


def test_one_number_written_in_two_ways_is_one_class(tmp_path):
    content = table(["1", "1.0", "0", "0.0", ""] * 8)
    made = build(tmp_path, content)
    assert (made.classes, np.bincount(made.y + 1).tolist()) == (("0", "1"), [8, 16, 16])
    assert any("as 1 and 1.0, is one class" in note for note in plan(tmp_path, content)["notes"])


@pytest.mark.parametrize(
    ("cell", "name"),
    [("1.0", "1"), ("+1", "1"), ("-1.", "-1"), ("-0.0", "0"), ("007", "007"), ("1.5", "1.5"), ("0", "0")],
)
def test_codes_and_fractions_stay_what_they_are(cell, name):
    assert one_name(cell) == name


def test_minus_and_plus_one_are_two_classes(tmp_path):
    content = table(["-1", "1"] * 20)
    found = plan(tmp_path, content)
    assert (found["classes"], found["doubtful"]) == ({"-1": 20, "1": 20}, [])
    assert build(tmp_path, content).classes == ("-1", "1")
    assert plain_name("-1") != plain_name("1")
    assert plain_name("part-of") == plain_name("Part of")
    assert array_labels(np.array([-1, 1, 1])) == ["-1", "1", "1"]
    assert array_labels(np.array([-1, 0, 1])) == ["", "0", "1"]


@pytest.mark.parametrize("value", ["-1", "nan", "?", "unknown"])
def test_what_may_mean_unlabeled_is_asked_and_then_said(tmp_path, value):
    content = table(["0", "1", value] * 10)
    found = plan(tmp_path, content)
    assert found["doubtful"] == [value]
    assert found["classes"][value] == 10
    assert any(f"10 rows have the label {value!r}, which is a class now" in note for note in found["notes"])
    told = plan(tmp_path, content, unlabeled=f"none, {value}")
    assert told["classes"] == {"0": 10, "1": 10, "": 10}
    assert any(f"10 rows with the label {value!r} count as unlabeled" in note for note in told["notes"])
    made = build(tmp_path, content, unlabeled=value)
    assert (made.classes, (made.y == -1).sum()) == (("0", "1"), 10)


def test_spaces_are_trimmed_and_case_is_said(tmp_path):
    found = plan(tmp_path, table(["good", "Good ", "bad"] * 10))
    assert found["classes"] == {"good": 10, "Good": 10, "bad": 10}
    assert any("differ only in case or spaces: Good, good" in note for note in found["notes"])


@pytest.mark.parametrize("name", ["Class Index", "label_id", "emotion", "Survived", "dx", "Intent"])
def test_usual_names_of_the_label(tmp_path, name):
    assert label_of(plan(tmp_path, table(["1", "2", "3"] * 10, name))) == name


def test_a_first_column_of_whole_numbers_beside_texts_is_the_label(tmp_path):
    content = "".join(f'"{1 + i % 2}","{TEXT.format(i)}"\n' for i in range(30))
    found = plan(tmp_path, content)
    assert (found["kind"], label_of(found)) == ("text", "column 1")
    assert found["classes"] == {"1": 15, "2": 15}


def test_whole_numbers_before_many_measurements_are_the_label(tmp_path):
    noise = np.random.default_rng(0).normal(size=(40, 30))
    lines = ["\t".join([str(1 if i % 2 else -1), *(f"{v:.4f}" for v in row)]) for i, row in enumerate(noise)]
    made = build(tmp_path, "\n".join(lines), "ECG_TRAIN.tsv")
    assert (made.classes, made.x.shape) == (("-1", "1"), (40, 30))


def test_seventy_seven_classes_are_found_and_1200_of_single_rows_are_explained(tmp_path):
    found = plan(tmp_path, table([str(i % 77) for i in range(385)]))
    assert (label_of(found), len(found["classes"])) == ("label", 77)
    assert len(plan(tmp_path, table([f"intent_{i % 77}" for i in range(385)], "category"))["classes"]) == 77
    skus = plan(tmp_path, table([f"sku{i}" for i in range(1200)]))
    assert label_of(skus) is None
    assert any("label has 1,200 different values and is not taken" in note for note in skus["notes"])


LISTS = {
    "bars": ["Drama", "Drama|Comedy", "Comedy|Action"],
    "JSON lists": ['[""Drama""]', '[""Drama"", ""Comedy""]', '[""Comedy"", ""Action""]'],
    "Python lists": ["['Drama']", "['Drama', 'Comedy']", "['Comedy', 'Action']"],
}


@pytest.mark.parametrize("how", LISTS)
def test_several_labels_of_a_row_are_said_and_can_be_chosen_from(tmp_path, how):
    content = table(LISTS[how] * 10, "genres")
    found = plan(tmp_path, content)
    assert found["labels"] == ["Action", "Comedy", "Drama"]
    assert any("Rows have several labels each, of 3 (Action, Comedy, Drama)" in n for n in found["notes"])
    assert build(tmp_path, content).classes == ("Comedy|Action", "Drama", "Drama|Comedy")
    assert build(tmp_path, content, several="first").classes == ("Comedy", "Drama")
    one = build(tmp_path, content, against="Drama")
    assert (one.classes, np.bincount(one.y).tolist()) == (("Drama", "not Drama"), [20, 10])
    with pytest.raises(DataError, match=r"No row has the label 'Horror'\. Labels: Action, Comedy, Drama"):
        build(tmp_path, content, against="Horror")


def test_a_bar_in_single_names_is_no_list():
    assert split_labels("[not a list]") == ["[not a list]"]
    assert split_labels("a | b;c") == ["a", "b", "c"]


def test_one_hot_labels_beside_texts_are_said(tmp_path):
    lines = [f"{TEXT.format(i)},{i % 2},{i % 3 // 2},{(i + 1) % 2}\n" for i in range(30)]
    found = plan(tmp_path, "comment_text,toxic,threat,insult\n" + "".join(lines))
    assert any("3 columns hold only 0 and 1 (toxic, threat, insult" in note for note in found["notes"])


ANIMALS = "size,cat,dog,bird\n" + "".join(
    f"{i}.5,{i % 3 == 0:d},{i % 3 == 1:d},{i % 3 == 2:d}\n" for i in range(24)
)


def test_last_columns_of_which_each_row_has_one_are_offered_as_the_label(tmp_path):
    found = plan(tmp_path, ANIMALS)
    assert found["found"]["one_hot"] == ["cat|dog|bird"]
    assert label_of(found) is None
    assert any(
        "last 3 columns (cat, dog, bird)" in note and "cat|dog|bird" in note for note in found["notes"]
    )
    plain = build(tmp_path, ANIMALS)
    assert (plain.columns, plain.y) == (("size", "cat", "dog", "bird"), None)
    made = build(tmp_path, ANIMALS, label="cat|dog|bird")
    assert (made.columns, made.classes) == (("size",), ("bird", "cat", "dog"))
    assert [made.classes[y] for y in made.y[:4]] == ["cat", "dog", "bird", "cat"]


@pytest.mark.parametrize(
    "content",
    [
        ANIMALS.replace("0.5,1,0,0", "0.5,1,1,0"),  # a row has two
        ANIMALS.replace("0.5,1,0,0", "0.5,0,0,0"),  # a row has none
        ANIMALS.replace("0.5,1,0,0", "0.5,2,0,0"),
        ANIMALS.replace("size", "label"),
    ],
)
def test_other_last_columns_are_not_offered(tmp_path, content):
    assert "one_hot" not in plan(tmp_path, content)["found"]


@pytest.mark.parametrize("cells", ["a|b", '["a", "b"]', "a; b", "['a', 'b']"])
def test_one_of_several_labels_stands_against_the_rest(tmp_path, cells):
    """In rows that have it among others too; rows without any label stay without."""
    rows = [cells, cells.replace("b", "c"), cells.replace("a", "c"), ""] * 6
    lines = "".join(f'{TEXT.format(i)},"{row.replace(chr(34), 2 * chr(34))}"\n' for i, row in enumerate(rows))
    made = build(tmp_path, "text,label\n" + lines, against="b")
    assert made.classes == ("b", "not b")
    assert made.y[:4].tolist() == [0, 1, 0, -1]


def test_a_category_of_many_values_is_said_before_it_becomes_columns(tmp_path):
    lines = "".join(f"w{i % 40},{i}.5,x{i % 2}\n" for i in range(200))
    found = plan(tmp_path, "town,a,kind\n" + lines)
    assert "town becomes 40 columns, one for each value." in found["notes"]
