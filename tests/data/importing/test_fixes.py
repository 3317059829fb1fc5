"""A refusal that a setting mends names it; with it, the same files are read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.errors import DataError
from tests.data.importing.make import write

TEXTS = "".join(f"this is a longer text of some words with the number {i} in it,{i}.5\n" for i in range(30))
MANY = "label,x\n" + "".join(f"word{'abcdefghij'[i % 10]}{i},{i}.5\n" for i in range(1200))
WIDE = ",".join(f"{i}.5" for i in range(5002))
CASES = {
    "a table as sounds": ("a.csv", "a,b\n1,2\n3,4\n5,6\n", {"kind": "sound"}, "kind"),
    "a table as images": ("a.csv", "a,b\n1,2\n3,4\n5,6\n", {"kind": "image"}, "kind"),
    "a table without texts": ("a.csv", "a,b\n1,2\n3,4\n5,6\n", {"kind": "text"}, "kind"),
    "a table of texts alone": ("a.csv", f"text\n{TEXTS.replace(',', ' ')}", {"kind": "table"}, "kind"),
    "an encoding that is not there": ("a.csv", "a,b\n1,2\n3,4\n5,6\n", {"encoding": "utf-99"}, "encoding"),
    "another encoding": ("a.csv", "a,b\n1,2\n3,é\n5,6\n", {"encoding": "ascii"}, "encoding"),
    "a delimiter that cannot be": ("a.csv", "a,b\n1,2\n3,4\n5,6\n", {"delimiter": '"'}, "delimiter"),
    "rows of other lengths": ("a.csv", "a,b\n" + "1,2\n3,4\n5,6,7\n" * 9, {}, "damaged"),
    "a label that is not there": ("a.csv", "a,Kind\n" + "1,x\n2,y\n" * 9, {"label": "kinds"}, "label"),
    "a label against the rest": ("a.csv", "a,label\n" + "1,x\n2,y\n" * 9, {"against": "z"}, "against"),
    "more columns than can be": ("a.csv", f"{WIDE}\n" * 4, {}, "columns"),
    "more classes than can be": ("a.csv", MANY, {"label": "label"}, "label"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_setting_that_is_named_mends_the_refusal(tmp_path: Path, name: str):
    file, content, asked, setting = CASES[name]
    path = write(tmp_path, file, content)
    with pytest.raises(DataError) as refused:
        build_dataset([path], ImportConfig(**asked), "my-x")
    fix = refused.value.fix
    assert fix is not None
    assert fix["setting"] == setting
    assert refused.value.as_dict()["fix"] == fix
    made = build_dataset([path], ImportConfig(**(asked | {setting: fix["value"]})), "my-x")
    assert len(made.x) >= 3


def test_labels_that_fit_nothing_can_be_left_out(tmp_path: Path):
    np.savez(tmp_path / "a.npz", x=np.ones((9, 4)), y=np.arange(5))
    with pytest.raises(DataError) as refused:
        build_dataset([tmp_path / "a.npz"], ImportConfig(), "my-x")
    assert refused.value.fix == {"setting": "label", "value": "-", "title": "Import without labels"}
    assert build_dataset([tmp_path / "a.npz"], ImportConfig(label="-"), "my-x").y is None


def test_files_that_do_not_belong_together_can_be_read_alone(tmp_path: Path):
    one, two = write(tmp_path, "a.csv", "a,b\n1,2\n3,4\n5,6\n"), write(tmp_path, "b.csv", "a,c\n1,2\n7,8\n")
    lines = write(tmp_path, "c.jsonl", '{"a": 1, "b": 2}\n{"a": 2, "b": 3}\n')
    for files, value, rows in (([one, two], "a.csv", 3), ([one, lines], "csv", 3)):
        with pytest.raises(DataError) as refused:
            build_dataset(files, ImportConfig(), "my-x")
        assert refused.value.fix == {"setting": "only", "value": value, "title": f"Read only {value}"}
        made = build_dataset(files, ImportConfig(only=value), "my-x")
        assert len(made.x) == rows
        assert made.details["aside"] == {files[1].name: "left out, as asked for"}
    with pytest.raises(DataError, match=r"called 'd\.csv'") as refused:
        build_dataset([one, two], ImportConfig(only="d.csv"), "my-x")
    assert refused.value.fix is not None
    assert refused.value.fix["value"] == ""


def test_damaged_files_of_several_can_be_left_out(tmp_path: Path):
    rows = "".join(f"{i},{i % 2}.5\n" for i in range(20))
    good = [write(tmp_path, f"{name}.csv", f"a,b\n{rows}") for name in "ab"]
    bad = [write(tmp_path, f"bad{i}.parquet", b"PAR1" + bytes(20)) for i in range(2)]
    np.save(tmp_path / "x.npy", np.ones((9, 4)))
    cut = write(tmp_path, "y.npy", (tmp_path / "x.npy").read_bytes()[:-8])
    empty = write(tmp_path, "c.csv", "a,b\n")
    cases = [
        ([*good, empty], "Leave out the damaged file", 40, "c.csv"),
        ([tmp_path / "x.npy", cut], "Leave out the damaged file", 9, "y.npy"),
    ]
    for files, title, count, name in cases:
        with pytest.raises(DataError) as refused:
            build_dataset(files, ImportConfig(), "my-x")
        assert refused.value.fix == {"setting": "damaged", "value": "leave-out", "title": title}
        made = build_dataset(files, ImportConfig(damaged="leave-out"), "my-x")
        assert len(made.x) == count
        said = [*made.details["notes"], *made.details["aside"]]
        assert any(name in note for note in said)
    with pytest.raises(DataError) as refused:
        build_dataset(bad, ImportConfig(damaged="leave-out"), "my-x")
    assert refused.value.code == "damaged-table"


def test_the_label_stays_where_the_first_columns_are_taken(tmp_path: Path):
    names = [*(f"x{i}" for i in range(8)), "label"]
    body = "".join(",".join([*(f"{i + j}.5" for j in range(8)), "ab"[i % 2]]) + "\n" for i in range(20))
    made = build_dataset(
        [write(tmp_path, "a.csv", ",".join(names) + "\n" + body)], ImportConfig(columns=3), "my-x"
    )
    assert made.columns == ("x0", "x1", "x2")
    assert made.classes == ("a", "b")
    np.testing.assert_allclose(made.x[:2], [[0.5, 1.5, 2.5], [1.5, 2.5, 3.5]])
    assert "4 of 9 columns were read." in made.details["notes"]
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(
        pa.table({name: ["a", "b"] * 9 if name == "label" else np.arange(18.0) for name in names}),
        tmp_path / "a.parquet",
    )
    assert build_dataset([tmp_path / "a.parquet"], ImportConfig(columns=3), "my-x").columns == made.columns
