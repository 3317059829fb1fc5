"""Images with Pascal VOC's files: boxes go where the objects are, and what lies is left out and told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup_core.data.boxes import read_boxes, require_boxes
from selfsup_core.data.importing.annotated import Annotated
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.voc import Annotation, take_boxes
from selfsup_core.data.importing.xml_files import read_xml
from selfsup_core.data.library.own import import_files
from selfsup_core.data.sources import find_source
from selfsup_core.errors import DataError
from tests.data.importing.make import archive, write
from tests.data.importing.test_coco import picture
from tests.data.importing.test_yolo import BOX, COUNT, SHAPES, build, lies_at, told


def thing(name: str, left: object, top: object, right: object, bottom: object, more: str = "") -> str:
    sides = f"<xmin>{left}</xmin><ymin>{top}</ymin><xmax>{right}</xmax><ymax>{bottom}</ymax>"
    return f"\n<object><name>{name}</name>{more}<bndbox>{sides}</bndbox></object>"


def about(i: int, *things: str, size: tuple[int, int] | None = None, file: str = "") -> bytes:
    (wide, high), (top, w, h) = size or SHAPES[i % 2], BOX
    inside = "".join(things) or thing("dog" if i % 2 else "cat", 11 + i, top + 1, 10 + i + w, top + h)
    said = f"<size><width>{wide}</width><height>{high}</height><depth>3</depth></size>"
    return f"<annotation><filename>{file or f'{i}.png'}</filename>{said}{inside}</annotation>".encode()


def good() -> dict[str, bytes]:
    files = {f"VOC/JPEGImages/{i}.png": picture(*SHAPES[i % 2], [10 + i, *BOX]) for i in range(COUNT)}
    return files | {f"VOC/Annotations/{i}.xml": about(i) for i in range(COUNT)}


@pytest.mark.parametrize("fit", ["pad", "crop", "stretch"])
def test_boxes_lie_where_the_objects_lie(tmp_path, fit):
    dataset = build(tmp_path, good(), fit=fit, size=64)
    assert require_boxes(dataset).classes == ("cat", "dog")
    assert all(lies_at(dataset, row) for row in range(COUNT))
    assert "12 boxes of 2 classes on 12 images (Pascal VOC)." in told(dataset)
    assert dataset.details["aside"] == {}


def test_a_set_of_them_is_one_that_detection_takes(tmp_path):
    name = import_files(tmp_path, [write(tmp_path, "voc.zip", archive(good()))], ImportConfig())
    assert "boxes" in find_source(name, tmp_path).beside


@pytest.mark.parametrize(
    ("image", "file", "said"),
    [
        ("{}.png", "{}.xml", "C:\\data\\{}.png"),
        ("train/images/{}.png", "train/annotations/{}.xml", "other.jpg"),
        ("pictures/{}.png", "boxes/b{}.xml", "/home/somebody/{}.png"),
        ("pictures/{}.png", "boxes/{}.xml", "../../etc/passwd"),
    ],
)
def test_other_layouts(tmp_path, image, file, said):
    files = {image.format(i): picture(*SHAPES[i % 2], [10 + i, *BOX]) for i in range(4)}
    files |= {file.format(i): about(i, file=said.format(i)) for i in range(4)}
    dataset = build(tmp_path, files, size=64)
    assert all(lies_at(dataset, row) for row in range(4))


def test_what_lies_is_left_out_and_counted_with_file_and_line(tmp_path):
    sane = thing("cat", 1, 1, 9, 9)
    lies = [
        thing("cat", "nan", 1, 9, 9),
        thing("cat", "inf", 1, 9, 9),
        thing("cat", 1, 1, "1e400", 9),
        thing("cat", 9, 1, 1, 9),
        thing("cat", "", 1, 9, 9),
        thing(" ", 1, 1, 9, 9),
        thing("cat", 500, 500, 510, 510),
        thing("cat", 40, 70, 400, 700),
        "\n<object><name>cat</name></object>",
        thing("dog", 1, 1, 9, 9, more="<part><name>head</name><bndbox><xmin>3</xmin></bndbox></part>"),
    ]
    files = good() | {
        "VOC/Annotations/0.xml": about(0, sane, *lies),
        "VOC/Annotations/1.xml": about(1, size=(500, 375)),
        "VOC/Annotations/2.xml": about(2, *[sane] * 130),
        "VOC/Annotations/3.xml": b"<annotation>\n<object>",
        "VOC/Annotations/4.xml": b'<!DOCTYPE annotation [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        + about(4),
        "VOC/Annotations/5.xml": about(5, *[sane] * 2000),
        "VOC/Annotations/6.xml": b"<annotation><filename>6.png</filename></annotation>",
        "VOC/Annotations/99.xml": about(99),
        "VOC/JPEGImages/new.png": picture(30, 30, [1, 2, 3, 4]),
        "VOC/ImageSets/Main/train.txt": b"0\n1\n2\n",
    }
    dataset = build(tmp_path, files, size=64)
    notes = told(dataset)
    assert "6 without four finite numbers, or without an area (first: VOC/Annotations/0.xml, line 3)" in notes
    assert "1 without a name (first: VOC/Annotations/0.xml, line 8)" in notes
    assert "30 beyond 100 in an image (first: VOC/Annotations/2.xml, line 102)" in notes
    assert "2 in files that cannot be read (first: VOC/Annotations/3.xml, line 2 " in notes
    assert "1 in files of more than 100 kB (first: VOC/Annotations/5.xml)" in notes
    assert "1 in files whose image is not there (first: VOC/Annotations/99.xml)" in notes
    assert "1 whose file says another size than the image has (first: VOC/JPEGImages/1.png)" in notes
    assert "1 outside of their image" in notes
    stems = [Path(name).stem for name in dataset.extra["names"]]
    counts = {stem: len(read_boxes(text)) for stem, text in zip(stems, dataset.extra["boxes"], strict=True)}
    assert counts == {"0": 3, "1": 0, "2": 100, "6": 0} | dict.fromkeys(("7", "8", "9", "10", "11"), 1)
    aside = dataset.details["aside"]
    assert "no file of boxes" in aside["VOC/JPEGImages/new.png"]
    assert "no file of boxes" in aside["VOC/JPEGImages/3.png"]
    assert "image that is not there" in aside["VOC/Annotations/99.xml"]


@pytest.mark.parametrize(
    ("things", "size", "why"),
    [
        ([thing("cat", "nan", 1, 9, 9)], None, r"12 without four finite .*VOC/Annotations/0\.xml, line 2"),
        ([thing("", 1, 1, 9, 9)], None, "12 without a name"),
        ([thing("cat", 1, 1, 9, 9)], (9, 9), "12 whose file says another size"),
        ([thing("cat", 900, 900, 999, 999)], None, "12 outside of their image"),
    ],
)
def test_sets_without_a_box_that_can_be_used_are_refused(tmp_path, things, size, why):
    files = good() | {f"VOC/Annotations/{i}.xml": about(i, *things, size=size) for i in range(COUNT)}
    with pytest.raises(DataError, match=rf"\(Pascal VOC\) cannot be used.*{why}"):
        import_files(tmp_path, [write(tmp_path, "voc.zip", archive(files))], ImportConfig())
    assert not list((tmp_path / "datasets").glob("my-*"))


def test_too_many_classes_are_refused(tmp_path):
    many = [[thing(f"c{i}-{n}", 1, 1, 9, 9) for n in range(90)] for i in range(COUNT)]
    files = good() | {f"VOC/Annotations/{i}.xml": about(i, *many[i]) for i in range(COUNT)}
    with pytest.raises(DataError, match="they have 1,080 classes; at most 200"):
        build(tmp_path, files)


def test_files_of_other_images_are_told(tmp_path):
    files = {f"{i}.png": picture(30, 30, [1, 2, 3, 4]) for i in range(4)}
    dataset = build(tmp_path, files | {f"boxes/x{i}.xml": about(i, file=f"x{i}.jpg") for i in range(3)})
    assert "3 files of boxes, as boxes/x0.xml, belong to no image that is there." in told(dataset)
    assert "boxes" not in dataset.extra
    dataset = build(tmp_path, files | {f"{i}.xml": b"<annotation>" for i in range(4)})
    assert "4 in files that cannot be read (first: 0.xml, line 1 " in told(dataset)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 5000), st.integers(0, 5000), st.integers(2, 5000), st.integers(2, 5000))
def test_corners_become_the_box_that_they_were(x, y, wide, high):
    """Pascal VOC counts pixels from 1, and the last one belongs to the box."""
    one = Annotation()
    read_xml("a.xml", about(0, thing("cat", x + 1, y + 1, x + wide, y + high)), one)
    assert take_boxes(one, "a.xml", Annotated("")) == [("cat", x, y, wide, high)]
