"""Pictures of more than 8 bits, and transparent ones: shapes must be seen, with one scale for a set."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.errors import DataError
from tests.data.importing.make import archive, png, write


def saved(image: Image.Image, form: str, **how) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **how)
    return buffer.getvalue()


def build(tmp_path, files, **config):
    return build_dataset([write(tmp_path, "a.zip", archive(files))], ImportConfig(**config), "my-x")


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_12_bits_in_16_have_one_scale_by_what_occurs_in_the_set(tmp_path, form):
    dim, bright = np.full((28, 28), 1000, np.uint16), np.full((28, 28), 4000, np.uint16)
    files = {f"{i}.{form}": saved(Image.fromarray(v), form) for i, v in enumerate((dim, bright))}
    made = build(tmp_path, files)
    assert made.x[:, 0, 0].tolist() == [63, 255]
    assert any("Values from 0 to 4000" in note for note in made.details["notes"])


def test_16_bits_that_are_used_keep_their_scale(tmp_path):
    image = Image.fromarray(np.full((28, 28), 40_000, np.uint16))
    made = build(tmp_path, {"a.png": saved(image, "PNG")})
    assert made.x[0, 0, 0] == 40_000 * 255 // 65535
    assert made.details["notes"] == []


def icon(shade: int, mode: str) -> bytes:
    pixels = np.zeros((28, 28, 4), np.uint8)
    pixels[8:20, 8:20] = (shade, shade, shade, 255)
    image = Image.fromarray(pixels)
    return saved(image.quantize(4) if mode == "P" else image, "PNG")


@pytest.mark.parametrize("mode", ["RGBA", "P"])
def test_white_shapes_are_seen_on_black_and_dark_ones_on_white(tmp_path, mode):
    pale = build(tmp_path, {f"{i}.png": icon(255, mode) for i in range(3)})
    assert (pale.x[:, 0, 0].max(), pale.x[:, 12, 12].min()) == (0, 255)
    assert any("background is black" in note for note in pale.details["notes"])
    dark = build(tmp_path, {f"{i}.png": icon(20, mode) for i in range(3)})
    assert (dark.x[:, 0, 0].min(), dark.x[:, 12, 12].max()) == (255, 20)
    chosen = build(tmp_path, {f"{i}.png": icon(20, mode) for i in range(3)}, background="black")
    assert chosen.x[:, 0, 0].max() == 0


@pytest.mark.parametrize(("form", "most"), [("PPM", 0), ("TIFF", 0), ("AVIF", 12)])
def test_further_formats(tmp_path, form, most):
    pixels = np.asarray(Image.open(io.BytesIO(png(0, (28, 28)))).resize((4, 4)).resize((28, 28)))
    how = {"quality": 100} if form == "AVIF" else {}
    made = build(tmp_path, {f"a.{form.lower()}": saved(Image.fromarray(pixels), form, **how)}, color="gray")
    assert np.abs(made.x[0].astype(int) - pixels).max() <= most


@pytest.mark.parametrize(
    ("name", "head", "remedy"),
    [
        ("IMG_1.HEIC", b"\0\0\0\x18ftypheic" + bytes(40), "save it as JPEG or PNG"),
        ("logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Export it as PNG"),
        ("weights.h5", b"\x89HDF\r\n\x1a\n" + bytes(40), "numpy.savez"),
    ],
)
def test_what_is_not_read_names_the_way(tmp_path, name, head, remedy):
    with pytest.raises(DataError) as refused:
        build_dataset([write(tmp_path, name, head)], ImportConfig(), "my-x")
    assert remedy in refused.value.remedy
    assert "run code" not in refused.value.message
