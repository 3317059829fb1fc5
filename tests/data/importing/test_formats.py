"""Each accepted format, there and back: what is imported is what was written."""

from __future__ import annotations

import io
import json
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from selfsup_core.data.importing import files
from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.files import open_files
from selfsup_core.data.importing.images import image_sizes
from selfsup_core.data.importing.look import lines_of
from selfsup_core.data.importing.tables import read_jsonl
from selfsup_core.errors import DataError
from tests.data.importing.make import archive, idx, packed_idx, png, wav, write


def build(paths, **config):
    return build_dataset(paths, ImportConfig(**config), "my-x")


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def test_zip_of_images_with_a_folder_a_class(tmp_path):
    files = {f"pets/{name}/{i}.png": png(i, (28, 28)) for i, name in enumerate(["cat", "dog"] * 3)}
    made = build([write(tmp_path, "a.zip", archive(files | {"pets/readme.txt": b"hello"}))])
    assert (made.kind, made.x.shape, made.classes) == ("image", (6, 28, 28), ("cat", "dog"))
    first = made.extra["names"][0]
    pixels = np.asarray(Image.open(io.BytesIO(files[first])))
    assert np.array_equal(made.x[0], pixels)
    assert made.details["aside"] == {"pets/readme.txt": "not one of the samples"}


def test_flat_zip_has_no_labels_and_a_table_inside_gives_them(tmp_path):
    files = {f"{i}.png": png(i) for i in range(4)}
    assert build([write(tmp_path, "a.zip", archive(files))]).y is None
    table = b"filename,label\n0.png,x\n1.png,y\n2.png,\n3.png,x\n"
    made = build([write(tmp_path, "b.zip", archive(files | {"labels.csv": table}))])
    assert (made.classes, made.y.tolist()) == (("x", "y"), [0, 1, -1, 0])


def test_one_bad_image_among_good_ones_is_set_aside_with_its_name(tmp_path):
    files = {f"{i}.png": png(i) for i in range(5)} | {"bad.png": png(9)[:60], "odd.png": b"hello"}
    made = build([write(tmp_path, "a.zip", archive(files))])
    assert len(made) == 5
    assert set(made.details["aside"]) == {"bad.png", "odd.png"}
    assert list(made.extra["names"]) == [f"{i}.png" for i in range(5)]


@pytest.mark.parametrize(("side", "expected"), [(8, 28), (28, 28), (30, 32), (50, 64), (300, 64)])
def test_size_is_the_smallest_that_holds_the_median(tmp_path, side, expected):
    made = build([write(tmp_path, f"{i}.png", png(i, (side, side))) for i in range(3)])
    assert made.x.shape == (3, expected, expected)


def test_color_is_kept_or_turned_to_gray(tmp_path):
    paths = [write(tmp_path, "a.png", png(1, mode="RGB"))]
    assert build(paths).x.shape == (1, 28, 28, 3)
    assert build(paths, color="gray", size=16).x.shape == (1, 16, 16)


def test_padding_keeps_the_shape_of_what_is_seen(tmp_path):
    buffer = io.BytesIO()
    Image.new("L", (28, 14), 255).save(buffer, "PNG")
    path = write(tmp_path, "wide.png", buffer.getvalue())
    made = build([path], fit="pad")
    assert made.x[0, :7].max() == 0
    assert made.x[0, 7:21].min() == 255
    assert build([path], fit="stretch").x.min() == 255


def test_the_four_idx_files_are_joined_with_their_own_labels(tmp_path):
    rng = np.random.default_rng(0)
    parts = {"train": 30, "t10k": 10}
    images = {n: rng.integers(0, 256, (c, 28, 28)) for n, c in parts.items()}
    labels = {n: rng.integers(0, 10, c) for n, c in parts.items()}
    paths = []
    for name in parts:
        paths.append(write(tmp_path, f"{name}-labels-idx1-ubyte.gz", packed_idx(labels[name])))
        paths.append(write(tmp_path, f"{name}-images-idx3-ubyte.gz", packed_idx(images[name])))
    made = build(paths)
    assert np.array_equal(made.x[:30], images["train"])
    assert np.array_equal(made.x[30:], images["t10k"])
    said = [made.classes[i] for i in made.y]
    assert said == [str(v) for v in [*labels["train"], *labels["t10k"]]]
    zipped = write(
        tmp_path,
        "all.zip",
        archive({"images-idx": idx(images["t10k"]), "labels-idx": idx(labels["t10k"])}),
    )
    assert len(build([zipped])) == 10


def test_a_zip_of_gzipped_idx_files(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (10, 28, 28))
    files = {"a-images-idx3.gz": packed_idx(images), "a-labels-idx1.gz": packed_idx(np.arange(10))}
    made = build([write(tmp_path, "all.zip", archive(files))])
    assert np.array_equal(made.x, images)
    assert made.y.tolist() == list(range(10))


def test_numpy_arrays(tmp_path):
    rng = np.random.default_rng(0)
    table = rng.normal(size=(20, 3))
    made = build([write(tmp_path, "t.npy", npy(table))])
    assert made.kind == "table"
    assert np.allclose(made.x, table, atol=1e-6)
    buffer = io.BytesIO()
    pictures = rng.integers(0, 256, (12, 28, 28), dtype=np.uint8)
    np.savez_compressed(buffer, x_train=pictures, y_train=np.arange(12) % 3)
    made = build([write(tmp_path, "p.npz", buffer.getvalue())])
    assert np.array_equal(made.x, pictures)
    assert made.y.tolist() == [0, 1, 2] * 4
    shares = build([write(tmp_path, "f.npy", npy(pictures / 255.0))])
    assert np.array_equal(shares.x, pictures)


