"""What the studio writes can be added again, and keeps vectors, ids, labels and texts."""

from __future__ import annotations

import numpy as np
import pytest

from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.export.csv_file import csv_bytes
from selfsup_core.export.embeddings import export_embeddings
from selfsup_core.export.pseudo_labels import TAKEN
from selfsup_core.export.space import write_points
from tests.data.importing.make import write

ROWS = 30
TEXTS = [f"=A text of number {i}, as people write it, with {i * 7 % 11} words" for i in range(ROWS)]
LABELS = [f"class {i % 3}" if i else "" for i in range(ROWS)]
VECTORS = np.random.default_rng(0).normal(size=(ROWS, 5)).astype(np.float32)


def build(path, **config):
    return build_dataset([path], ImportConfig(**config), "my-x")


@pytest.mark.parametrize("kind", ["npz", "parquet"])
def test_points_of_a_map_with_vectors(tmp_path, kind):
    rng = np.random.default_rng(1)
    columns = {
        "row": np.arange(5, 5 + ROWS),
        "label": LABELS,
        "x": rng.normal(size=ROWS),
        "y": rng.normal(size=ROWS),
        "split": ["train", "test"] * (ROWS // 2),
        "error": rng.random(ROWS),
        "text": TEXTS,
    }
    path = tmp_path / f"points.{kind}"
    write_points(path, kind, columns, VECTORS)
    made = build(path)
    np.testing.assert_array_equal(made.x, VECTORS)
    assert made.label_names() == LABELS
    assert list(made.extra["names"]) == TEXTS
    assert list(made.extra["ids"]) == [str(i) for i in range(5, 5 + ROWS)]


def test_points_of_a_map_as_csv_keep_texts_and_labels(tmp_path):
    path = tmp_path / "points.csv"
    write_points(
        path, "csv", {"row": np.arange(ROWS), "label": LABELS, "x": VECTORS[:, 0], "text": TEXTS}, VECTORS
    )
    made = build(path)
    assert (made.kind, list(made.x), made.label_names()) == ("text", TEXTS, LABELS)


@pytest.mark.parametrize("kind", ["npz", "parquet"])
@pytest.mark.parametrize("labels", [LABELS, None])
def test_embeddings(tmp_path, monkeypatch, workspace, kind, labels):
    from selfsup_core.data.dataset import Dataset
    from selfsup_core.data.texts import Texts
    from selfsup_core.export import embeddings

    names = sorted(set(LABELS) - {""})
    y = np.array([names.index(one) if one else -1 for one in labels]) if labels else None
    texts = Texts.pack(TEXTS)
    dataset = Dataset(id="my-t", kind="text", title="T", x=texts, y=y, classes=tuple(names) if labels else ())
    monkeypatch.setattr(embeddings, "open_texts", lambda *_: (dataset, texts))
    monkeypatch.setattr(embeddings, "read_embeddings", lambda *_: VECTORS)
    made = build(write(tmp_path, f"e.{kind}", export_embeddings(workspace, "my-t", "minilm", kind)))
    np.testing.assert_array_equal(made.x, VECTORS)
    assert made.label_names() == (labels or [""] * ROWS)
    assert list(made.extra["ids"]) == [str(i) for i in range(ROWS)]
    assert list(made.extra["names"]) == TEXTS


@pytest.mark.parametrize("packed", [b"[1, 2]", b"no JSON", b'["one text"]'])
def test_texts_that_are_none_are_left_out_of_embeddings(tmp_path, packed):
    np.savez(tmp_path / "e.npz", vectors=VECTORS, texts_json=np.frombuffer(packed, np.uint8))
    made = build(tmp_path / "e.npz")
    np.testing.assert_array_equal(made.x, VECTORS)
    assert "names" not in made.extra
    assert "texts_json.npy" in made.details["aside"]


def test_pseudo_labels_of_texts(tmp_path):
    heads = ["row", "label", *TAKEN[2:-1], "text"]
    lines = [
        [
            i,
            LABELS[i],
            i / ROWS,
            i % 2 == 0,
            i / 9,
            i % 4,
            "Classifier",
            "test",
            "a run",
            3,
            "b",
            0.5,
            TEXTS[i],
        ]
        for i in range(ROWS)
    ]
    made = build(write(tmp_path, "pseudo.csv", csv_bytes(heads, lines)))
    assert (made.kind, list(made.x), made.label_names()) == ("text", TEXTS, LABELS)


def test_an_apostrophe_that_people_write_stays(tmp_path):
    lines = "".join(f"'-{i} is a quoted text of some length' he said,a\n'tis {i},b\n" for i in range(9))
    made = build(write(tmp_path, "a.csv", f"text,label\n{lines}"))
    assert made.x[0] == "'-0 is a quoted text of some length' he said"
