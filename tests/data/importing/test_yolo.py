"""Images with YOLO's files: boxes go where the objects are, and lines that lie are left out and counted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup_core.data.boxes import read_boxes, require_boxes
from selfsup_core.data.importing.annotated import place_boxes
from selfsup_core.data.importing.boxes import look_beside, read_lines, read_yolo
from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.files import Member
from selfsup_core.data.library.own import import_files
from selfsup_core.data.sources import find_source, open_source
from selfsup_core.errors import DataError
from tests.data.importing.make import archive, write
from tests.data.importing.test_coco import picture

COUNT = 12
NAMES = {"data.yaml": b"nc: 2\nnames: {0: cat, 1: dog}\n"}
SHAPES = ((48, 80), (64, 48))  # width and height of even and of odd ones
BOX = (5, 20, 12)  # top, width and height of each object, which lies 10 + i from the left


def shares(i: int) -> str:
    (wide, high), (top, w, h) = SHAPES[i % 2], BOX
    return f"{(10 + i + w / 2) / wide:.6f} {(top + h / 2) / high:.6f} {w / wide:.6f} {h / high:.6f}"


def good() -> dict[str, bytes]:
    """Twelve pictures of several shapes in two parts, an object in each."""
    part = ["train", "train", "train", "val"]
    files = {f"images/{part[i % 4]}/{i}.png": picture(*SHAPES[i % 2], [10 + i, *BOX]) for i in range(COUNT)}
    labels = {f"labels/{part[i % 4]}/{i}.txt": f"{i % 2} {shares(i)}\n".encode() for i in range(COUNT)}
    return files | labels | NAMES


def build(folder: Path, files: dict[str, bytes], **config: object):
    return build_dataset(
        [write(folder, "set.zip", archive(files))], ImportConfig.model_validate(config), "my-x"
    )


def told(dataset) -> str:
    return "\n".join(dataset.details["notes"])


def lies_at(dataset, row: int, tolerance: float = 1.0) -> bool:
    """Whether the one box of a row is where the picture is white."""
    ((_, x, y, wide, high),) = read_boxes(dataset.extra["boxes"][row])
    shown = np.asarray(dataset.x[row]).reshape(64, 64, -1)[..., 0] > 127
    across, down = np.flatnonzero(shown.any(axis=0)), np.flatnonzero(shown.any(axis=1))
    found = [across[0], down[0], across[-1] + 1, down[-1] + 1]
    return bool(np.abs(np.array([x, y, x + wide, y + high]) - found).max() <= tolerance)


@pytest.mark.parametrize("fit", ["pad", "crop", "stretch"])
def test_boxes_lie_where_the_objects_lie(tmp_path, fit):
    dataset = build(tmp_path, good(), fit=fit, size=64)
    assert require_boxes(dataset).classes == ("cat", "dog")
    assert all(lies_at(dataset, row) for row in range(COUNT))
    assert "12 boxes of 2 classes on 12 images (YOLO)." in told(dataset)
    assert np.bincount(dataset.extra["part"]).tolist() == [9, 3]
    assert dataset.details["aside"] == {}


def test_a_set_of_them_is_one_that_detection_takes(tmp_path):
    name = import_files(tmp_path, [write(tmp_path, "set.zip", archive(good()))], ImportConfig(size=64))
    assert "boxes" in find_source(name, tmp_path).beside
    assert lies_at(open_source(name, tmp_path), 3)


@pytest.mark.parametrize(
    ("layout", "names"),
    [
        (("train/images/{}.png", "train/labels/{}.txt"), {"train/labels/classes.txt": b"cat\ndog\n"}),
        (("{}.png", "{}.txt"), {"obj.names": b"cat\ndog"}),
        (("a/{}.png", "a/labels/{}.txt"), {"data.yaml": b"names: [cat, dog]"}),
    ],
)
def test_other_layouts(tmp_path, layout, names):
    files = {layout[0].format(i): picture(*SHAPES[i % 2], [10 + i, *BOX]) for i in range(4)}
    files |= {layout[1].format(i): f"{i % 2} {shares(i)} 0.9\n".encode() for i in range(4)}
    dataset = build(tmp_path, files | names, size=64)
    assert require_boxes(dataset).classes == ("cat", "dog")
    assert all(lies_at(dataset, row) for row in range(4))


def test_lines_that_lie_are_left_out_and_counted_with_file_and_line(tmp_path):
    lines = [
        f"1 {shares(1)}",
        "0 nan 0.5 0.1 0.1",
        "0 0.5 0.5 inf 0.1",
        "0 0.5 0.5 0 0.1",
        "0 0.5 0.5 -0.2 0.1",
        "9 0.5 0.5 0.1 0.1",
        "-1 0.5 0.5 0.1 0.1",
        "0.5 0.5 0.5 0.1 0.1",
        f"{'9' * 400} 0.5 0.5 0.1 0.1",
        "0 320 240 64 48",
        "0 0.5 0.5 7 0.2",
        "0 0.1 0.1 0.5 0.1 0.5 0.5",
        "cat 0.5 0.5 0.1 0.1",
        "0 0.5 0.5",
        "",
        "\u0000 \ufffd",
    ]
    files = good() | {
        "labels/train/1.txt": "\n".join(lines).encode(),
        "labels/train/2.txt": b"0 0.5 0.5 0.1 0.1\n" * 20_000,
        "labels/train/5.txt": b"0 0.5 0.5 0.1 0.1\n" * 300,
        "labels/train/99.txt": b"0 0.5 0.5 0.1 0.1\n",
        "labels/val/7.txt": b"\xff\xfe\x00\x01",
    }
    dataset = build(tmp_path, files, size=64)
    notes = told(dataset)
    assert "3 of a category that is not there (first: labels/train/1.txt, line 6)" in notes
    assert "5 without four finite numbers, or without an area (first: labels/train/1.txt, line 2)" in notes
    assert "2 with numbers that are not shares of the image" in notes
    assert "0 to 1 (first: labels/train/1.txt, line 10)" in notes
    assert "5 that are not a class and four numbers, as polygons (first: labels/train/1.txt, line 12" in notes
    assert "200 beyond 100 in an image (first: labels/train/5.txt, line 101)" in notes
    assert "1 in files of more than 100 kB (first: labels/train/2.txt" in notes
    assert "1 in files whose image is not there (first: labels/train/99.txt)" in notes
    assert "image that is not there" in dataset.details["aside"]["labels/train/99.txt"]
    stems = [Path(name).stem for name in dataset.extra["names"]]
    counts = {stem: len(read_boxes(text)) for stem, text in zip(stems, dataset.extra["boxes"], strict=True)}
    assert [counts[stem] for stem in ("0", "1", "2", "5", "7")] == [1, 1, 0, 100, 0]


def test_a_box_over_the_border_is_cut_off_there(tmp_path):
    files = good() | {"labels/train/0.txt": b"0 0.0 0.5 0.5 1.0\n"}
    dataset = build(tmp_path, files, size=64, fit="stretch")
    assert read_boxes(dataset.extra["boxes"][0]) == [("cat", 0, 0, 16, 64)]


def test_an_image_without_a_file_shows_no_object(tmp_path):
    files = good()
    del files["labels/train/0.txt"], files["labels/val/3.txt"]
    dataset = build(tmp_path, files | {"labels/train/1.txt": b""})
    assert "2 images without a file of boxes: taken as pictures without objects (YOLO)." in told(dataset)
    assert sum(not read_boxes(text) for text in dataset.extra["boxes"]) == 3


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        ({}, ("0", "1")),
        ({"data.yaml": b"nc: 2"}, ("0", "1")),
        ({"data.yaml": b"names: {0: '  a  cat ', 1: ''}"}, ("1", "a cat")),
        ({"data.yaml": b"a: &a [x]\nnames: [*a, *a]"}, ("0", "1")),
        ({"classes.txt": b"cat\n\xff\xfe\n"}, ("cat", "\ufffd\ufffd")),
    ],
)
def test_names_of_classes_that_are_not_there(tmp_path, names, classes):
    files = {name: data for name, data in good().items() if name != "data.yaml"}
    dataset = build(tmp_path, files | names)
    assert require_boxes(dataset).classes == classes
    if b"&a" in names.get("data.yaml", b""):
        assert "data.yaml cannot be read" in told(dataset)


@pytest.mark.parametrize(
    ("line", "names", "why"),
    [
        (b"0 320 240 64 48", NAMES, r"12 with numbers that are not shares .*labels/train/0\.txt, line 1"),
        (b"0 nan nan nan nan", NAMES, "12 without four finite numbers"),
        (b"5 0.5 0.5 0.1 0.1", NAMES, "12 of a category that is not there"),
    ],
)
def test_sets_without_a_box_that_can_be_used_are_refused(tmp_path, line, names, why):
    files = {name: line if name.endswith(".txt") else data for name, data in good().items()} | names
    with pytest.raises(DataError, match=why):
        import_files(tmp_path, [write(tmp_path, "set.zip", archive(files))], ImportConfig())
    assert not list((tmp_path / "datasets").glob("my-*"))


def test_too_many_classes_are_refused():
    members = [Member(f"{i}.png", 1, lambda: b"") for i in range(3)]
    texts = [b"".join(b"%d .5 .5 .1 .1\n" % (100 * i + n) for n in range(100)) for i in range(3)]
    files = [Member(f"{i}.txt", len(text), lambda text=text: text) for i, text in enumerate(texts)]
    with pytest.raises(DataError, match="they have 300 classes; at most 200"):
        read_yolo(look_beside(members, files), members)


def test_captions_beside_images_are_no_boxes(tmp_path):
    files = {f"{i}.png": picture(*SHAPES[i % 2], [10, *BOX]) for i in range(4)}
    dataset = build(tmp_path, files | {f"{i}.txt": b"a white box on black" for i in range(4)})
    assert "boxes" not in dataset.extra
    assert "(YOLO)" not in told(dataset)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_shares_become_the_pixels_that_they_are_of(data):
    """Written as shares and read again, a box lies where it lay; in a stretched square, too."""
    wide, high = data.draw(st.integers(8, 4000)), data.draw(st.integers(8, 4000))
    x, y = data.draw(st.floats(0, 0.9)) * wide, data.draw(st.floats(0, 0.9)) * high
    w, h = data.draw(st.floats(0.02, 1)) * (wide - x), data.draw(st.floats(0.02, 1)) * (high - y)
    line = f"3 {(x + w / 2) / wide!r} {(y + h / 2) / high!r} {w / wide!r} {h / high!r}"
    ((number, (kind, cx, cy, sw, sh)),) = read_lines(line.encode()).boxes
    assert (number, kind) == (1, 3)
    back = ((cx - sw / 2) * wide, (cy - sh / 2) * high, sw * wide, sh * high)
    assert back == pytest.approx((x, y, w, h), abs=1e-6 * max(wide, high))
    left_out: Counter[str] = Counter()
    ((_, *square),) = place_boxes([("a", *back)], (wide, high), 64, "stretch", left_out)
    assert square == pytest.approx((x * 64 / wide, y * 64 / high, w * 64 / wide, h * 64 / high), abs=1e-6)
    assert not left_out


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_boxes_or_faults(data):
    found = read_lines(data)
    filled = [line for line in data.decode("utf-8", "replace").split("\n") if line.split()]
    assert len(found.boxes) + len(found.faults) == len(filled)
