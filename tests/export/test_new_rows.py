"""New rows of a table are read by what the import found of the training data's columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.errors import DataError
from selfsup_core.export.features import fit_features
from selfsup_core.export.reading import read_samples
from selfsup_core.features.batches import prepare
from selfsup_core.features.config import DataConfig
from tests.tasks.classify_helpers import make_pets

COLORS = ("red", "green", "blue")


def german_csv(path: Path, count: int) -> Path:
    """Decimal commas, a unit, a category, dates and holes."""
    lines = ["Preis;Gewicht;Farbe;Tag"]
    for i in range(count):
        price = "" if i % 11 == 5 else f"{3 * i % 50},{i % 10}"
        lines.append(f"{price};{i % 7 + 1} kg;{COLORS[i % 3]};{i % 28 + 1:02d}.{i % 12 + 1:02d}.2024")
    path.write_text("\n".join(lines))
    return path


def test_the_file_of_the_training_data_gives_the_values_of_the_training_data(workspace, tmp_path):
    """The independent way is `prepare`, which the network was trained with."""
    path = german_csv(tmp_path / "new.csv", 120)
    dataset = build_dataset([path], ImportConfig(label="-"), "german")
    assert {"Preis", "Gewicht", "Farbe=red", "Tag"} <= set(dataset.columns)
    config = DataConfig(source="my-german")
    features = fit_features(dataset, config, workspace)
    read = read_samples(features.about, [path])
    found = features.apply([one.item for one in read.samples])
    assert np.allclose(found, prepare(dataset, config).x, atol=1e-5)
    assert read.samples[1].cells["Gewicht"] == "2 kg"


def test_what_rows_lack_is_said_by_name_and_place(workspace, tmp_path):
    dataset = build_dataset([german_csv(tmp_path / "a.csv", 120)], ImportConfig(label="-"), "german")
    features = fit_features(dataset, DataConfig(source="my-german"), workspace)
    (tmp_path / "b.csv").write_text("Preis;Gewicht;Farbe\n1,5;2 kg;red\n")
    with pytest.raises(DataError, match=r"b\.csv lacks the column 'Tag'"):
        read_samples(features.about, [tmp_path / "b.csv"])
    (tmp_path / "c.csv").write_text(
        "Preis;Gewicht;Farbe;Tag\n1,5;2 kg;red;01.02.2024\n1,5;2 kg;red;gestern\n"
    )
    with pytest.raises(DataError, match=r"c\.csv, row 2: Tag is 'gestern'"):
        read_samples(features.about, [tmp_path / "c.csv"])
    for one in features.about["cells"]:
        one.pop("date_origin", None)  # as data sets of earlier versions are
    with pytest.raises(DataError, match="the first date of the training data is not known"):
        read_samples(features.about, [tmp_path / "a.csv"])


def test_a_table_without_a_header_is_read_by_the_order_of_its_columns(tmp_path):
    (tmp_path / "a.csv").write_text("1,2\n3,4.5\n")
    read = read_samples({"kind": "table", "columns": ["a", "b"]}, [tmp_path / "a.csv"])
    assert [one.item.tolist() for one in read.samples] == [[1, 2], [3, 4.5]]
    assert "no header" in read.notes[0]


@pytest.mark.parametrize("fit", ["crop", "stretch", "pad"])
def test_pictures_become_squares_as_those_of_the_import(workspace, tmp_path, fit: str):
    generator = np.random.default_rng(0)
    paths = []
    for i in range(6):
        wide = generator.integers(0, 60_000, (12, 30)).astype(np.uint16)
        paths.append(tmp_path / f"{i}.png")
        Image.fromarray(wide).save(paths[-1])
    dataset = build_dataset(paths, ImportConfig(fit=fit, size=28), "wide")
    about = fit_features(dataset, DataConfig(validation=0.2, test=0.2), workspace).about
    read = read_samples(about, [paths[4]])
    # One value range for all 16-bit pictures of a set, not that of the new one.
    assert np.array_equal(read.samples[0].item, dataset.x[4])


def test_a_column_of_texts_is_chosen_and_other_cells_are_kept(workspace, tmp_path):
    make_pets(workspace)
    (tmp_path / "a.csv").write_text('id,words\n1,"the cat, a mat"\n')
    read = read_samples({"kind": "text"}, [tmp_path / "a.csv"], "words")
    assert read.samples[0].item == "the cat, a mat"
    assert read.samples[0].cells == {"id": "1", "words": "the cat, a mat"}
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(DataError, match="not a file of texts"):
        read_samples({"kind": "text"}, [tmp_path / "a.png"])
