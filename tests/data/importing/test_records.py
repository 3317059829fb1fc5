"""JSON in all its layouts, lists as vectors, and Parquet as Hugging Face writes it."""

from __future__ import annotations

import io
import json

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.errors import DataError
from tests.data.importing.make import archive, png, wav, write

ROWS = [{"text": f"A text of some words, number {i}.", "label": "ab"[i % 2]} for i in range(8)]


def build(path, **config):
    return build_dataset([path], ImportConfig(**config), "my-x")


def as_parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(table, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
@pytest.mark.parametrize(
    "content",
    [
        json.dumps(ROWS),
        json.dumps(ROWS, indent=2),
        "\n".join(json.dumps(row) for row in ROWS),
        "\n".join(json.dumps(row, indent=2) for row in ROWS),
        json.dumps({"version": 1, "data": ROWS}),
    ],
)
def test_every_layout_of_json_gives_the_same_rows(tmp_path, name, content):
    made = build(write(tmp_path, name, content))
    assert (list(made.x), made.classes) == ([row["text"] for row in ROWS], ("a", "b"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"a": 1}\n{"a": }\n', "line 2 is not valid JSON"),
        ('[{"a": 1},\n{"a": 2}', "line 2 is not valid JSON"),
        ("[1, 2]", "holds a int, not an object"),
        ('{"a": 1, "a": 2}', "key 'a' occurs twice"),
        ('{"a.b": 1, "a": {"b": 2}}', "'a.b' occurs twice"),
        ("[" * 100_000, "is not valid JSON"),
        ('{"a":' * 100_000, "is not valid JSON"),
    ],
)
def test_damaged_json_is_refused_with_its_line(tmp_path, content, said):
    with pytest.raises(DataError, match=said) as caught:
        build(write(tmp_path, "a.json", content))
    assert caught.value.code == "damaged-json"


@pytest.mark.parametrize(("who", "said"), [("role", "content"), ("from", "value")])
def test_chats_become_dialogues(tmp_path, who, said):
    chats = [
        {"messages": [{who: "user", said: f"What is {i}?"}, {who: "assistant", said: "It is so."}]}
        for i in range(4)
    ]
    made = build(write(tmp_path, "a.jsonl", "\n".join(map(json.dumps, chats))))
    assert made.x[3] == "user: What is 3?\nassistant: It is so."


def test_instruction_input_and_output_are_joined_and_said_unless_one_is_chosen(tmp_path):
    rows = [{"instruction": f"Say {i}", "input": "x" * (i % 2), "output": f"So it is {i}"} for i in range(4)]
    path = write(tmp_path, "a.json", json.dumps(rows))
    made = build(path, kind="text")
    assert list(made.x)[:2] == ["Say 0\nSo it is 0", "Say 1\nx\nSo it is 1"]
    assert "instruction, input and output were joined, a line each, as text." in made.details["notes"]
    assert build(path, kind="text", text="output").x[2] == "So it is 2"


def test_nested_records_are_flattened(tmp_path):
    rows = [
        {
            "data": {"text": f"A text of some words, number {i}."},
            "annotations": [{"result": [{"value": {"choices": [["neg", "pos"][i % 2]]}}]}],
        }
        for i in range(6)
    ]
    made = build(write(tmp_path, "a.json", json.dumps(rows)))
    assert (made.x[1], made.classes) == ("A text of some words, number 1.", ("neg", "pos"))


def test_lists_of_numbers_become_vectors_in_each_format(tmp_path):
    vectors = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    labels = ["a", "b"] * 3
    lists = vectors.tolist()
    lines = "\n".join(json.dumps({"vector": v, "label": c}) for v, c in zip(lists, labels, strict=True))
    table = "vector,label\n" + "".join(f'"{v}",{c}\n' for v, c in zip(lists, labels, strict=True))
    columns = {"vector": pa.array(lists, pa.list_(pa.float32(), 3)), "label": labels}
    packed = as_parquet(pa.table(columns))
    for name, content in (("a.jsonl", lines), ("a.csv", table), ("a.parquet", packed)):
        made = build(write(tmp_path, name, content))
        np.testing.assert_array_equal(made.x, vectors)
        assert (made.columns, made.classes) == (("vector 1", "vector 2", "vector 3"), ("a", "b"))


def test_lists_of_different_lengths_are_no_vectors(tmp_path):
    lines = '{"v": [1, 2], "x": 1}\n{"v": [1, 2, 3], "x": 2}\n'
    assert build(write(tmp_path, "a.jsonl", lines), kind="table").columns[-1] == "x"


def features(**named: list[str]) -> dict[bytes, bytes]:
    found = {column: {"names": names, "_type": "ClassLabel"} for column, names in named.items()}
    return {b"huggingface": json.dumps({"info": {"features": found}}).encode()}


def test_parquet_of_images_gives_images_with_named_classes(tmp_path):
    images = [{"bytes": png(i, (28, 28)), "path": f"{i}.png"} for i in range(6)]
    table = pa.table({"image": images, "label": [0, 1, -1] * 2})
    packed = as_parquet(table.replace_schema_metadata(features(label=["round", "square"])))
    made = build(write(tmp_path, "train.parquet", packed))
    assert (made.kind, made.x.shape, made.classes) == ("image", (6, 28, 28), ("round", "square"))
    assert made.y.tolist() == [0, 1, -1] * 2


def test_parquet_of_sounds_gives_sounds(tmp_path):
    sounds = [{"bytes": wav(i), "path": None} for i in range(4)]
    packed = as_parquet(pa.table({"audio": sounds, "label": ["hum", "tone"] * 2}))
    made = build(write(tmp_path, "a.parquet", packed))
    assert (made.kind, len(made), made.classes) == ("sound", 4, ("hum", "tone"))


def test_numbers_of_classes_in_parquet_get_their_names(tmp_path):
    table = pa.table({"text": [row["text"] for row in ROWS], "label": [0, 1] * 4})
    packed = as_parquet(table.replace_schema_metadata(features(label=["neg", "pos"])))
    assert build(write(tmp_path, "a.parquet", packed)).classes == ("neg", "pos")


@pytest.mark.parametrize("note", [b"[" * 100_000, b"{}", b'{"info": 3}', b"\xff"])
def test_notes_in_parquet_that_say_nothing_do_no_harm(tmp_path, note):
    table = pa.table({"text": [row["text"] for row in ROWS], "label": [0, 1] * 4})
    packed = as_parquet(table.replace_schema_metadata({b"huggingface": note}))
    assert build(write(tmp_path, "a.parquet", packed)).classes == ("0", "1")


def test_json_beside_images_is_no_table_of_them(tmp_path):
    files = {f"{c}/{i}.png": png(i) for i, c in enumerate("abab")}
    made = build(write(tmp_path, "a.zip", archive(files | {"about.json": b'{"licence": "free"}'})))
    assert made.details["aside"] == {"about.json": "not one of the samples"}