def test_objects_in_an_array_are_refused_and_never_loaded(tmp_path):
    path = write(tmp_path, "o.npy", npy(np.array([{"a": 1}, None], dtype=object)))
    with pytest.raises(DataError, match="may run code") as caught:
        build([path])
    assert caught.value.code == "pickle-refused"


def test_tables_are_the_same_in_every_format(tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    rng = np.random.default_rng(0)
    values = rng.normal(size=40).round(4)
    names = [f"g{i % 3}" for i in range(40)]
    lines = list(zip(values.tolist(), names, strict=True))
    csv = write(tmp_path, "t.csv", "a,label\n" + "".join(f"{a},{b}\n" for a, b in lines))
    tsv = write(tmp_path, "t.tsv", "a\tlabel\n" + "".join(f"{a}\t{b}\n" for a, b in lines))
    jsonl = write(tmp_path, "t.jsonl", "".join(json.dumps({"a": a, "label": b}) + "\n" for a, b in lines))
    parquet.write_table(pa.table({"a": values, "label": names}), tmp_path / "t.parquet")
    for path in (csv, tsv, jsonl, tmp_path / "t.parquet"):
        made = build([path])
        assert np.allclose(made.x[:, 0], values, atol=1e-6), path.name
        assert [made.classes[i] for i in made.y] == names, path.name


def test_two_tables_of_the_same_columns_are_joined(tmp_path):
    a = write(tmp_path, "a.csv", "a,b\n" + "1.5,2\n" * 5)
    b = write(tmp_path, "b.csv", "a,b\n" + "2.5,2\n" * 5)
    assert len(build([a, b])) == 10
    c = write(tmp_path, "c.csv", "a,z\n" + "2.5,2\n" * 5)
    with pytest.raises(DataError, match=r"c\.csv has other columns than a\.csv"):
        build([a, c])


def test_one_text_a_line(tmp_path):
    made = build([write(tmp_path, "t.txt", "first one\n\n  second  \r\nthird 😀\n")])
    assert (made.kind, list(made.x), made.y) == ("text", ["first one", "second", "third 😀"], None)
    assert made.details["notes"] == ["1 blank line of t.txt was left out."]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.text("ab \n\r\x0b\x85\u2028", max_size=60), st.integers(1, 9))
def test_lines_are_those_of_splitlines(text, piece):
    assert list(lines_of(text, piece)) == text.splitlines()


def test_keys_that_most_lines_lack_take_no_place(tmp_path):
    """A line in a thousand has a key: 300 keys in 3,000 lines take the cells that are there, not 900,000."""
    content = "".join(f'{{"k{i % 300}": {i}}}\n' for i in range(3000))
    member = open_files([write(tmp_path, "t.jsonl", content)])[0]
    tracemalloc.start()
    made = read_jsonl(member, ImportConfig())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (len(made), len(made.names)) == (3000, 300)
    assert made.columns[7].to_pylist()[7:608:300] == ["7", "307", "607"]
    assert made.columns[7].to_pylist().count("") == 2990
    assert peak < 3_000_000


def test_the_size_of_a_picture_is_found_behind_a_long_header(tmp_path):
    buffer = io.BytesIO()
    Image.new("L", (30, 20)).save(buffer, "JPEG", comment=b"x" * 60_000, exif=b"Exif\0\0" + bytes(60_000))
    members = open_files([write(tmp_path, "a.zip", archive({"a.jpg": buffer.getvalue(), "b.png": png(1)}))])
    assert image_sizes(members) == [(30, 20), (12, 12)]


def test_sounds_are_mono_resampled_and_of_one_length(tmp_path):
    files = {
        f"{name}/{i}.wav": wav(i, rate, 0.2 + i / 10, channels=1 + i % 2)
        for i, (name, rate) in enumerate([("a", 8000), ("b", 16000), ("a", 44100)])
    }
    made = build([write(tmp_path, "s.zip", archive(files | {"a/bad.wav": wav()[:30]}))])
    assert (made.kind, made.x.shape, made.classes) == ("sound", (3, 32, 32), ("a", "b"))
    audio = made.extra["audio"]
    assert audio.shape == (3, round(16_000 * 0.3))
    assert audio.dtype == np.int16
    for row, hertz in ((1, 250), (2, 300)):
        peak = np.abs(np.fft.rfft(audio[row])).argmax() * 16_000 / audio.shape[1]
        assert peak == pytest.approx(hertz, abs=5)
    assert list(made.details["aside"]) == ["a/bad.wav"]


def test_files_of_different_kinds_are_refused(tmp_path):
    paths = [
        write(tmp_path, "a.jsonl", '{"a": 1}\n'),
        write(tmp_path, "a.npy", npy(np.zeros((3, 2)))),
    ]
    with pytest.raises(DataError) as caught:
        build(paths)
    assert caught.value.code == "mixed-kinds"


def test_a_zip_may_be_as_large_as_what_is_in_it_and_hold_more_than_ten_thousand_files(tmp_path, monkeypatch):
    content = archive({"a.png": png(1), **{f"a/{i}.png": b"" for i in range(10_001)}})
    path = write(tmp_path, "a.zip", content)
    monkeypatch.setattr(files, "LIMITS", replace(files.LIMITS, file_bytes=len(content) - 1))
    assert len(open_files([path])) == 10_002
    monkeypatch.setattr(files, "LIMITS", replace(files.LIMITS, archive_bytes=len(content) - 1))
    with pytest.raises(DataError, match=r"a\.zip has"):
        open_files([path])
