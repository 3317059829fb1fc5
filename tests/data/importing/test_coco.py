"""Images with a COCO file: boxes go where their images go, and files that lie are refused or counted."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from selfsup_core.data.boxes import read_boxes, require_boxes
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.library.own import import_files
from selfsup_core.data.sources import find_source, open_source
from selfsup_core.errors import DataError

CATEGORIES = [{"id": 3, "name": "cat"}, {"id": 7, "name": "dog"}]
COUNT = 12


def picture(wide: int, high: int, box: list[int]) -> bytes:
    """Black, with a white rectangle."""
    values = np.zeros((high, wide, 3), np.uint8)
    x, y, w, h = box
    values[y : y + h, x : x + w] = 255
    file = io.BytesIO()
    Image.fromarray(values).save(file, "PNG")
    return file.getvalue()


def good() -> dict:
    """Twelve pictures of several shapes, a box in each."""
    return {
        "images": [{"id": i, "file_name": f"images/{i}.png"} for i in range(COUNT)],
        "annotations": [
            {"id": i, "image_id": i, "category_id": 3 if i % 2 else 7, "bbox": [10 + i, 5, 20, 12]}
            for i in range(COUNT)
        ],
        "categories": CATEGORIES,
    }


def bring(workspace: Path, about: object, *, more: dict[str, bytes] | None = None, **config: object):
    path = workspace / "set.zip"
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(COUNT):
            archive.writestr(
                f"images/{i}.png", picture(64 if i % 2 else 48, 48 if i % 2 else 80, [10 + i, 5, 20, 12])
            )
        text = about if isinstance(about, (str, bytes)) else json.dumps(about)
        archive.writestr("annotations.json", text)
        for name, data in (more or {}).items():
            archive.writestr(name, data)
    name = import_files(workspace, [path], ImportConfig.model_validate(config))
    return name, open_source(name, workspace)


@pytest.mark.parametrize("fit", ["pad", "crop", "stretch"])
def test_boxes_lie_where_the_objects_lie(tmp_path, fit):
    name, dataset = bring(tmp_path, good(), fit=fit, size=64)
    assert "boxes" in find_source(name, tmp_path).beside
    assert require_boxes(dataset).classes == ("cat", "dog")
    for row, text in enumerate(dataset.extra["boxes"]):
        ((kind, x, y, wide, high),) = read_boxes(text)
        place = int(Path(dataset.extra["names"][row]).stem)
        assert kind == ("cat" if place % 2 else "dog")
        shown = np.asarray(dataset.x[row]).reshape(64, 64, -1)[..., 0] > 127
        across, down = np.flatnonzero(shown.any(axis=0)), np.flatnonzero(shown.any(axis=1))
        found = [across[0], down[0], across[-1] + 1, down[-1] + 1]
        assert np.abs(np.array([x, y, x + wide, y + high]) - found).max() <= 1.0


def test_annotations_that_lie_are_left_out_and_counted(tmp_path):
    about = good()
    box = {"image_id": 0, "category_id": 3, "bbox": [0, 0, 5, 5]}
    about["annotations"] += [
        box | {"image_id": 99},
        box | {"image_id": None},
        box | {"category_id": 1},
        box | {"bbox": [0, 0, -5, 5]},
        box | {"bbox": [0, 0, 5]},
        box | {"bbox": [0, 0, 5, True]},
        box | {"bbox": [500, 500, 5, 5]},
        box | {"bbox": [-3, -3, 6, 6]},
        box | {"bbox": [1e300, 0, 5, 5]},
        box | {"iscrowd": 1},
        "rubbish",
    ]
    about["images"] += [{"id": 40, "file_name": "../../etc/passwd"}, {"id": [], "file_name": "0.png"}, 7]
    _, dataset = bring(tmp_path, about, size=64)
    notes = " ".join(dataset.details["notes"])
    assert "3 of an image that is not there" in notes
    assert "1 of a category that is not there" in notes
    assert "4 without four finite numbers" in notes
    assert "1 outside of their image" in notes
    assert "1 of a crowd" in notes
    boxes = [read_boxes(text) for text in dataset.extra["boxes"]]
    assert sorted(map(len, boxes)) == [1] * 11 + [2]
    for one in boxes:
        for _, x, y, wide, high in one:
            assert min(x, y) >= 0
            assert max(x + wide, y + high) <= 64


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def test_boxes_lie_on_a_photograph_as_it_is_shown(tmp_path):
    """A camera that was held upright writes the picture lying, and that it is to be turned."""
    shown = Image.open(io.BytesIO(picture(60, 80, [10, 5, 20, 12])))
    file = io.BytesIO()
    shown.transpose(Image.Transpose.ROTATE_90).save(file, "JPEG", exif=turned(6), quality=95)
    about = good()
    about["images"][0]["file_name"] = "photo.jpg"
    about["annotations"][0]["bbox"] = [10, 5, 20, 12]
    _, dataset = bring(tmp_path, about, more={"photo.jpg": file.getvalue()}, size=80, fit="stretch")
    row = list(dataset.extra["names"]).index("photo.jpg")
    ((_, x, y, wide, high),) = read_boxes(dataset.extra["boxes"][row])
    assert (x, y, wide, high) == pytest.approx((10 * 80 / 60, 5, 20 * 80 / 60, 12), abs=0.01)
    assert np.asarray(dataset.x[row]).reshape(80, 80, -1)[11, 26, 0] > 127
    assert dataset.extra["sizes"][row].tolist() == [60, 80]


def test_images_that_are_not_named_are_left_out(tmp_path):
    about = good()
    about["images"] = [{"id": i, "file_name": f"C:\\data\\{i}.png"} for i in range(10)]
    _, dataset = bring(tmp_path, about)
    assert len(dataset) == 10
    assert "not among the images" in dataset.details["aside"]["images/11.png"]


@pytest.mark.parametrize(
    ("about", "why"),
    [
        ('{"images": [], "annotations": [', "no COCO file"),
        ('{"images": [], "annotations": [NaN]}', "no COCO file"),
        ('{"images": 1, "annotations": 2}', "needs the lists"),
        (good() | {"categories": []}, "1 to 200 categories"),
        (good() | {"categories": [{"id": i, "name": f"n{i}"} for i in range(300)]}, "1 to 200 categories"),
        (good() | {"images": [{"id": 1, "file_name": "other.png"}]}, "none of the images"),
        (good() | {"annotations": []}, r"\(COCO\) cannot be used: no box is left"),
        ('{"images": ' + "[" * 100_000 + ', "annotations": 1}', "no COCO file"),
    ],
)
def test_files_that_cannot_be_used_are_refused(tmp_path, about, why):
    with pytest.raises(DataError, match=why):
        bring(tmp_path, about)
    assert not list((tmp_path / "datasets").glob("my-*"))


def test_two_coco_files_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"several COCO files: annotations\.json, other\.json"):
        bring(tmp_path, good(), more={"other.json": json.dumps(good()).encode()})


def test_an_image_has_at_most_a_hundred_boxes(tmp_path):
    about = good()
    about["annotations"] += [{"image_id": 0, "category_id": 3, "bbox": [0, 0, 5, 5]}] * 300
    _, dataset = bring(tmp_path, about)
    assert max(len(read_boxes(text)) for text in dataset.extra["boxes"]) == 100
    assert "201 beyond 100 in an image" in " ".join(dataset.details["notes"])
