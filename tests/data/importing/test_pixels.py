"""Tables whose rows are images."""

from __future__ import annotations

import numpy as np
import pytest

from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.inspect import inspect_files
from selfsup_core.data.importing.preview import preview_files
from selfsup_core.errors import DataError
from tests.data.importing.make import write


def pictures(rows: int = 12, side: int = 28) -> np.ndarray:
    """(rows, side, side) smooth pictures with dark borders."""
    across = np.linspace(0, 1, side)
    waves = [np.outer(across * i, 1 - across) % 1.0 for i in range(1, rows + 1)]
    found = (255 * np.stack(waves)).astype(np.uint8)
    found[:, 0] = found[:, -1] = 0
    return found


def as_csv(flat: np.ndarray, header: str = "", first: bool = True) -> str:
    """Rows with the label i modulo 3 before or behind the pixels."""
    lines = [header] if header else []
    for i, row in enumerate(flat):
        cells = [str(v) for v in row]
        lines.append(",".join([str(i % 3), *cells] if first else [*cells, str(i % 3)]))
    return "\n".join(lines) + "\n"


NAMES = ",".join(f"pixel{i}" for i in range(784))
LAYOUTS = {
    "header": as_csv(pictures().reshape(12, -1), "label," + NAMES),
    "no header": as_csv(pictures().reshape(12, -1)),
    "label last": as_csv(pictures().reshape(12, -1), NAMES + ",class", first=False),
    "label last, no header": as_csv(pictures().reshape(12, -1)[:, ::-1] | 1, first=False),
}


@pytest.mark.parametrize("how", LAYOUTS)
def test_784_numbers_and_a_label_are_images_of_28(tmp_path, how):
    path = write(tmp_path, "train.csv", LAYOUTS[how])
    plan = inspect_files([path], ImportConfig())
    assert (plan["kind"], plan["size"], plan["color"]) == ("image", 28, False)
    assert any("784 numbers in each row are read as images of 28 × 28" in note for note in plan["notes"])
    made = build_dataset([path], ImportConfig(), "my-t")
    assert (made.kind, made.classes, made.x.dtype) == ("image", ("0", "1", "2"), np.uint8)
    expected = pictures()[:, ::-1, ::-1] | 1 if how == "label last, no header" else pictures()
    np.testing.assert_array_equal(made.x, expected)
    assert made.y.tolist() == [i % 3 for i in range(12)]
    seen = preview_files([path], ImportConfig())
    assert (len(seen["pictures"]), seen["labels"][:3]) == (12, ["0", "1", "2"])


def test_they_can_be_kept_as_numbers(tmp_path):
    path = write(tmp_path, "train.csv", LAYOUTS["header"])
    assert build_dataset([path], ImportConfig(kind="table"), "my-t").x.shape == (12, 784)


def test_pixels_in_one_column(tmp_path):
    lines = [
        f"{i % 3},{' '.join(map(str, image.ravel()))},Training" for i, image in enumerate(pictures(side=48))
    ]
    path = write(tmp_path, "fer2013.csv", "emotion,pixels,Usage\n" + "\n".join(lines))
    made = build_dataset([path], ImportConfig(), "my-t")
    assert (made.kind, made.classes) == ("image", ("0", "1", "2"))
    np.testing.assert_array_equal(made.x, pictures(side=48))
    assert "Left out: Usage (not part of the image)." in made.details["notes"]


@pytest.mark.parametrize("order", ["colors first", "colors last"])
def test_3072_numbers_are_color_images_in_either_order(tmp_path, order):
    color = np.stack([pictures(side=32), 255 - pictures(side=32), pictures(side=32) // 2], axis=-1)
    flat = color.transpose(0, 3, 1, 2) if order == "colors first" else color
    path = write(tmp_path, "cifar.csv", as_csv(flat.reshape(12, -1)))
    made = build_dataset([path], ImportConfig(), "my-t")
    np.testing.assert_array_equal(made.x, color)


def test_what_may_be_images_is_offered_and_what_cannot_be_is_refused(tmp_path):
    small = write(tmp_path, "digits.csv", as_csv(pictures(side=8).reshape(12, -1)))
    plan = inspect_files([small], ImportConfig())
    assert plan["kind"] == "table"
    assert any("an image of 8 × 8, choose the kind image" in note for note in plan["notes"])
    made = build_dataset([small], ImportConfig(kind="image"), "my-t")
    np.testing.assert_array_equal(made.x, pictures(side=8))
    with pytest.raises(DataError, match="no columns hold the pixels of square images"):
        inspect_files([write(tmp_path, "t.csv", "a,b\n1,2\n3,4\n")], ImportConfig(kind="image"))
